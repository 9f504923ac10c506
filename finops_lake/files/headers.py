"""The first look at a file: Parquet or CSV, packed or not, and its columns."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finops_lake.errors import BadFileError
from finops_lake.filerows import Field

FIRST_BYTES = 1024 * 1024
"""How far the end of the header is looked for."""

BOMB_BYTES, BOMB_RATIO = 1 << 28, 200
"""A packed file that unpacks to more than both is refused; bills shrink to a tenth or a fortieth."""

_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Header:
    """What a file consists of; `rows` where the file itself says so."""

    names: tuple[str, ...]
    fields: tuple[Field, ...]
    is_parquet: bool
    is_gzip: bool = False
    delimiter: str = ","
    rows: int | None = None


def read_header(path: Path, label: str) -> Header:
    """Return the columns of a file; BadFileError where it is neither CSV nor Parquet, or damaged."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if start == _PARQUET:
            return _parquet(path, label)
        is_gzip = start[:2] == _GZIP
        with gzip.open(path, "rb") if is_gzip else path.open("rb") as file:
            header = _csv(file.readline(FIRST_BYTES), label, is_gzip)
        (_check_packed if is_gzip else _check_end)(path, label)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFileError(f"{label} cannot be read: {error}.") from error
    return header


def _parquet(path: Path, label: str) -> Header:
    try:
        footer = pq.read_metadata(path)
        schema = footer.schema.to_arrow_schema()
    except (pa.ArrowException, OSError) as error:
        raise BadFileError(f"{label} is cut short or not a Parquet file: {error}.") from error
    fields = tuple(_field(field) for field in schema)
    return Header(tuple(schema.names), fields, is_parquet=True, rows=footer.num_rows)


def _field(field: pa.Field) -> Field:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_decimal(kind):
        return Field(field.name, field.name, "amount", kind.scale)
    for name, is_kind in (
        ("whole", pa.types.is_integer),
        ("amount", pa.types.is_floating),
        ("day", pa.types.is_date),
        ("instant", pa.types.is_timestamp),
        ("flag", pa.types.is_boolean),
        ("nested", pa.types.is_nested),
    ):
        if is_kind(kind):
            return Field(field.name, field.name, name)
    return Field(field.name, field.name)


def _csv(line: bytes, label: str, is_gzip: bool) -> Header:
    for mark, encoding in _OTHER_ENCODINGS.items():
        if line.startswith(mark):
            raise BadFileError(f"{label} is in {encoding}; files have to be in UTF-8.")
    if line.startswith(_ZIP):
        raise BadFileError(f"{label} is a zip archive; unpack it first.")
    if b"\0" in line:
        raise BadFileError(f"{label} is neither CSV nor Parquet: its first bytes are binary.")
    if len(line) >= FIRST_BYTES:
        raise BadFileError(f"{label} has no end of line within its first {FIRST_BYTES:,} bytes: it is no CSV.")
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadFileError(f"{label}, line 1 is not in UTF-8 (byte {error.start}).") from error
    delimiter = max(_DELIMITERS, key=text.count)
    names = _split(text, delimiter)
    if not any(name.strip() for name in names):
        raise BadFileError(f"{label} is empty: it has no header.")
    fields = tuple(Field(f"c{place}", name.strip()) for place, name in enumerate(names))
    return Header(tuple(names), fields, is_parquet=False, is_gzip=is_gzip, delimiter=delimiter)


def _check_end(path: Path, label: str) -> None:
    """Raise BadFileError for a huge last line, which DuckDB drops without a word.

    Measured with DuckDB 2.0: a line that fills whole buffers is an error anywhere but at the end of a file.
    """
    with path.open("rb") as file:
        if file.seek(0, 2) > FIRST_BYTES:
            file.seek(-FIRST_BYTES, 2)
            if b"\n" not in file.read(FIRST_BYTES - 2):
                raise BadFileError(f"{label} has a last line of more than {FIRST_BYTES:,} bytes.")


def _check_packed(path: Path, label: str) -> None:
    """Raise BadFileError for a packed file that is damaged anywhere, has a huge line, or is a bomb; unpacks it once.

    Only so is its checksum compared, which DuckDB leaves out, and its end seen.
    """
    size, unpacked, since_line = path.stat().st_size, 0, 0
    with gzip.open(path, "rb") as file:
        while block := file.read(FIRST_BYTES):
            unpacked += len(block)
            last = block.rfind(b"\n", 0, len(block) - 2)
            since_line = len(block) - last if last >= 0 else since_line + len(block)
            if since_line > 2 * FIRST_BYTES:
                raise BadFileError(f"{label} has a line of more than {FIRST_BYTES:,} bytes.")
            if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * size:
                raise BadFileError(f"{label} unpacks to more than {BOMB_RATIO} times its size: it is no bill.")


def _split(text: str, delimiter: str) -> Sequence[str]:
    return next(csv.reader([text], delimiter=delimiter), [])
