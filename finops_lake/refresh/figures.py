"""The user's own tables in the folder business: CSV or Parquet, checked cell by cell, loaded whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from finops_lake.errors import BadFileError, Outcome
from finops_lake.extract.figures import FIGURES, OPTIONAL, RATES
from finops_lake.source import Chunk, ChunkResult, Fetched, Source

if TYPE_CHECKING:
    from finops_lake.lake.writer import Warehouse

SOURCES = (FIGURES, RATES)
DIMENSIONS = ("subscription", "service", "resource_group")
_SMALLEST, _LARGEST, _EXACT = Decimal("1e-24"), Decimal("1e14"), Context(prec=60)
_HELD_SQL = (
    "select table_name, scope_id from meta.chunks where row_count > 0"
    f" and table_name in ({', '.join(repr(source.table) for source in SOURCES)})"
)


@dataclass(frozen=True)
class Read:
    """What became of a folder: results of files that changed something, and what is wrong with others."""

    results: tuple[ChunkResult, ...] = ()
    faults: tuple[str, ...] = ()


def load_figures(folder: Path, warehouse: Warehouse, now: datetime) -> Read:
    """Load the files of a folder, and forget those that went; used inside the warehouse's lock.

    A file that cannot be read keeps what was held of it, and is told with its row and column.
    """
    tables: dict[Chunk, tuple[Source, pa.Table]] = {}
    faults, kept = [], set()
    for path in _files(folder):
        try:
            source, rows = read_table(path)
            tables[Chunk(source.table, path.name)] = (source, rows)
        except BadFileError as error:
            faults.append(error.message)
            kept.add(path.name)
    with warehouse.open(is_settled=False):
        for table, scope in warehouse.query(_HELD_SQL):
            source = next(one for one in SOURCES if one.table == table)
            if scope not in kept:
                tables.setdefault(Chunk(table, scope), (source, source.schema.empty_table()))
        arrived = [
            (ChunkResult(chunk, Outcome.LOADED, now, now, complete=True, row_count=rows.num_rows), Fetched(rows))
            for chunk, (_, rows) in tables.items()
        ]
        results = warehouse.load_all(arrived, note_unchanged=False) if arrived else []
    return Read(tuple(one for one in results if one.changed or one.outcome is not Outcome.LOADED), tuple(faults))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in (".csv", ".parquet"))


def read_table(path: Path) -> tuple[Source, pa.Table]:
    """Return which table a file fills, by its header, and its rows; BadFileError names file, row and column."""
    try:
        names, lines = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise BadFileError(f"{path.name} cannot be read: {error}.") from error
    source = _source_of(path.name, names)
    rows, seen = [], set()
    for number, line in lines:
        row = {name: _cell(source, path.name, number, name, value) for name, value in line.items()}
        key = tuple(row.get(name) for name in source.key)
        if key in seen:
            raise BadFileError(
                f"{path.name}, row {number}: there is a row for the same {', '.join(source.key)} before."
            )
        seen.add(key)
        rows.append(row)
    return source, pa.Table.from_pylist(rows, schema=source.schema)


def _csv(path: Path) -> tuple[list[str], Iterator[tuple[int, Mapping[str, Any]]]]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    names = [name.strip().lower() for name in next(reader, [])]

    def rows() -> Iterator[tuple[int, Mapping[str, Any]]]:
        for line in reader:
            if not any(cell.strip() for cell in line):
                continue
            if len(line) != len(names):
                raise BadFileError(
                    f"{path.name}, row {reader.line_num}: {len(line)} cells; the header has {len(names)}."
                )
            yield reader.line_num, dict(zip(names, (cell.strip() or None for cell in line), strict=True))

    return names, rows()


def _parquet(path: Path) -> tuple[list[str], Iterator[tuple[int, Mapping[str, Any]]]]:
    table = pq.read_table(path)
    table = table.rename_columns([name.strip().lower() for name in table.column_names])
    return table.column_names, iter(enumerate(table.to_pylist(), 1))


def _source_of(label: str, names: Sequence[str]) -> Source:
    for source in SOURCES:
        needed = [name for name in source.schema.names if name not in OPTIONAL]
        if set(needed) <= set(names):
            unknown = next((name for name in names if name not in source.schema.names), None)
            if unknown is not None:
                near = get_close_matches(unknown, source.schema.names, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise BadFileError(f"{label}: column {unknown!r}: {hint}there are {', '.join(source.schema.names)}.")
            return source
    raise BadFileError(
        f"{label}: its columns are {', '.join(names) or 'none'}; business figures have date, metric, value and maybe"
        " dimension, dimension_value, exchange rates date, from, to, rate."
    )


def _cell(source: Source, label: str, number: int, name: str, value: Any) -> Any:
    place = f"{label}, row {number}, column {name}"
    if value is None:
        if name in OPTIONAL:
            return None
        raise BadFileError(f"{place}: it is empty.")
    if name == "date":
        return _day(place, value)
    if name in ("value", "rate"):
        return _number(place, value, is_rate=name == "rate")
    text = str(value).strip()
    if name == "dimension" and text not in DIMENSIONS:
        raise BadFileError(f"{place}: {text!r} is none of {', '.join(DIMENSIONS)}.")
    if source is RATES and not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise BadFileError(f"{place}: {text!r} is no currency, such as EUR.")
    return text.upper() if source is RATES else text


def _day(place: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise BadFileError(f"{place}: {value!r} is no day, such as 2026-11-30.") from error


def _number(place: str, value: Any, *, is_rate: bool) -> Decimal:
    try:
        number = Decimal(repr(value) if isinstance(value, float) else str(value))
    except InvalidOperation as error:
        raise BadFileError(f"{place}: {value!r} is no number, such as 1234.5.") from error
    if not number.is_finite() or number < 0 or number >= _LARGEST or (is_rate and not number):
        raise BadFileError(f"{place}: {value!r}: a number {'above 0' if is_rate else 'of 0 or more'} is needed.")
    if number and number != number.quantize(_SMALLEST, context=_EXACT):
        raise BadFileError(f"{place}: {value!r} has more than 24 decimals.")
    return number
