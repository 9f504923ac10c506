"""What a refresh will ask, why, with how many calls, and for how long: known before the first call."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from finops_lake.app import App
from finops_lake.azure_api.throttle import spent_of
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import Outcome
from finops_lake.extract import catalog
from finops_lake.journal import Journal
from finops_lake.limits import Draw, Spent
from finops_lake.planner.due import ChunkState, Demand, Policy, chunks_of, due_chunks
from finops_lake.planner.plan import RefreshPlan, Why, bound_seconds, make_plan
from finops_lake.planner.planning import plan_ahead
from finops_lake.refresh.progress import Progress
from finops_lake.source import Api, Chunk, Source, months_back
from tests.conftest import settings_for

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DISKS = Source("disks", "Disks.", pa.schema([("a", pa.string())]), ("a",), timedelta(hours=1), {"a": "a."})
COST = Source(
    *("cost", "Cost.", DISKS.schema, ("a",), timedelta(hours=4), {"a": "a."}, True),
    metrics=("ActualCost", "AmortizedCost"),
    api=Api.COST_QUERY,
)
SOURCES = {"disks": DISKS, "cost": COST}
NOVEMBER = Chunk("cost", "/subscriptions/1", date(2026, 11, 1), "ActualCost")


def nothing_spent(names: Iterable[str]) -> dict[str, Spent]:
    return {name: Spent() for name in names}


def plan_for(subscriptions: int, months: int, *, paced: bool = True) -> RefreshPlan:
    scopes = [f"/subscriptions/{number}" for number in range(subscriptions)]
    policy = Policy(NOW, months)
    due = due_chunks(chunks_of(SOURCES.values(), scopes, (), policy, Demand()), SOURCES, {}, policy, Demand())
    return make_plan(due, SOURCES, {}, Demand(), NOW, spent=nothing_spent if paced else None)


def test_plan_takes_as_long_as_the_scarcest_limit_allows() -> None:
    """Ten subscriptions: 20 queries a minute for the sign-in, 260 queries."""
    plan = plan_for(10, 13)
    assert (len(plan.steps), plan.calls) == (270, 270)
    assert plan.seconds == pytest.approx(12 * 60 + 10, abs=0.1), "the last 20 go as 12 and, 10 s later, 8"
    assert bound_seconds(plan.steps) == 12 * 60
    assert plan_for(1, 13).seconds == pytest.approx(6 * 60, rel=0.01), "4 a minute for one scope"


def test_hour_of_query_units_bounds_a_large_tenant_and_planning_it_is_quick() -> None:
    """500 subscriptions x 13 months x 2 metrics = 13,000 months of data, 600 an hour: 21 hours after the first 600."""
    started = time.perf_counter()
    plan = plan_for(500, 13)
    assert plan.seconds == pytest.approx(21 * 3600, rel=0.02)
    assert time.perf_counter() - started < 60


def test_time_left_shrinks_with_what_is_done() -> None:
    plan = plan_for(1, 13)
    left = [plan.seconds_left(done) for done in range(len(plan.steps) + 1)]
    assert left[0] == plan.seconds
    assert left == sorted(left, key=lambda seconds: -(seconds or 0))
    assert left[-1] == 0
    assert plan_for(1, 13, paced=False).seconds_left(3) is None


def test_what_was_spent_before_makes_the_plan_longer() -> None:
    def spent(names: Iterable[str]) -> dict[str, Spent]:
        books = nothing_spent(names)
        for _ in range(4):
            books["cost/entity/subscriptions/1"].add(990.0, 1)
        return books

    plan = make_plan([NOVEMBER], SOURCES, {}, Demand(), NOW, spent=spent, now=1000.0)
    assert plan.seconds == pytest.approx(50, abs=0.01)


@pytest.mark.parametrize(
    ("state", "demand", "why", "calls"),
    [
        (None, Demand(), Why.NEW, 1),
        (ChunkState(Outcome.LOADED, NOW, NOW - timedelta(days=1), 7), Demand(), Why.STALE, 7),
        (ChunkState(Outcome.LOADED, NOW, NOW, 7), Demand(force=True), Why.FORCED, 7),
        (ChunkState(Outcome.DENIED, NOW, None, 1), Demand(retry_refused=True), Why.FAILED, 1),
    ],
)
def test_step_says_why_and_expects_the_calls_of_the_last_time(
    state: ChunkState | None, demand: Demand, why: Why, calls: int
) -> None:
    states = {} if state is None else {NOVEMBER: state}
    (step,) = make_plan([NOVEMBER], SOURCES, states, demand, NOW).steps
    assert (step.why, step.calls, step.api) == (why, calls, Api.COST_QUERY)


def test_lines_group_by_scope_and_api() -> None:
    lines = plan_for(2, 3).lines()
    assert [(line.scope_id, line.api, line.tables, line.chunks) for line in lines] == [
        ("/subscriptions/0", Api.ARM, ("disks",), 1),
        ("/subscriptions/1", Api.ARM, ("disks",), 1),
        ("/subscriptions/0", Api.COST_QUERY, ("cost",), 6),
        ("/subscriptions/1", Api.COST_QUERY, ("cost",), 6),
    ]
    assert lines[2].seconds == 60


def test_widest_scope_comes_first_within_a_month() -> None:
    scopes = [
        "/subscriptions/1/resourcegroups/g",
        "/subscriptions/1",
        "/providers/microsoft.billing/billingaccounts/9",
        "/providers/microsoft.billing/billingaccounts/9/billingprofiles/p",
    ]
    policy = Policy(NOW, 2)
    chunks = chunks_of([COST], scopes, (), policy, Demand())
    due = due_chunks(chunks, SOURCES, {}, policy, Demand())
    wanted = [scopes[2], scopes[3], scopes[1], scopes[0]]
    assert list(dict.fromkeys(chunk.scope_id for chunk in due if chunk.month == date(2026, 11, 1))) == wanted
    assert due[0].month == date(2026, 11, 1)
    assert due[-1].month == date(2026, 10, 1)


def test_progress_tells_the_time_left_where_it_is_worth_telling() -> None:
    assert Progress(1, 9, "cost daily", 601).words == "cost daily (about 11 min left)"
    assert Progress(1, 9, "cost daily", 12).words == "cost daily"
    assert Progress(1, 9, "cost daily").words == "cost daily"


APIS = {source.table: source.api for source in catalog.SOURCES}


def calls_made(app: App) -> Counter[str]:
    """Count the calls that are noted, in the lake and in the journal, by table."""
    noted = app.lake.query("select operation, count(*) from meta.api_calls group by all").rows
    return Counter(dict(noted)) + Counter(call.operation for call in app.journal.calls()[1])


def planned_calls(app: App, demand: Demand) -> Counter[str]:
    plan = plan_ahead(app.settings, lambda sql: app.lake.query(sql).rows, app.journal, demand)
    found: Counter[str] = Counter()
    for step in plan.steps:
        found[step.chunk.table] += step.calls
    return +found


def by_api(calls: Counter[str]) -> Counter[Api]:
    found: Counter[Api] = Counter()
    for table, count in calls.items():
        found[APIS[table]] += count
    return found


def test_plan_counts_the_calls_that_a_refresh_then_makes(azure: LocalAzure, tmp_path: Path) -> None:
    """Of all that is known no call more and none less; of what was never loaded but for the pages nobody knows of."""
    app = App(settings_for(azure, tmp_path))
    app.refresher().refresh(Demand(tables=frozenset({"subscriptions"})))
    before, first = calls_made(app), planned_calls(app, Demand())
    app.refresher().refresh(Demand())
    filled = calls_made(app)
    again = planned_calls(app, Demand(force=True))
    app.refresher().refresh(Demand(force=True))
    made = calls_made(app) - filled
    app.close()
    assert again == made
    assert by_api(again)[Api.RESOURCE_GRAPH] == 3 + 2 + 1, "one question at a time for all subscriptions"
    assert by_api(again)[Api.COST_QUERY] == by_api(first)[Api.COST_QUERY] == 3 * 3 * 3, (
        "subscriptions, months, readings and regions"
    )
    unknown = (filled - before) - first
    assert set(unknown) == {"resources", "retail_prices"}, "further pages, and prices of what is not known yet"
    assert first - (filled - before) == Counter()


def test_calls_that_scopes_share_are_counted_once_for_each_batch() -> None:
    graph = replace(DISKS, table="graph", api=Api.RESOURCE_GRAPH, calls=3, batch=300)
    chunks = [Chunk("graph", f"/subscriptions/{number}") for number in range(301)]
    plan = make_plan(chunks, {"graph": graph}, {}, Demand(), NOW, spent=nothing_spent)
    assert plan.calls == 6
    assert [(line.scope_id, line.chunks, line.calls) for line in plan.lines()] == [
        ("300 scopes", 300, 3),
        ("/subscriptions/300", 1, 3),
    ]
    loaded = {chunk: ChunkState(Outcome.LOADED, NOW, NOW, 0) for chunk in chunks}
    loaded[chunks[0]] = ChunkState(Outcome.LOADED, NOW, NOW, 7)
    assert make_plan(chunks, {"graph": graph}, loaded, Demand(), NOW).calls == 7 + 3
    assert plan.leaves == tuple(sorted(plan.leaves)), "what comes along leaves with its question"


def test_plan_knows_what_the_throttle_has_learned(tmp_path: Path) -> None:
    """A larger limit that Azure's headers showed shortens it, a 429 that holds everybody back makes it longer."""
    journal, now = Journal(tmp_path), 1000.0
    chunks = [replace(NOVEMBER, month=month) for month in months_back(NOW.date(), 13)]
    bucket = "cost/entity/subscriptions/1"

    def plan() -> RefreshPlan:
        return make_plan(chunks, SOURCES, {}, Demand(), NOW, spent=lambda names: spent_of(journal, names, now), now=now)

    assert plan().seconds == pytest.approx(180, rel=0.01)
    assert plan().lines()[0].seconds == 180
    with journal.buckets() as buckets:
        buckets.allow(bucket, 30, now)
    assert plan().seconds == pytest.approx(10, rel=0.01), "now the query units bound it: 12 in 10 s"
    assert plan().lines()[0].seconds == 10
    with journal.buckets() as buckets:
        buckets.hold(bucket, now + 45)
    assert plan().seconds == pytest.approx(55, rel=0.01)


def test_draws_of_a_step_are_what_the_throttle_books() -> None:
    from finops_lake.azure_api.metering import metered

    (step,) = make_plan([NOVEMBER], SOURCES, {}, Demand(), NOW).steps
    url = "https://h/subscriptions/1/providers/Microsoft.CostManagement/query?api-version=1"
    body = '{"timePeriod": {"from": "2026-11-01T00:00:00Z", "to": "2026-11-30T23:59:59Z"}}'
    booked: tuple[Draw, ...] = metered("POST", url, body)
    assert step.draws == booked
