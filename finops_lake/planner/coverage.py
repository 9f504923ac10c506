"""What a refresh covers: which scopes, and for each of them which tables, the source of its cost among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from finops_lake.config import Settings
from finops_lake.planner.due import TENANT_SCOPE, ChunkState, Demand, Policy, chunks_of
from finops_lake.planner.filed import FILED_SQL, FiledMonth, filed_months
from finops_lake.planner.sourcing import CostChoice, ScopeFacts, choose, not_given, tables_by_scope
from finops_lake.scopes import CostScope, kind_of
from finops_lake.source import Chunk, Source

Query = Callable[[str], Sequence[tuple[Any, ...]]]

COST_TABLES = frozenset({"cost_daily", "cost_resource_locations", "cost_details", "usage_details"})
TOTALS = "cost_monthly_totals"
"""The raw table of Azure's own totals, asked of every scope whose cost Azure is asked for."""

BILLING_ACCOUNTS = Chunk("billing_accounts", TENANT_SCOPE)

QUOTAS_SQL = "select sub_account_id, quota_id from staging.subscriptions"
AGREEMENTS_SQL = "select billing_account_id, agreement_type from staging.billing_accounts"


def choices_of(
    settings: Settings,
    subscriptions: Sequence[str],
    query: Query,
    states: Mapping[Chunk, ChunkState],
    *,
    since: datetime | None = None,
) -> list[CostChoice]:
    """Return the source of cost for every subscription and every further scope that is set; see sourcing.choose.

    Where Azure's source is chosen by us, months that files of bills cover are left out: see filed.py.
    """
    quotas: dict[str, str | None] = dict(query(QUOTAS_SQL))
    agreements: dict[str, str | None] = dict(query(AGREEMENTS_SQL))
    facts = [
        ScopeFacts(scope, quotas.get(_subscription_of(scope)), _agreement_of(scope, agreements))
        for scope in dict.fromkeys([*subscriptions, *settings.scopes])
    ]
    now = settings.utc_now()
    choices = choose(facts, settings.cost_source, states, now, since=since)
    if settings.cost_source != "auto":
        return choices
    filed = filed_months((FiledMonth(*row) for row in query(FILED_SQL)), now)
    return [_with_files(choice, filed) for choice in choices]


def _with_files(choice: CostChoice, filed: Sequence[FiledMonth]) -> CostChoice:
    """Return the choice with the months that files cover, and the reason for both."""
    mine = [one for one in filed if one.covers(choice.scope_id)]
    if not mine:
        return choice
    months = tuple(sorted({one.month for one in mine}))
    span = f"{months[0]:%Y-%m}" + (f" to {months[-1]:%Y-%m}" if len(months) > 1 else "")
    since = min(one.since for one in mine)
    reason = f"exports cover {span} since {since:%Y-%m-%d}; other months by {choice.reason}"
    return replace(choice, reason=reason, covered_months=months)


def covered(
    sources: Iterable[Source],
    subscriptions: Sequence[str],
    others: Sequence[str],
    choices: Iterable[CostChoice],
    policy: Policy,
    demand: Demand,
) -> list[Chunk]:
    """Return every chunk a demand covers, due or not: tables of cost for the scopes that were chosen for them."""
    choices = list(choices)
    chosen = tables_by_scope(choices)
    filed = {(one.scope_id, month) for one in choices for month in one.covered_months}
    found: list[Chunk] = []
    for source in sources:
        if source.table in COST_TABLES:
            asked = [scope for scope, tables in chosen.items() if source.table in tables]
            chunks = chunks_of([source], asked, others, policy, demand)
            found += [chunk for chunk in chunks if (chunk.scope_id, chunk.month) not in filed]
        elif source.table == TOTALS:
            found += chunks_of([source], [scope for scope, tables in chosen.items() if tables], others, policy, demand)
        else:
            found += chunks_of([source], subscriptions, others, policy, demand)
    return found


def cost_source_rows(choices: Iterable[CostChoice]) -> list[tuple[Any, ...]]:
    """Return the choices as rows of meta.cost_sources."""
    return [
        (
            one.scope_id,
            one.source,
            sorted(one.tables),
            one.reason,
            one.agreement,
            not_given(one),
            list(one.covered_months),
        )
        for one in choices
    ]


def _subscription_of(scope: str) -> str:
    return "/".join(scope.split("/")[:3])


def _agreement_of(scope: str, agreements: Mapping[str, str | None]) -> str | None:
    """Return the agreement of a billing scope by its account, where that may be read."""
    if kind_of(scope) in (CostScope.SUBSCRIPTION, CostScope.RESOURCE_GROUP, CostScope.MANAGEMENT_GROUP):
        return None
    return agreements.get("/".join(scope.split("/")[:5]))
