"""Whose price sheet a lake needs: one of each directory's Enterprise Agreement, by any subscription of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from finops_lake.extract.price_sheet import SOURCE
from finops_lake.planner.due import ChunkState, Demand, Policy, due_at
from finops_lake.source import Chunk

AGREED_SQL = """select tenant_id, sub_account_id
from staging.subscriptions
where lower(quota_id) like 'enterpriseagreement%' and lower(state) = 'enabled'
order by all"""
"""Azure has one sheet for all subscriptions of an enrolment; a directory nearly always has one enrolment."""

Query = Callable[[str], Sequence[tuple[Any, ...]]]


def sheets_due(
    query: Query, subscriptions: Collection[str], states: Mapping[Chunk, ChunkState], policy: Policy, demand: Demand
) -> list[Chunk]:
    """Return the price sheets to ask for now: of each directory by its first subscription, once in a month.

    A subscription whose sheet is held stays the one that is asked, as long as it is there.
    """
    if demand.tables is not None and SOURCE.table not in demand.tables:
        return []
    chosen: dict[str, Chunk] = {}
    for tenant_id, scope_id in query(AGREED_SQL):
        chunk = Chunk(SOURCE.table, scope_id)
        first = chosen.get(tenant_id)
        if scope_id in subscriptions and (first is None or (chunk in states and first not in states)):
            chosen[tenant_id] = chunk
    return [
        chunk
        for chunk in chosen.values()
        if due_at(chunk, SOURCE, states.get(chunk), policy, demand) <= policy.now + demand.ahead
    ]
