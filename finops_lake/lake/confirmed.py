"""Attempts that brought nothing new: how views see them before `meta.loads` has them, and what they change after all.

An unchanged load is as good as a new one where sources of one month compete by their age, so a confirmation alone can
decide which of them counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from finops_lake.errors import Outcome
from finops_lake.source import Chunk, ChunkResult

if TYPE_CHECKING:
    import duckdb

CANDIDATES = "charges.candidates"

_RENEWING = (Outcome.LOADED, Outcome.PARTIAL)
_NEWEST_SQL = "select table_name, scope_id, month, metric, max(finished_at) from meta.loads group by all"
_CONTESTED_SQL = f"select 1 from {CANDIDATES} group by account_id, billing_month having count(*) > 1 limit 1"
_MISJUDGED_SQL = "select billing_month from meta.misjudged_months order by billing_month"


def show_confirmed(connection: duckdb.DuckDBPyConnection, results: Sequence[ChunkResult]) -> None:
    """Let this connection's views count these attempts as loads (sql/meta/chunks.sql, last_success.sql)."""
    if results:
        keys, values = [_key(one.chunk) for one in results], [_confirmation(one) for one in results]
        connection.execute("set variable confirmed = map(?, ?)", [keys, values])
        renewed = {_key(one.chunk): one.finished_at for one in results if one.outcome in _RENEWING}
        connection.execute("set variable renewed_at = map(?, ?)", [list(renewed), list(renewed.values())])


def note_confirmed(connection: duckdb.DuckDBPyConnection, results: Sequence[ChunkResult], next_load_id: int) -> int:
    """Note confirmations that are newer than what is noted of their chunks, and return the next load's number."""
    from finops_lake.lake.load import insert_results

    rows = connection.execute(_NEWEST_SQL).fetchall() if results else []
    newest = {Chunk(*row[:4]): row[4] for row in rows}
    news = [one for one in results if one.chunk not in newest or one.finished_at > newest[one.chunk]]
    insert_results(connection, list(enumerate(news, next_load_id)))
    return next_load_id + len(news)


def misjudged_months(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """Return the months whose sources compete, and would be judged otherwise now that loads are confirmed."""
    if not connection.execute(_CONTESTED_SQL).fetchall():
        return []
    return [month for (month,) in connection.execute(_MISJUDGED_SQL).fetchall()]


def _key(chunk: Chunk) -> str:
    """Return a chunk as sql/meta/chunks.sql looks it up."""
    return "|".join((chunk.table, chunk.scope_id, str(chunk.month or ""), chunk.metric or ""))


def _confirmation(result: ChunkResult) -> dict[str, object]:
    """Return a confirmation as sql/meta/chunks.sql reads it."""
    return {
        "outcome": result.outcome.value,
        "is_complete": result.complete,
        "row_count": result.row_count,
        "calls": result.calls,
        "finished_at": result.finished_at,
    }
