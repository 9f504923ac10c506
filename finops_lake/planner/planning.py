"""From what a lake knows to what a refresh asks for: its states, its subscriptions, and the plan that follows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from finops_lake.config import Settings
from finops_lake.errors import InputError, Outcome
from finops_lake.journal import Journal
from finops_lake.limits import Spent
from finops_lake.planner.closed_months import MOVES_SQL, with_few_totals, with_moves
from finops_lake.planner.coverage import BILLING_ACCOUNTS, choices_of, covered
from finops_lake.planner.due import TENANT_SCOPE, ChunkState, Demand, Policy, due_chunks
from finops_lake.planner.plan import RefreshPlan, make_plan
from finops_lake.source import Chunk

SUBSCRIPTIONS = Chunk("subscriptions", TENANT_SCOPE)
"""What every refresh must know first, because it decides what else there is to ask for."""

FIRST_LISTINGS = (SUBSCRIPTIONS, BILLING_ACCOUNTS)

STATES_SQL = """select table_name, scope_id, month, metric, last_outcome, last_attempt_at, last_success_at,
    coalesce(calls, 1), last_reason
from meta.chunks"""

SUBSCRIPTIONS_SQL = """select sub_account_id, sub_account_name from staging.subscriptions
where coalesce(state, '') <> 'Deleted' order by sub_account_id"""


def policy_of(settings: Settings) -> Policy:
    """Return the clock and ages that these settings ask for."""
    max_age = settings.max_age_seconds
    return Policy(settings.utc_now(), settings.history_months, None if max_age is None else timedelta(seconds=max_age))


def states_of(rows: Sequence[tuple[Any, ...]]) -> dict[Chunk, ChunkState]:
    """Return the states that STATES_SQL gives."""
    return {Chunk(*row[:4]): ChunkState(Outcome(row[4]), *row[5:]) for row in rows}


def choose_subscriptions(found: Sequence[tuple[str, str]], wanted: Sequence[str]) -> list[str]:
    """Return the scopes of the wanted subscriptions (ids or names, without case); all where none is named.

    Raises InputError naming what was found when one is unknown.
    """
    chosen = [] if wanted else [scope for scope, _ in found]
    for word in wanted:
        key = word.lower().strip("/").removeprefix("subscriptions/")
        matches = [scope for scope, name in found if scope.endswith(f"/{key}") or name.lower() == key]
        if not matches:
            names = ", ".join(name for _, name in found) or "none"
            raise InputError("subscriptions", word, f"this sign-in sees: {names}")
        chosen += matches
    return list(dict.fromkeys(chosen))


def other_scopes(settings: Settings) -> list[str]:
    """Return the scopes that are read beside subscriptions."""
    from finops_lake.extract.scopes import normal_scope

    return [normal_scope(scope) for scope in settings.budget_scopes]


def first_listings(settings: Settings) -> list[Chunk]:
    """Return what is listed before anything else, because it decides what else there is to ask for, and of whom."""
    return list(FIRST_LISTINGS) if settings.cost_source == "auto" else [SUBSCRIPTIONS]


def listing_demand(demand: Demand) -> Demand:
    """Return the demand by which the subscriptions are listed, which every refresh needs to know."""
    forced = demand.force and (demand.tables is None or SUBSCRIPTIONS.table in demand.tables)
    return Demand(force=forced, retry_refused=True)


SWITCHED = ("retail_prices", "price_sheet", "resource_metrics")
"""What is asked for only where settings switch it on: prices and metrics of what the other tables name."""


def switched_off(settings: Settings) -> dict[str, str]:
    """Return the tables that these settings ask Azure for nothing of, and how that is changed."""
    off = {}
    if settings.price_list is None:
        off["retail_prices"] = (
            "no list of prices is asked; see FINOPS_LAKE_RETAIL_PRICES and FINOPS_LAKE_RETAIL_PRICES_ENDPOINT"
        )
    if not settings.price_sheet:
        off["price_sheet"] = "price sheets are off; FINOPS_LAKE_PRICE_SHEET=true switches them on"
    if not settings.metrics:
        off["resource_metrics"] = "metrics are off; FINOPS_LAKE_METRICS=true switches them on"
    return off


def tables_asked_for(settings: Settings) -> list[str]:
    """Return the raw tables that a refresh by these settings may ask Azure for."""
    from finops_lake.extract.catalog import FETCHED

    off = switched_off(settings)
    return [*(source.table for source in FETCHED), *(table for table in SWITCHED if table not in off)]


def check_tables(settings: Settings, tables: Iterable[str], argument: str) -> None:
    """Raise InputError for a table that is not asked for by these settings, naming the nearest, or how it would be.

    `argument` is what the user knows the tables by.
    """
    known, off = tables_asked_for(settings), switched_off(settings)
    for table in sorted(tables):
        if table in off:
            raise InputError(argument, table, off[table])
        if table not in known:
            near = get_close_matches(table, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(argument, table, f"{hint}allowed are {', '.join(known)}")


def paced_by(settings: Settings, journal: Journal, now: float) -> Callable[[Iterable[str]], Mapping[str, Spent]] | None:
    """Return how to look up what was spent of Azure's limits; None where calls are not paced."""
    from finops_lake.azure_api.throttle import spent_of

    return (lambda names: spent_of(journal, names, now)) if settings.pace_calls else None


