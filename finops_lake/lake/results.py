"""Rows of a query as they are handed on, and how many of them are fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_BATCH = 64
_WEIGHT = 16
"""Rows fetched at a time where bytes are limited, and what a value without a length is counted as."""


@dataclass(frozen=True)
class Column:
    """A column of a result: its name and its DuckDB type."""

    name: str
    type: str


@dataclass(frozen=True)
class Result:
    """Rows of a query: decimals as Decimal, instants as aware UTC datetimes; `truncated`: there are more.

    `reads` names the tables and views that somebody else's SQL reads, as it names them.
    """

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool
    reads: tuple[str, ...] = ()


def row_count(result: Result) -> int:
    """Return how many rows a result holds, those in lists counted, too."""
    lists = (len(value) for row in result.rows for value in row if isinstance(value, list))
    return len(result.rows) + sum(lists)


def fetched(cursor: duckdb.DuckDBPyConnection, max_rows: int | None, max_bytes: int | None = None) -> Result:
    """Return the rows of what was executed, at most `max_rows`, or about `max_bytes` of values (None: all)."""
    columns = tuple(Column(name, str(kind)) for name, kind, *_ in cursor.description)
    if max_rows is None and max_bytes is None:
        return Result(columns, cursor.fetchall(), False)
    if max_bytes is None:
        rows = cursor.fetchmany((max_rows or 0) + 1)
        return Result(columns, rows[:max_rows], len(rows) > (max_rows or 0))
    return _fetched_within(cursor, columns, max_rows, max_bytes)


def _fetched_within(
    cursor: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], max_rows: int | None, max_bytes: int
) -> Result:
    """Fetch a few rows at a time until one of the limits is met."""
    rows: list[tuple[Any, ...]] = []
    while batch := cursor.fetchmany(_BATCH):
        for row in batch:
            max_bytes -= sum(len(value) if isinstance(value, str | bytes) else _WEIGHT for value in row)
            if len(rows) == max_rows or (max_bytes < 0 and rows):
                return Result(columns, rows, True)
            rows.append(row)
    return Result(columns, rows, False)
