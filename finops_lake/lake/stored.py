"""Marts kept as tables: which pieces have gone stale, and how each is rebuilt.

A load marks the pieces (scope and month) above it in its own transaction; they are rebuilt before publication, each
once however many loads touched it. A writer killed in between leaves the marks, and the next one rebuilds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

import duckdb

from finops_lake.errors import LakeError
from finops_lake.lake.load import transaction
from finops_lake.lake.names import quoted
from finops_lake.lake.remember import VALID_TO, Kept, reconcile
from finops_lake.lake.schema import columns_of_table
from finops_lake.lake.sqlfiles import SqlFile
from finops_lake.lake.trouble import explanation

ALL = date.min
"""Stands for the month of the one piece of a mart that is stored whole."""
_REBUILT = "rebuilt_rows"
_ROWS_AT_ONCE = 500_000  # of one transaction: full row groups go to the file at once, fewer rows go through the log
_SCOPES_AT_ONCE = 10  # one statement for several scopes is three times as fast as one each, and fits in memory


def create_stored(connection: duckdb.DuckDBPyConnection, mart: SqlFile) -> None:
    """Create the table of a stored mart, or bring that of an earlier definition to the columns of now.

    The rows of an earlier definition stay until their piece is rebuilt: what differs then goes to the history.
    """
    described = connection.execute(f"describe select * from (\n{mart.select}\n)").fetchall()
    wanted = {name: kind for name, kind, *_ in described}
    if mart.remembers:
        _fit(connection, "history", mart.name, wanted | {VALID_TO: "TIMESTAMP WITH TIME ZONE"})
    _fit(connection, mart.schema, mart.name, wanted)


def _fit(connection: duckdb.DuckDBPyConnection, schema: str, name: str, wanted: Mapping[str, str]) -> None:
    table = quoted(schema, name)
    present = columns_of_table(connection, schema, name)
    if not present:
        columns = ", ".join(f"{quoted(column)} {kind}" for column, kind in wanted.items())
        connection.execute(f"create table {table} ({columns})")
        return
    unfit = [column for column, kind in present.items() if wanted.get(column) != kind]
    for column, kind in wanted.items():
        if column not in present:
            connection.execute(f"alter table {table} add column {quoted(column)} {kind}")
        elif column in unfit:
            connection.execute(f"alter table {table} alter column {quoted(column)} type {kind}")
    for column in unfit:
        if column not in wanted:
            connection.execute(f"alter table {table} drop column {quoted(column)}")


def mark(connection: duckdb.DuckDBPyConnection, marked: Iterable[tuple[SqlFile, str, date]]) -> None:
    """Note that these pieces must be rebuilt: a mart, a scope and a month each."""
    pieces = {
        (mart.view, scope_id if _is_by_scope(mart) else "", ALL if mart.is_whole else month)
        for mart, scope_id, month in marked
    }
    if pieces:
        rows = ", ".join(["(?, ?, ?::date)"] * len(pieces))
        connection.execute(
            f"insert into meta.stale_partitions select * from (values {rows}) except from meta.stale_partitions",
            [value for piece in pieces for value in piece],
        )


def mark_all(connection: duckdb.DuckDBPyConnection, mart: SqlFile, tables: Iterable[str]) -> None:
    """Note that all of a stored mart must be rebuilt: every scope and month of the raw `tables` beneath it."""
    if mart.is_whole:
        mark(connection, [(mart, "", ALL)])
        return
    scope = "_scope_id" if _is_by_scope(mart) else "''"
    for table in tables:
        connection.execute(
            "insert into meta.stale_partitions"
            f" select ?, {scope}, _month from {quoted('raw', table)} where _month is not null"
            " except from meta.stale_partitions",
            [mart.view],
        )


def rebuild_stale(
    connection: duckdb.DuckDBPyConnection,
    marts: Mapping[str, SqlFile],
    now: datetime,
    months: Collection[date] | None = None,
) -> None:
    """Rebuild every marked piece (of these months only, where they are given), a month at a time.

    `marts` are given by name, in the order in which they are built.

    Where a mart remembers, rows that come out the same stay, and others hold from `now` (UTC).
    """
    for name, mart in marts.items():
        pieces = deque(one for one in _stale_pieces(connection, name) if months is None or one[0] in months)
        while pieces:
            with transaction(connection):
                written = 0
                while pieces and written < _ROWS_AT_ONCE:
                    written += _rebuild(connection, mart, *pieces.popleft(), now)


def _stale_pieces(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[tuple[date, list[str]]]:
    """Yield months, and of each the scopes that one statement rebuilds."""
    rows = connection.execute(
        "select distinct month, scope_id from meta.stale_partitions where view_name = ? order by all", [name]
    ).fetchall()
    for month, pieces in groupby(rows, itemgetter(0)):
        scope_ids = [scope_id for _, scope_id in pieces]
        for start in range(0, len(scope_ids), _SCOPES_AT_ONCE):
            yield month, scope_ids[start : start + _SCOPES_AT_ONCE]


def _rebuild(
    connection: duckdb.DuckDBPyConnection, mart: SqlFile, month: date, scope_ids: list[str], now: datetime
) -> int:
    """Rebuild some scopes of a month, and return how many rows that added."""
    target, written = quoted(mart.schema, mart.name), 0
    held = _held(connection, mart, month, scope_ids)
    fresh = [scope_id for scope_id in scope_ids if scope_id not in held]
    try:
        if held and mart.remembers:
            written = _remember(connection, mart, month, held, now)
        elif held:
            connection.execute(f"delete from {target} where {_picked(mart, held)}", _values(mart, held, month))
            fresh = scope_ids
        if fresh:
            ((added,),) = connection.execute(
                f"insert into {target} by name select * from (\n{mart.select}\n) where {_picked(mart, fresh)}",
                _values(mart, fresh, month),
            ).fetchall()
            written += added
    except (duckdb.DataError, duckdb.ProgrammingError) as error:
        raise LakeError(f"{mart.path} cannot be computed: {explanation(str(error))}") from error
    connection.execute(
        f"delete from meta.stale_partitions where view_name = ? and scope_id in ({', '.join('?' * len(scope_ids))})"
        " and month = ?",
        [mart.view, *scope_ids, month],
    )
    return written


def _held(connection: duckdb.DuckDBPyConnection, mart: SqlFile, month: date, scope_ids: list[str]) -> list[str]:
    """Return those of the scopes that have rows; the one empty name where pieces are months alone."""
    scope = "x_scope_id" if _is_by_scope(mart) else "''"
    rows = connection.execute(
        f"select distinct {scope} from {quoted(mart.schema, mart.name)} where {_picked(mart, scope_ids)} order by all",
        _values(mart, scope_ids, month),
    ).fetchall()
    return [scope_id for (scope_id,) in rows]


def _picked(mart: SqlFile, scope_ids: list[str]) -> str:
    if mart.is_whole:
        return "true"
    scopes = f" and x_scope_id in ({', '.join('?' * len(scope_ids))})" if _is_by_scope(mart) else ""
    return f"billing_month = ?{scopes}"


def _values(mart: SqlFile, scope_ids: list[str], month: date) -> list[object]:
    if mart.is_whole:
        return []
    return [month, *scope_ids] if _is_by_scope(mart) else [month]


def _is_by_scope(mart: SqlFile) -> bool:
    return "x_scope_id" in mart.partition


def _remember(
    connection: duckdb.DuckDBPyConnection, mart: SqlFile, month: date, scope_ids: list[str], now: datetime
) -> int:
    since = quoted(mart.headers["remembers"])
    connection.execute(
        f"create or replace temp table {_REBUILT} as select * replace (?::timestamptz as {since}) from ("
        f"\n{mart.select}\n) where {_picked(mart, scope_ids)}",
        [now, *_values(mart, scope_ids, month)],
    )
    columns = columns_of_table(connection, mart.schema, mart.name)
    kept = Kept(
        quoted(mart.schema, mart.name),
        quoted("history", mart.name),
        mart.partition,
        tuple(name for name in columns if quoted(name) != since),
    )
    pieces = [(scope_id, month) if _is_by_scope(mart) else (month,) for scope_id in scope_ids]
    changes = reconcile(connection, kept, f"temp.{_REBUILT}", pieces, now)
    connection.execute(f"drop table temp.{_REBUILT}")
    return sum(change.added for change in changes)
