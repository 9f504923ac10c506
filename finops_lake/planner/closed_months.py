"""Closed months are asked for again only where Azure's own total of one says that it was restated.

A total that is new, and differs from what the lake's rows add up to, makes its month due once: the rows are then
younger than the total, whether they agree with it or not, so that a lasting difference is no reason to ask for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from finops_lake.planner.coverage import COST_TABLES, TOTALS
from finops_lake.planner.due import AT_ONCE, ChunkState, closes_at
from finops_lake.source import Chunk

SCOPES_PER_REFRESH = 10
"""So many scopes are looked at in one refresh: 120 of the 600 query units that Azure allows in an hour."""

SETTLED_FOR = timedelta(hours=24)
"""How old the rows of a closed month are before a look at its total is worth a call."""

MOVES_SQL = """select scope_id, month, max(total_since) from meta.cost_totals
where abs(difference) >= 0.01 group by all"""
"""Months whose total differs from the rows, by more than rounding, and since when the total is as it is (UTC)."""


def with_moves(
    states: Mapping[Chunk, ChunkState], moves: Iterable[tuple[str, date, datetime]]
) -> dict[Chunk, ChunkState]:
    """Return the states with those marked whose rows are older than a total that differs from them (MOVES_SQL)."""
    since = {(scope, month): moment for scope, month, moment in moves}
    known = dict(states)
    for chunk, state in states.items():
        if chunk.month is None or chunk.table not in COST_TABLES or state.last_success_at is None:
            continue
        moved_at = since.get((chunk.scope_id, chunk.month))
        if moved_at is not None and state.last_success_at < moved_at:
            known[chunk] = replace(state, has_moved=True)
    return known


def with_few_totals(
    due: Sequence[Chunk], states: Mapping[Chunk, ChunkState], now: datetime, asked: Iterable[Chunk] = ()
) -> list[Chunk]:
    """Return what is due with the totals last, and of them only what is worth a call in this refresh.

    Those are the scopes with a closed month loaded a day ago or earlier, the one looked at longest ago first, at
    most SCOPES_PER_REFRESH together with those `asked` for before in the same refresh.
    """
    worthy = _scopes_with_settled_months(states, now)
    totals = [chunk for chunk in due if chunk.table == TOTALS and chunk.scope_id in worthy]
    totals.sort(key=lambda chunk: states[chunk].last_attempt_at if chunk in states else AT_ONCE)
    left = max(SCOPES_PER_REFRESH - sum(chunk.table == TOTALS for chunk in asked), 0)
    return [*(chunk for chunk in due if chunk.table != TOTALS), *totals[:left]]


def _scopes_with_settled_months(states: Mapping[Chunk, ChunkState], now: datetime) -> set[str]:
    return {
        chunk.scope_id
        for chunk, state in states.items()
        if chunk.month is not None
        and chunk.table in COST_TABLES
        and state.last_success_at is not None
        and closes_at(chunk.month) <= state.last_success_at <= now - SETTLED_FOR
    }
