"""Marts to Parquet: one file per mart, or a folder per mart with one folder per month (hive partitioning).

Everything is written beside its target first and put in place only when all of it is complete and comes from one
state of the lake: a reader sees the old export or the new one, never a part.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from finops_lake.errors import InputError, LockedError, StorageError
from finops_lake.export.marts import Mart, marts_of, select_marts
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    import pyarrow as pa

PARTITION = "billing_month"
ATTEMPTS = 3
GENERATION_SQL = "select value from meta.lake where key = 'generation'"


@dataclass(frozen=True)
class Exported:
    """What was written of one mart: a file, or a folder of files."""

    mart: str
    path: Path
    row_count: int
    file_count: int
    size_bytes: int


def export_parquet(
    lake: LakeReader, wanted: Sequence[str], folder: Path, *, hive: bool = False, overwrite: bool = False
) -> list[Exported]:
    """Write marts (all where none is named) to `folder`, zstd-compressed, and return what was written.

    Decimals stay decimals; what mart and columns mean is written into the files. Raises InputError for an unknown
    mart or a target that exists without `overwrite`, StorageError when the folder cannot be written.
    """
    marts = select_marts(marts_of(lake), wanted)
    targets = {mart.name: folder / (mart.name if hive else f"{mart.name}.parquet") for mart in marts}
    taken = [target for target in targets.values() if target.exists()]
    if taken and not overwrite:
        raise InputError("--to", str(folder), f"{taken[0].name} exists there already; --overwrite replaces it")
    with _staging(folder) as stage:
        row_counts = _written_consistently(lake, marts, stage, hive)
        for target in targets.values():
            _put(stage / target.name, target, stage / f"{target.name}.before")
    return [_exported(name, target, row_counts[name]) for name, target in targets.items()]


def _written_consistently(lake: LakeReader, marts: Sequence[Mart], stage: Path, hive: bool) -> dict[str, int]:
    """Write all marts; again, when the lake was refreshed meanwhile: they would contradict each other."""
    for _ in range(ATTEMPTS):
        before = lake.query(GENERATION_SQL).rows
        row_counts = {mart.name: _write(lake, mart, stage, hive, before) for mart in marts}
        if lake.query(GENERATION_SQL).rows == before:
            return row_counts
        _empty(stage)
    raise LockedError(
        f"The lake was refreshed {ATTEMPTS} times during the export.", next_step="Export when no refresh runs."
    )


def _write(lake: LakeReader, mart: Mart, stage: Path, hive: bool, generation: object) -> int:
    with lake.arrow(f"from marts.{mart.name}") as reader:
        schema = _described(reader.schema, mart, generation)
        if hive:
            return _write_folder(reader, schema, stage / mart.name, mart.has_months)
        return _write_file(reader, schema, stage / f"{mart.name}.parquet")


def _write_file(reader: pa.RecordBatchReader, schema: pa.Schema, path: Path) -> int:
    import pyarrow.parquet as pq

    row_count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch.cast(schema))
            row_count += batch.num_rows
    return row_count


def _write_folder(reader: pa.RecordBatchReader, schema: pa.Schema, folder: Path, has_months: bool) -> int:
    """Write `billing_month=YYYY-MM-DD/part-0.parquet` per month, or one part where there are no months."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    folder.mkdir()
    row_count = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal row_count
        for batch in reader:
            row_count += batch.num_rows
            yield batch.cast(schema)

    parquet = ds.ParquetFileFormat()
    months = ds.partitioning(pa.schema([schema.field(PARTITION)]), flavor="hive") if has_months else None
    ds.write_dataset(
        pa.RecordBatchReader.from_batches(schema, counted()),
        folder,
        format=parquet,
        file_options=parquet.make_write_options(compression="zstd"),
        partitioning=months,
        basename_template="part-{i}.parquet",
    )
    if not row_count:
        _empty(folder)
        _write_file(pa.RecordBatchReader.from_batches(schema, []), schema, folder / "part-0.parquet")
    return row_count


def _described(schema: pa.Schema, mart: Mart, generation: object) -> pa.Schema:
    """Return the schema with what mart and columns mean, where Parquet readers look for it."""
    import pyarrow as pa

    fields = [
        field.with_metadata({"description": mart.columns[field.name]}) if mart.columns.get(field.name) else field
        for field in schema
    ]
    about = {"finops_lake.mart": mart.name, "finops_lake.description": mart.comment}
    match generation:
        case [(str(number),)]:
            about["finops_lake.generation"] = number
    return pa.schema(fields, metadata=about)


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Give a folder inside `folder` to write to, removed afterwards; translate what the disk refuses."""
    stage = folder / f".finops-lake-{uuid.uuid4().hex}"
    if folder.exists() and not folder.is_dir():
        raise InputError("--to", str(folder), "it is a file, and a folder is needed")
    try:
        stage.mkdir(parents=True)
        yield stage
    except OSError as error:
        raise _trouble(error, folder) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _put(written: Path, target: Path, before: Path) -> None:
    """Put a file or folder in the place of what may be there."""
    if target.is_dir() or (target.exists() and written.is_dir()):
        target.rename(before)
    written.replace(target)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _exported(name: str, target: Path, row_count: int) -> Exported:
    files = [path for path in target.rglob("*.parquet") if path.is_file()] if target.is_dir() else [target]
    return Exported(name, target, row_count, len(files), sum(path.stat().st_size for path in files))


def _trouble(error: OSError, folder: Path) -> StorageError:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        what, step = f"no space is left for {folder}", "Free some space, or export to a larger disk."
    else:
        what, step = f"{error.strerror or error} ({error.filename or folder})", "Choose another folder with --to."
    return StorageError(f"Exporting failed: {what}. What was there before is unharmed.", next_step=step)
