"""A closed month is asked for once more when Azure's own total of it moved, and never otherwise; over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.demo import results
from finops_lake.demo.model import Charge
from finops_lake.demo.query import Query
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import Outcome
from finops_lake.planner.closed_months import SCOPES_PER_REFRESH, with_few_totals, with_moves
from finops_lake.planner.due import ChunkState, Demand, closes_at
from finops_lake.planner.plan import Why
from finops_lake.planner.planning import plan_ahead
from finops_lake.refresh.report import RefreshReport
from finops_lake.source import Chunk
from tests.conftest import NOW, TODAY, set_sign_in, settings_for

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
COST = frozenset({"subscriptions", "cost_daily", "cost_resource_locations", "cost_monthly_totals"})
DAY = timedelta(hours=25)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAzure]:
    with LocalAzure(today=TODAY, subscriptions=2, resources=3, days=84) as azure:
        set_sign_in(monkeypatch, azure)
        yield azure
        assert azure.crashes == []


@pytest.fixture
def refresh(azure: LocalAzure, tmp_path: Path) -> Callable[..., RefreshReport]:
    """Refresh the same home at some instant, and forget what Azure was asked before."""

    def run(now: datetime, **more: object) -> RefreshReport:
        azure.forget_requests()
        app = app_at(azure, tmp_path, now)
        try:
            return app.refresher().refresh(Demand(tables=COST, **more))  # type: ignore[arg-type]
        finally:
            app.close()

    return run


def app_at(azure: LocalAzure, home: Path, now: datetime) -> App:
    return App(settings_for(azure, home, FINOPS_LAKE_NOW=now.isoformat(), FINOPS_LAKE_COST_SOURCE="query"))


def asked(report: RefreshReport) -> set[tuple[str, str, date | None]]:
    """Return what was asked for of the totals and of closed months."""
    chunks = {(one.chunk.table, one.chunk.scope_id, one.chunk.month) for one in report.results}
    return {one for one in chunks if one[0] == "cost_monthly_totals" or (one[2] or TODAY) < date(2026, 11, 1)}


def totals_of(azure: LocalAzure) -> set[tuple[str, str, None]]:
    return {("cost_monthly_totals", f"/subscriptions/{name}", None) for name in azure.subscription_ids}


def test_exactly_the_restated_month_of_the_scope_is_asked_once_more_and_told(azure, refresh, tmp_path):
    first = refresh(NOW)
    assert not {one for one in asked(first) if one[0] == "cost_monthly_totals"}, "what was just loaded needs no check"
    scope = azure.world.estate.subscriptions[0]
    changes = azure.restate(scope.subscription_id, SEPTEMBER)
    moved = {(table, scope.scope, SEPTEMBER) for table in ("cost_daily", "cost_resource_locations")}
    assert asked(refresh(NOW + DAY)) == totals_of(azure) | moved
    assert len([one for one in azure.requests if one.operation == "query"]) == 2 + 3 + 2 * 3, (
        "two totals, the moved month by three questions, and of each subscription the running month"
    )
    app = app_at(azure, tmp_path, NOW + DAY)
    learned = app.lake.query(
        "select sum(billed_cost_change), min(learned_at), min(billing_month), max(billing_month),"
        f" min(x_scope_id), max(x_scope_id) from marts.cost_restatements where charge_date < date '{OCTOBER}'"
    ).rows
    expected = sum(
        (one.after.actual_cost if one.after else 0) - (one.before.actual_cost if one.before else 0) for one in changes
    )
    assert learned == [(expected, NOW + DAY, SEPTEMBER, SEPTEMBER, scope.scope, scope.scope)]
    rows = app.lake.query(
        "select max(abs(difference)), list(distinct month order by month) from meta.cost_totals"
        " where lake_cost is not null"
    ).rows
    assert rows[0][0] < Decimal("0.000001")
    assert rows[0][1] == [SEPTEMBER, OCTOBER]
    app.close()
    assert asked(refresh(NOW + 2 * DAY)) == totals_of(azure), "once is enough"


def test_totals_that_stay_ask_for_no_month_write_nothing_and_wait_a_day(azure, refresh):
    refresh(NOW)
    assert asked(refresh(NOW + DAY)) == totals_of(azure)
    assert asked(refresh(NOW + DAY + timedelta(hours=5))) == set()
    again = refresh(NOW + 2 * DAY)
    assert asked(again) == totals_of(azure)
    assert again.generation is None


def test_a_total_that_never_agrees_with_the_rows_asks_for_them_once_per_new_total(azure, refresh, monkeypatch):
    """Azure's total holds a charge that no row has, as where a source tells less than the bill."""
    surplus = [Decimal(7)]
    sums = results._sums

    def with_surplus(charges: list[Charge], query: Query, lines: object, name: str) -> dict[results.Key, Decimal]:
        found = sums(charges, query, lines, name)  # type: ignore[arg-type]
        if query.granularity != "Monthly":
            return found
        return {key: value + surplus[0] if key[0] == OCTOBER else value for key, value in found.items()}

    monkeypatch.setattr(results, "_sums", with_surplus)
    refresh(NOW)
    months = [{month for table, _, month in asked(refresh(NOW + times * DAY)) if month} for times in (1, 2, 3)]
    assert months == [{OCTOBER}, set(), set()]
    surplus[0] = Decimal(8)
    azure.world.pages.clear()
    months = [{month for table, _, month in asked(refresh(NOW + times * DAY)) if month} for times in (4, 5)]
    assert months == [{OCTOBER}, set()]


