"""Chunks of rows into their raw tables, and a row on what became of each into `meta.loads`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from finops_lake.lake.names import as_pattern, literal, quoted
from finops_lake.lake.remember import Change, Kept, reconcile
from finops_lake.source import Chunk, ChunkResult, Source, StoredRows

if TYPE_CHECKING:
    import pyarrow as pa

_INCOMING = "incoming_rows"
CHUNK_COLUMNS = ("_scope_id", "_month", "_metric")
"""The columns of a raw table that say which chunk a row belongs to."""


@dataclass(frozen=True)
class Stamped:
    """The number and the instant of a load."""

    load_id: int
    loaded_at: datetime


@contextlib.contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what is done inside, or none of it."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(duckdb.Error):  # a failed commit has rolled back already
            connection.execute("rollback")
        raise


@dataclass(frozen=True)
class Load:
    """One chunk to be loaded: its rows, and its number and instant."""

    chunk: Chunk
    rows: pa.Table | StoredRows
    stamped: Stamped


def replace_rows(
    connection: duckdb.DuckDBPyConnection, source: Source, loads: Sequence[Load], now: datetime
) -> list[Change]:
    """Make the raw table hold the rows of these loads in place of those of before; return what changed in each.

    Rows that come again stay as they are, with the load and the instant that brought them first.
    """
    changes: dict[int, Change] = {}
    for some in _together(loads):
        with _incoming(connection, source, some):
            pieces = [chunk_key(load.chunk) for load in some]
            found = reconcile(connection, kept_table(source), _INCOMING, pieces, now)
        changes |= {load.stamped.load_id: change for load, change in zip(some, found, strict=True)}
    return [changes[load.stamped.load_id] for load in loads]


def kept_table(source: Source) -> Kept:
    """Return how a raw table is reloaded: by chunk; rows are what their columns say, whenever they came."""
    return Kept(
        quoted("raw", source.table),
        quoted("history", source.table) if source.remembers else None,
        CHUNK_COLUMNS,
        (*source.schema.names, *CHUNK_COLUMNS),
    )


def chunk_key(chunk: Chunk) -> tuple[object, ...]:
    """Return the values of a chunk's rows in CHUNK_COLUMNS."""
    return (chunk.scope_id, chunk.month, chunk.metric)


def insert_rows(connection: duckdb.DuckDBPyConnection, source: Source, loads: Sequence[Load]) -> None:
    """Add the rows of these loads to their raw table; a row that does not fit the source's schema raises.

    One statement whatever their number: each statement waits for the threads that parse meanwhile. Rows in a file are
    read by a statement of their own.
    """
    for some in _together(loads):
        with _incoming(connection, source, some):
            connection.execute(f"insert into {quoted('raw', source.table)} by name select * from {_INCOMING}")


def _together(loads: Sequence[Load]) -> Iterator[list[Load]]:
    """Yield what one statement can read: all that is in memory, and each file."""
    in_memory = [load for load in loads if not isinstance(load.rows, StoredRows)]
    if in_memory:
        yield in_memory
    yield from ([load] for load in loads if isinstance(load.rows, StoredRows))


def _stamped_rows(source: Source, loads: Sequence[Load]) -> pa.Table:
    """Return the rows of all loads with the columns that say which load they came with."""
    import pyarrow as pa

    tables: list[pa.Table] = []
    fetched: list[pa.Table] = [load.rows for load in loads]
    schema = _schema_of(source, fetched)
    kinds = (pa.string(), pa.date32(), pa.string(), pa.int64(), pa.timestamp("us", tz="UTC"))
    for load, rows in zip(loads, fetched, strict=True):
        rows = rows.select(schema.names).cast(schema)  # what would lose something raises instead of rounding
        same = pa.repeat(pa.scalar(0, pa.int8()), rows.num_rows)
        for (name, value), kind in zip(_stamps(load).items(), kinds, strict=True):
            rows = rows.append_column(name, pa.DictionaryArray.from_arrays(same, pa.array([value], kind)))
        tables.append(rows)
    return pa.concat_tables(tables)


_CHUNK = ("table_name", "scope_id", "month", "metric")
_LATEST_SQL = """insert into meta.latest_loads
select
    table_name, scope_id, month, metric,
    arg_max(outcome, load_id),
    arg_max(coalesce(reason, ''), load_id),
    arg_max(coalesce(next_step, ''), load_id),
    max(finished_at),
    max(finished_at) filter (where outcome in ('loaded', 'partial')),
    coalesce(arg_max(complete, load_id) filter (where outcome in ('loaded', 'partial')), false),
    arg_max(row_count, load_id) filter (where outcome in ('loaded', 'partial')),
    arg_max(calls, load_id) filter (where outcome in ('loaded', 'partial')),
from meta.loads as loads"""


