"""Marts kept as tables: which pieces have gone stale, and how each is rebuilt.

A load marks the pieces (scope and month) above it in its own transaction; they are rebuilt before publication, each
once however many loads touched it. A writer killed in between leaves the marks, and the next one rebuilds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter

import duckdb

from finops_lake.errors import LakeError
from finops_lake.lake.load import transaction
from finops_lake.lake.names import quoted
from finops_lake.lake.sqlfiles import SqlFile
from finops_lake.lake.trouble import explanation

_SCOPES_AT_ONCE = 10  # one statement for several scopes is three times as fast as one each, and fits in memory


def mark(connection: duckdb.DuckDBPyConnection, pieces: Collection[tuple[str, str, date]]) -> None:
    """Note that these pieces must be rebuilt: a mart, a scope and a month each."""
    if pieces:
        rows = ", ".join(["(?, ?, ?::date)"] * len(pieces))
        connection.execute(
            f"insert into meta.stale_partitions select * from (values {rows}) except from meta.stale_partitions",
            [value for piece in pieces for value in piece],
        )


def mark_all(connection: duckdb.DuckDBPyConnection, view: str, tables: Iterable[str]) -> None:
    """Note that all of a stored mart must be rebuilt: every scope and month of the raw `tables` beneath it."""
    for table in tables:
        connection.execute(
            "insert into meta.stale_partitions"
            f" select ?, _scope_id, _month from {quoted('raw', table)} where _month is not null"
            " except from meta.stale_partitions",
            [view],
        )


def rebuild_stale(connection: duckdb.DuckDBPyConnection, marts: Mapping[str, SqlFile]) -> None:
    """Rebuild every marked piece, a month at a time; `marts` by name, in the order in which they are built."""
    for name, mart in marts.items():
        rows = connection.execute(
            "select distinct month, scope_id from meta.stale_partitions where view_name = ? order by all", [name]
        ).fetchall()
        for month, pieces in groupby(rows, itemgetter(0)):
            scope_ids = [scope_id for _, scope_id in pieces]
            for start in range(0, len(scope_ids), _SCOPES_AT_ONCE):
                with transaction(connection):
                    _rebuild(connection, mart, month, scope_ids[start : start + _SCOPES_AT_ONCE])


def _rebuild(connection: duckdb.DuckDBPyConnection, mart: SqlFile, month: date, scope_ids: list[str]) -> None:
    target = quoted(mart.schema, mart.name)
    places = ", ".join("?" * len(scope_ids))
    picked = f"x_scope_id in ({places}) and billing_month = ?"
    connection.execute(f"delete from {target} where {picked}", [*scope_ids, month])
    try:
        connection.execute(
            f"insert into {target} select * from (\n{mart.select}\n) where {picked}", [*scope_ids, month]
        )
    except (duckdb.DataError, duckdb.ProgrammingError) as error:
        raise LakeError(f"{mart.path} cannot be computed: {explanation(str(error))}") from error
    connection.execute(
        f"delete from meta.stale_partitions where view_name = ? and scope_id in ({places}) and month = ?",
        [mart.view, *scope_ids, month],
    )