def test_a_moved_month_that_failed_stays_due_until_it_is_loaded(azure, refresh, tmp_path):
    refresh(NOW)
    scope = azure.world.estate.subscriptions[0]
    azure.restate(scope.subscription_id, OCTOBER)
    app = app_at(azure, tmp_path, NOW + DAY)
    app.refresher().refresh(Demand(tables=frozenset({"cost_monthly_totals"})))
    plan = plan_ahead(app.settings, lambda sql: app.lake.query(sql).rows, app.journal, Demand(tables=COST))
    app.close()
    moved = {(step.chunk.scope_id, step.why) for step in plan.steps if step.chunk.month == OCTOBER}
    assert moved == {(scope.scope, Why.MOVED)}
    azure.faults.add("denied", operation="query", subscription=scope.subscription_id, times=None)
    refresh(NOW + DAY)
    azure.faults.clear()
    report = refresh(NOW + DAY, retry_refused=True)
    loaded = {(one.chunk.scope_id, one.chunk.month) for one in report.results if one.outcome is Outcome.LOADED}
    assert (scope.scope, OCTOBER) in loaded


def states(scopes: int, looked_at: dict[int, datetime]) -> dict[Chunk, ChunkState]:
    closed = closes_at(OCTOBER)
    known = {
        Chunk("cost_daily", f"/subscriptions/{number:02}", OCTOBER, "ActualCost"): ChunkState(
            Outcome.LOADED, closed, closed
        )
        for number in range(scopes)
    }
    for number, moment in looked_at.items():
        known[total(number)] = ChunkState(Outcome.LOADED, moment, moment)
    return known


def total(number: int) -> Chunk:
    return Chunk("cost_monthly_totals", f"/subscriptions/{number:02}")


def test_few_scopes_are_looked_at_in_one_refresh_those_longest_ago_first_and_last_in_the_plan():
    looked_at = {number: NOW - timedelta(days=2, hours=number) for number in range(15)}
    other = Chunk("disks", "/subscriptions/00")
    due = [*(total(number) for number in range(16)), other]
    chosen = with_few_totals(due, states(16, looked_at), NOW)
    assert chosen == [other, total(15), *(total(number) for number in range(14, 5, -1))]
    assert len(chosen) == SCOPES_PER_REFRESH + 1
    rest = with_few_totals([total(0), total(1), total(2)], states(16, looked_at), NOW, chosen[:9])
    assert rest == [total(2), total(1)], "ten together with those asked for before"


def test_only_scopes_with_closed_months_that_were_loaded_a_day_ago_are_looked_at():
    fresh = {Chunk("cost_daily", "/subscriptions/00", OCTOBER, "ActualCost"): ChunkState(Outcome.LOADED, NOW, NOW)}
    assert with_few_totals([total(0)], fresh, NOW + timedelta(hours=23)) == []
    assert with_few_totals([total(0)], fresh, NOW + timedelta(hours=24)) == [total(0)]
    early = closes_at(OCTOBER) - timedelta(hours=1)
    settling = {
        Chunk("cost_daily", "/subscriptions/00", OCTOBER, "ActualCost"): ChunkState(Outcome.LOADED, early, early)
    }
    assert with_few_totals([total(0)], settling, NOW) == []


def test_only_rows_older_than_the_total_have_moved():
    closed = closes_at(OCTOBER)
    chunk = Chunk("cost_daily", "/subscriptions/00", OCTOBER, "ActualCost")
    other = Chunk("disks", "/subscriptions/00")
    known = {chunk: ChunkState(Outcome.LOADED, closed, closed), other: ChunkState(Outcome.LOADED, closed, closed)}
    later = closed + timedelta(seconds=1)
    assert [
        one for one, state in with_moves(known, [("/subscriptions/00", OCTOBER, later)]).items() if state.has_moved
    ] == [chunk]
    assert with_moves(known, [("/subscriptions/00", OCTOBER, closed)]) == known
    assert with_moves(known, [("/subscriptions/01", OCTOBER, datetime.max.replace(tzinfo=UTC))]) == known