def plan_ahead(
    settings: Settings, query: Callable[[str], Sequence[tuple[Any, ...]]], journal: Journal, demand: Demand
) -> RefreshPlan:
    """Return what a refresh would do by what a lake knows, without asking Azure anything.

    Raises InputError for a subscription that the lake does not know.
    """
    from finops_lake.extract.catalog import FETCHED
    from finops_lake.extract.price_sheet import SOURCE as SHEETS
    from finops_lake.extract.resource_metrics import SOURCE as METRICS
    from finops_lake.extract.retail_prices import SOURCE as PRICES
    from finops_lake.planner.measuring import metrics_due
    from finops_lake.planner.price_sheets import sheets_due
    from finops_lake.planner.pricing import prices_due

    states = with_moves(states_of(query(STATES_SQL)), query(MOVES_SQL))
    policy, sources = policy_of(settings), {one.table: one for one in FETCHED}
    found = [(scope, name or "") for scope, name in query(SUBSCRIPTIONS_SQL)]
    chosen = choose_subscriptions(found, settings.subscriptions)
    tenant = due_chunks(first_listings(settings), sources, states, policy, listing_demand(demand))
    choices = choices_of(settings, chosen, query, states) if found else []
    chunks = covered(FETCHED, chosen, other_scopes(settings), choices, policy, demand)
    due = [chunk for chunk in due_chunks(chunks, sources, states, policy, demand) if chunk not in FIRST_LISTINGS]
    due = with_few_totals(due, states, policy.now)
    prices = {} if settings.price_list is None or not found else prices_due(query, policy.now, demand)
    sheets = sheets_due(query, chosen, states, policy, demand) if settings.price_sheet and found else []
    metrics = metrics_due(query, chosen, states, policy, demand, with_rows=False) if settings.metrics and found else {}
    expected = {chunk: wanted.calls for chunk, wanted in prices.items() if chunk not in states}
    expected |= {chunk: wanted.calls for chunk, wanted in metrics.items()}
    now = time.time()
    return make_plan(
        [*tenant, *due, *prices, *metrics, *sheets],
        {**sources, **{one.table: one for one in (PRICES, METRICS, SHEETS)}},
        states,
        demand,
        policy.now,
        spent=paced_by(settings, journal, now),
        now=now,
        is_listing_first=SUBSCRIPTIONS in tenant,
        expected=expected,
    )


def plan_without_lake(settings: Settings, journal: Journal, demand: Demand) -> RefreshPlan:
    """Return what a refresh would do first where there is no lake: it lists the subscriptions, then plans on."""
    return plan_ahead(settings.model_copy(update={"subscriptions": ()}), lambda sql: [], journal, demand)