def insert_results(connection: duckdb.DuckDBPyConnection, results: Sequence[tuple[int, ChunkResult]]) -> None:
    """Write down what became of these attempts, each with its number."""
    if not results:
        return
    noted = [_load_row(load_id, result) for load_id, result in results]
    row = f"({', '.join('?' * len(noted[0]))})"
    connection.execute(
        f"insert into meta.loads ({', '.join(noted[0])}) values {', '.join([row] * len(noted))}",
        [value for facts in noted for value in facts.values()],
    )
    _sum_up(connection, "load_id in (" + ", ".join(str(load_id) for load_id, _ in results) + ")")


def sum_up_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `meta.latest_loads` of a lake that is older than it is."""
    ((is_empty,),) = connection.execute("select not exists (select 1 from meta.latest_loads)").fetchall()
    if is_empty:
        _sum_up(connection, "true")


def _sum_up(connection: duckdb.DuckDBPyConnection, which: str) -> None:
    """Bring `meta.latest_loads` up to date with the chunks that these rows of `meta.loads` are about."""
    same = " and ".join(f"{{0}}.{name} is not distinct from {{1}}.{name}" for name in _CHUNK)
    asked = f"(select distinct {', '.join(_CHUNK)} from meta.loads where {which}) as asked"
    connection.execute(f"delete from meta.latest_loads as kept using {asked} where {same.format('kept', 'asked')}")
    connection.execute(f"{_LATEST_SQL} semi join {asked} on {same.format('loads', 'asked')} group by all")


def _load_row(load_id: int, result: ChunkResult) -> dict[str, object]:
    chunk = result.chunk
    return {
        "load_id": load_id,
        "table_name": chunk.table,
        "scope_id": chunk.scope_id,
        "month": chunk.month,
        "metric": chunk.metric,
        "outcome": result.outcome.value,
        "complete": result.complete,
        "row_count": result.row_count,
        "reason": result.reason,
        "next_step": result.next_step,
        "error_code": result.error_code,
        "calls": result.calls,
        "request_ids": list(result.request_ids),
        "inexact_amounts": result.inexact_amounts,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "request_id": result.request_id,
    }


def _schema_of(source: Source, tables: Sequence[pa.Table]) -> pa.Schema:
    """Return the source's schema, of texts as they are where all of these tables have them encoded alike."""
    import pyarrow as pa

    fields = []
    for field in source.schema:
        (kind, *others) = {rows.schema.field(field.name).type for rows in tables}
        is_encoded = not others and pa.types.is_dictionary(kind) and kind.value_type == field.type
        fields.append(field.with_type(kind) if is_encoded else field)
    return pa.schema(fields)


def _stamps(load: Load) -> dict[str, object]:
    """Return the columns that say which load rows came with, and their values."""
    chunk, stamped = load.chunk, load.stamped
    return {
        "_scope_id": chunk.scope_id,
        "_month": chunk.month,
        "_metric": chunk.metric,
        "_load_id": stamped.load_id,
        "_loaded_at": stamped.loaded_at,
    }


def _stored_rows(source: Source, load: Load, path: Path) -> str:
    """Return the SELECT of rows in a file, with the columns that say which load they came with."""
    columns = ", ".join(quoted(name) for name in source.schema.names)
    kinds = ("varchar", "date", "varchar", "bigint", "timestamptz")
    stamps = ", ".join(
        f"{'null' if value is None else literal(str(value))}::{kind} as {name}"
        for (name, value), kind in zip(_stamps(load).items(), kinds, strict=True)
    )
    return f"select {columns}, {stamps} from read_parquet({literal(as_pattern(path))})"


@contextlib.contextmanager
def _incoming(connection: duckdb.DuckDBPyConnection, source: Source, loads: Sequence[Load]) -> Iterator[None]:
    """Let SQL see the rows of loads that belong together (see _together)."""
    first = loads[0].rows
    if isinstance(first, StoredRows):
        connection.execute(f"create or replace temp view {_INCOMING} as {_stored_rows(source, loads[0], first.path)}")
        try:
            yield
        finally:
            with contextlib.suppress(duckdb.Error):  # after an error the transaction takes it back
                connection.execute(f"drop view if exists temp.{_INCOMING}")
        return
    connection.register(_INCOMING, _stamped_rows(source, loads))
    try:
        yield
    finally:
        connection.unregister(_INCOMING)
