"""Rows straight from files into raw tables: one pass, replaced by month, or refused with file, row and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from finops_lake.errors import BadFileError
from finops_lake.filerows import FilePart, FileRows
from finops_lake.lake.filesql import INEXACT, LONGEST_LINE, alike, amount_fields, expressions, is_inexact, reading
from finops_lake.lake.names import literal, quoted
from finops_lake.lake.trouble import explanation, is_disk_full
from finops_lake.source import Chunk, Source

FIRST_YEAR, LAST_YEAR = 1990, 2100
NUMBERS = (LAST_YEAR - FIRST_YEAR + 1) * 12
"""Load numbers one call may use: one for each month a row can lie in, so that a single pass can hand them out."""

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


@dataclass(frozen=True)
class Taken:
    """A chunk that came out of files: its number, its rows, and how many amounts were rounded to 24 decimals."""

    chunk: Chunk
    load_id: int
    row_count: int
    inexact_amounts: int = 0


def take(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    rows: FileRows,
    held: Collection[date],
    base: int,
    loaded_at: datetime,
    *,
    exact: bool = True,
) -> list[Taken]:
    """Replace what the lake holds of this export (or location) by the rows; inside the caller's transaction.

    `held` are the months it holds: those that the rows no longer have become empty, unless the rows are about one
    month. Numbers are given from `base`. Raises BadFileError where something cannot be read; roll back then.
    """
    months: dict[date | None, int] = {rows.month: 0} if rows.month else dict.fromkeys(held, 0)
    for parts in alike(rows.parts):
        _insert(connection, source, rows, parts, base, loaded_at, exact)
    months |= _months(connection, source, rows, base)
    _delete_replaced(connection, source, rows, [month for month in months if month in held], base)
    chunks = {month: Chunk(rows.table, rows.scope_id, month, rows.metric) for month in sorted(months)}
    return [Taken(chunk, base + _offset(rows, month), months[month]) for month, chunk in chunks.items()]


def count_inexact(connection: duckdb.DuckDBPyConnection, source: Source, rows: FileRows) -> int:
    """Return how many amounts of these files have more than 24 decimals (a pass of its own over them)."""
    total = 0
    for parts in alike(rows.parts):
        fields = amount_fields(source, parts[0])
        if fields:
            counts = " + ".join(f"count(*) filter (where {is_inexact(field)})" for field in fields)
            ((count,),) = connection.execute(f"select {counts} from {reading(parts)}").fetchall()
            total += count
    return total


def is_rounding_needed(error: duckdb.Error) -> bool:
    """Return whether `take` failed only because an amount has more decimals than the lake keeps."""
    return INEXACT in str(error)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    rows: FileRows,
    parts: Sequence[FilePart],
    base: int,
    loaded_at: datetime,
    exact: bool,
) -> None:
    columns = expressions(source, parts[0], exact=exact)
    month = f"date {literal(str(rows.month))}" if rows.month else _month_of(columns, rows)
    number = str(base) if rows.month else f"{base} + (year({month}) - {FIRST_YEAR}) * 12 + month({month}) - 1"
    own = {
        "_scope_id": literal(rows.scope_id),
        "_month": f"cast({month} as date)",
        "_metric": literal(rows.metric) if rows.metric else "null::varchar",
        "_load_id": number,
        "_loaded_at": f"timestamptz {literal(loaded_at.isoformat())}",
    }
    listed = ", ".join(f"{sql} as {quoted(name)}" for name, sql in {**columns, **own}.items())
    statement = f"insert into {quoted('raw', source.table)} by name select {listed} from {reading(parts)}"
    try:
        ((found,),) = connection.execute(statement).fetchall()
    except duckdb.Error as error:
        if is_rounding_needed(error) or is_disk_full(error):
            raise
        raise BadFileError(_explained(error, parts)) from error
    promised = [part.rows for part in parts if part.rows is not None]
    if len(promised) == len(parts) and sum(promised) != found:
        raise BadFileError(f"{_named(parts)}: {found:,} rows were found where the manifest promises {sum(promised):,}.")


def _month_of(columns: dict[str, str], rows: FileRows) -> str:
    return f"date_trunc('month', {columns[rows.dated_by or '']})"


def _offset(rows: FileRows, month: date | None) -> int:
    if rows.month or month is None:
        return 0
    return (month.year - FIRST_YEAR) * 12 + month.month - 1


def _months(connection: duckdb.DuckDBPyConnection, source: Source, rows: FileRows, base: int) -> dict[date | None, int]:
    found = dict(
        connection.execute(
            f"select _month, count(*) from {quoted('raw', source.table)} where _load_id >= ? group by all", [base]
        ).fetchall()
    )
    if None in found:
        raise BadFileError(f"{_named(rows.parts)}: {found[None]:,} rows have no {rows.dated_by}.")
    odd = [month for month in found if not FIRST_YEAR <= month.year <= LAST_YEAR]
    if odd:
        raise BadFileError(f"{_named(rows.parts)}: {rows.dated_by} lies in {odd[0]:%Y-%m}, which cannot be right.")
    return found


def _delete_replaced(
    connection: duckdb.DuckDBPyConnection, source: Source, rows: FileRows, months: Sequence[date | None], base: int
) -> None:
    if months:
        places = ", ".join("?" * len(months))
        connection.execute(
            f"delete from {quoted('raw', source.table)} where _scope_id = ? and _metric is not distinct from ?"
            f" and _month in ({places}) and _load_id < ?",
            [rows.scope_id, rows.metric, *months, base],
        )


def _named(parts: Sequence[FilePart]) -> str:
    return parts[0].label + (f" and {len(parts) - 1} more files" if len(parts) > 1 else "")


def _explained(error: duckdb.Error, parts: Sequence[FilePart]) -> str:
    """Return what DuckDB found wrong in words that name the file and the line, without the line's content."""
    text = str(error)
    label = next((part.label for part in parts if part.path.as_posix() in text), _named(parts))
    line = _LINE.search(text)
    if not line:
        return f"{label}: {explanation(text)}"
    counts = _COUNTS.search(text)
    fault = (
        f"has {counts[2]} fields where the header has {counts[1]}"
        if counts
        else f"is longer than the longest that is read ({LONGEST_LINE:,} bytes)"
        if "maximum line size" in text.lower()
        else "has a quoted value that does not end"
        if "unterminated quote" in text
        else "is not in UTF-8"
        if "unicode" in text.lower()
        else "is not valid CSV"
    )
    return f"{label}, line {line[1]} {fault}."
