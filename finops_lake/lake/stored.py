"""Marts kept as tables: which pieces have gone stale, and how each is rebuilt.

A load marks the pieces (scope and month) above it in its own transaction; they are rebuilt before publication, each
once however many loads touched it. A writer killed in between leaves the marks, and the next one rebuilds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from datetime import date, datetime

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
_SMALL = 100_000  # rows loaded of months that one statement rebuilds: planning it takes longer than a few thousand rows
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


def mark_all(connection: duckdb.DuckDBPyConnection, marts: Sequence[tuple[SqlFile, Iterable[str]]]) -> None:
    """Note that all of these stored marts must be rebuilt: every scope and month of the raw tables beneath each."""
    mark(connection, [(mart, "", ALL) for mart, _ in marts if mart.is_whole])
    for mart, tables in marts:
        scope = "_scope_id" if _is_by_scope(mart) else "''"
        for table in () if mart.is_whole else tables:
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
    """Rebuild every marked piece (of these months only, where they are given), small months together.

    `marts` are given by name, in the order in which they are built. Where a mart remembers, rows that come out the same
    stay, and others hold from `now` (UTC).
    """
    loaded: dict[date, int] = dict(connection.execute(_LOADED_SQL).fetchall())
    stale: dict[str, list[tuple[date, list[str]]]] = {}
    for name, month, scope_ids in connection.execute(_STALE_SQL).fetchall():
        if months is None or month in months:
            stale.setdefault(name, []).append((month, scope_ids))
    for name, mart in marts.items():
        pieces = deque(_pieces(stale.get(name, ()), loaded))
        while pieces:
            with transaction(connection):
                written = 0
                while pieces and written < _ROWS_AT_ONCE:
                    months_of_piece, scope_ids = pieces.popleft()
                    parts = _parts(mart, sum(loaded.get(month, 0) for month in months_of_piece))
                    written += _rebuild(connection, mart, months_of_piece, scope_ids, parts, now)


_LOADED_SQL = "select month, sum(row_count)::bigint from meta.latest_loads where row_count is not null group by month"


_STALE_SQL = """select view_name, month, list(distinct scope_id order by scope_id) from meta.stale_partitions
group by view_name, month order by month"""


def _pieces(
    stale: Iterable[tuple[date, list[str]]], loaded: Mapping[date, int]
) -> Iterator[tuple[list[date], list[str]]]:
    """Yield months and scopes that one statement rebuilds: a month, or several small ones of the same scopes."""
    together: list[date] = []
    scope_ids: list[str] = []
    for month, scopes in stale:
        size = sum(loaded.get(one, 0) for one in (*together, month))
        if together and (scopes != scope_ids or size > _SMALL):
            yield from _by_scopes(together, scope_ids)
            together = []
        together, scope_ids = [*together, month], scopes
    if together:
        yield from _by_scopes(together, scope_ids)


def _by_scopes(months: list[date], scope_ids: list[str]) -> Iterator[tuple[list[date], list[str]]]:
    for start in range(0, len(scope_ids), _SCOPES_AT_ONCE):
        yield months, scope_ids[start : start + _SCOPES_AT_ONCE]


def _parts(mart: SqlFile, loaded: int) -> list[str]:
    """Return what picks each part of a piece of so many loaded rows: nothing where it is rebuilt as one."""
    count = -(-loaded // _ROWS_AT_ONCE)
    if mart.parts_by is None or count <= 1:
        return [""]
    return [f" and hash({quoted(mart.parts_by)}) % {count} = {number}" for number in range(count)]


def _rebuild(
    connection: duckdb.DuckDBPyConnection,
    mart: SqlFile,
    months: list[date],
    scope_ids: list[str],
    parts: list[str],
    now: datetime,
) -> int:
    """Rebuild some scopes of some months, part by part, and return how many rows that added."""
    target, written = quoted(mart.schema, mart.name), 0
    held = _held(connection, mart, months, scope_ids)
    fresh = [scope_id for scope_id in scope_ids if scope_id not in held]
    try:
        if held and mart.remembers:
            written = _remember(connection, mart, months, held, now)
        elif held:
            connection.execute(f"delete from {target} where {_picked(mart, held, months)}", _values(mart, held, months))
            fresh = scope_ids
        for part in parts if fresh else ():
            ((added,),) = connection.execute(
                f"insert into {target} by name select * from (\n{mart.select}\n)"
                f" where {_picked(mart, fresh, months)}{part}",
                _values(mart, fresh, months),
            ).fetchall()
            written += added
    except (duckdb.DataError, duckdb.ProgrammingError) as error:
        raise LakeError(f"{mart.path} cannot be computed: {explanation(str(error))}") from error
    connection.execute(
        f"delete from meta.stale_partitions where view_name = ? and scope_id in ({_places(scope_ids)})"
        f" and month in ({_places(months)})",
        [mart.view, *scope_ids, *months],
    )
    return written


def _held(connection: duckdb.DuckDBPyConnection, mart: SqlFile, months: list[date], scope_ids: list[str]) -> list[str]:
    """Return those of the scopes that have rows; the one empty name where pieces are months alone."""
    scope = "x_scope_id" if _is_by_scope(mart) else "''"
    target, picked = quoted(mart.schema, mart.name), _picked(mart, scope_ids, months)
    rows = connection.execute(
        f"select distinct {scope} from {target} where {picked} order by all",
        _values(mart, scope_ids, months),
    ).fetchall()
    return [scope_id for (scope_id,) in rows]


def _picked(mart: SqlFile, scope_ids: list[str], months: list[date]) -> str:
    if mart.is_whole:
        return "true"
    scopes = f" and x_scope_id in ({_places(scope_ids)})" if _is_by_scope(mart) else ""
    if len(months) == 1:
        return f"billing_month = ?{scopes}"
    return f"billing_month between ? and ? and billing_month in ({_places(months)}){scopes}"


def _places(values: Sized) -> str:
    return ", ".join("?" * len(values))


def _values(mart: SqlFile, scope_ids: list[str], months: list[date]) -> list[object]:
    if mart.is_whole:
        return []
    span = [] if len(months) == 1 else [min(months), max(months)]  # which reaches the scans beneath, as a list does not
    return [*span, *months, *(scope_ids if _is_by_scope(mart) else ())]


def _is_by_scope(mart: SqlFile) -> bool:
    return "x_scope_id" in mart.partition


def _remember(
    connection: duckdb.DuckDBPyConnection, mart: SqlFile, months: list[date], scope_ids: list[str], now: datetime
) -> int:
    since = quoted(mart.headers["remembers"])
    connection.execute(
        f"create or replace temp table {_REBUILT} as select * replace (?::timestamptz as {since}) from ("
        f"\n{mart.select}\n) where {_picked(mart, scope_ids, months)}",
        [now, *_values(mart, scope_ids, months)],
    )
    columns = columns_of_table(connection, mart.schema, mart.name)
    kept = Kept(
        quoted(mart.schema, mart.name),
        quoted("history", mart.name),
        mart.partition,
        tuple(name for name in columns if quoted(name) != since),
    )
    pieces: list[tuple[object, ...]] = [(month,) for month in months]
    if _is_by_scope(mart):
        pieces = [(scope_id, month) for month in months for scope_id in scope_ids]
    changes = reconcile(connection, kept, f"temp.{_REBUILT}", pieces, now)
    connection.execute(f"drop table temp.{_REBUILT}")
    return sum(change.added for change in changes)
