"""One chunk of rows into its raw table, and one row on what became of it into `meta.loads`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from finops_lake.lake.names import quoted
from finops_lake.source import Chunk, ChunkResult, Source

if TYPE_CHECKING:
    import pyarrow as pa

_INCOMING = "incoming_rows"
_OF_CHUNK = "_scope_id = $scope_id and _month is not distinct from $month and _metric is not distinct from $metric"


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


def replace_rows(
    connection: duckdb.DuckDBPyConnection, source: Source, rows: pa.Table, chunk: Chunk, stamped: Stamped
) -> None:
    """Replace the chunk's rows in its raw table; a row that does not fit the source's schema raises."""
    table = quoted("raw", source.table)
    key = _key(chunk)
    connection.execute(f"delete from {table} where {_OF_CHUNK}", key)
    with _incoming(connection, source, rows):
        connection.execute(
            f"insert into {table} by name select *, $scope_id::varchar as _scope_id, $month::date as _month,"
            " $metric::varchar as _metric, $load_id::bigint as _load_id,"
            f" $loaded_at::timestamptz as _loaded_at from {_INCOMING}",
            {**key, "load_id": stamped.load_id, "loaded_at": stamped.loaded_at},
        )


def rows_differ(connection: duckdb.DuckDBPyConnection, source: Source, rows: pa.Table, chunk: Chunk) -> bool:
    """Return whether `rows` are others than those the chunk holds now."""
    columns = ", ".join(quoted(name) for name in source.schema.names)
    held = f"select {columns} from {quoted('raw', source.table)} where {_OF_CHUNK}"
    new = f"select {columns} from {_INCOMING}"
    with _incoming(connection, source, rows):
        found = connection.execute(
            f"select exists (({held}) except all ({new})) or exists (({new}) except all ({held}))",
            _key(chunk),
        ).fetchall()
    return bool(found[0][0])


def insert_result(connection: duckdb.DuckDBPyConnection, result: ChunkResult, load_id: int) -> None:
    """Write down what became of one attempt."""
    chunk = result.chunk
    connection.execute(
        "insert into meta.loads values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load_id,
            chunk.table,
            chunk.scope_id,
            chunk.month,
            chunk.metric,
            result.outcome.value,
            result.complete,
            result.row_count,
            result.reason,
            result.next_step,
            result.error_code,
            result.calls,
            list(result.request_ids),
            result.inexact_amounts,
            result.started_at,
            result.finished_at,
        ],
    )


def _key(chunk: Chunk) -> dict[str, object]:
    return {"scope_id": chunk.scope_id, "month": chunk.month, "metric": chunk.metric}


@contextlib.contextmanager
def _incoming(connection: duckdb.DuckDBPyConnection, source: Source, rows: pa.Table) -> Iterator[None]:
    """Let SQL see the rows; a cast that would lose something raises instead of rounding."""
    connection.register(_INCOMING, rows.select(source.schema.names).cast(source.schema))
    try:
        yield
    finally:
        connection.unregister(_INCOMING)
