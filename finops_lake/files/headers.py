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
            content = file.read(FIRST_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFileError(f"{label} cannot be read: {error}.") from error
    return _csv(content, label, is_gzip)


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


def _csv(content: bytes, label: str, is_gzip: bool) -> Header:
    for mark, encoding in _OTHER_ENCODINGS.items():
        if content.startswith(mark):
            raise BadFileError(f"{label} is in {encoding}; files have to be in UTF-8.")
    if content.startswith(_ZIP):
        raise BadFileError(f"{label} is a zip archive; unpack it first.")
    if b"\0" in content[:4096]:
        raise BadFileError(f"{label} is neither CSV nor Parquet: its first bytes are binary.")
    line = _first_line(content, label)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFileError(f"{label}, line 1 is not in UTF-8 (byte {error.start}).") from error
    delimiter = max(_DELIMITERS, key=text.count)
    names = _split(text, delimiter)
    if not any(name.strip() for name in names):
        raise BadFileError(f"{label} is empty: it has no header.")
    fields = tuple(Field(f"c{place}", name.strip()) for place, name in enumerate(names))
    return Header(tuple(names), fields, is_parquet=False, is_gzip=is_gzip, delimiter=delimiter)


def _first_line(content: bytes, label: str) -> bytes:
    end = content.find(b"\n")
    if end < 0 and len(content) >= FIRST_BYTES:
        raise BadFileError(f"{label} has no end of line within its first {FIRST_BYTES:,} bytes: it is no CSV.")
    return content[: end if end >= 0 else None].rstrip(b"\r")


def _split(text: str, delimiter: str) -> Sequence[str]:
    return next(csv.reader([text], delimiter=delimiter), [])
