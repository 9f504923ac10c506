"""Sums, top and other, shares, comparisons and filters against an independent engine: plain Python decimals."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.comparison import same_period_last_month, same_period_last_year
from finops_lake.answers.cost import CostQuestion, answer_cost
from finops_lake.answers.filters import Condition, Filter, read_filters, written_filters
from finops_lake.app import App
from tests.conftest import TODAY, Refreshed

FIRST = date(2026, 9, 1)
"""The lake of these tests holds three months."""

COLUMNS = ("charge_period_start", "service_name", "region_id", "x_resource_group_name", "billing_currency")
DIMENSION_OF = {"service": "service_name", "location": "region_id", "resource_group": "x_resource_group_name"}


@dataclass(frozen=True)
class Charge:
    """A charge as the independent engine sees it."""

    day: date
    texts: Mapping[str, str | None]
    currency: str
    billed: Decimal


@pytest.fixture(scope="module")
def charges(refreshed: Refreshed) -> list[Charge]:
    """Every charge of the lake, read row by row: all sums of these tests are made in Python."""
    app = App(refreshed.settings)
    listed = ", ".join(COLUMNS)
    rows = app.lake.query(f"select {listed}, billed_cost from marts.charges where billed_cost is not null").rows
    app.close()
    return [Charge(row[0], dict(zip(COLUMNS[1:4], row[1:4], strict=True)), row[4], row[5]) for row in rows]


def ask(app: App, **more: Any) -> Answer:
    return answer_cost(app.lake, CostQuestion(**{"period": Period(FIRST, TODAY), "limit": 10_000, **more}))


def records(answer: Answer) -> list[dict[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def summed(
    charges: list[Charge], period: Period, *by: str, keep: Callable[[Charge], bool] = lambda _: True
) -> dict[tuple[Any, ...], Decimal]:
    found: dict[tuple[Any, ...], Decimal] = {}
    for charge in charges:
        if period.start <= charge.day <= period.end and keep(charge):
            key = (*(charge.texts[DIMENSION_OF[one]] for one in by), charge.currency)
            found[key] = found.get(key, Decimal(0)) + charge.billed
    return found


days = st.integers(0, (TODAY - FIRST).days).map(lambda number: FIRST + timedelta(days=number))
periods = st.tuples(days, days).map(lambda pair: Period(min(pair), max(pair)))
groups = st.lists(st.sampled_from(sorted(DIMENSION_OF)), unique=True, min_size=1, max_size=3).map(tuple)
quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@quick
@given(period=periods, by=groups, top=st.integers(1, 8))
def test_top_and_other_add_up_to_the_total(
    app: App, charges: list[Charge], period: Period, by: tuple[str, ...], top: int
) -> None:
    expected = summed(charges, period, *by)
    answer = ask(app, period=period, group_by=by, top=top)
    totals = {total["billing_currency"]: total["billed_cost"] for total in answer.totals}
    assert totals == {key[0]: amount for key, amount in summed(charges, period).items()}
    for currency, total in totals.items():
        rows = [row for row in records(answer) if row["billing_currency"] == currency]
        named = {tuple(row[DIMENSION_OF[one]] for one in by): row for row in rows if not row["is_other"]}
        others = [row for row in rows if row["is_other"]]
        amounts = sorted((amount for key, amount in expected.items() if key[-1] == currency), reverse=True)
        assert sorted((row["billed_cost"] for row in named.values()), reverse=True) == amounts[:top]
        assert all(expected[(*key, currency)] == row["billed_cost"] for key, row in named.items())
        assert [row["billed_cost"] for row in others] == ([sum(amounts[top:])] if amounts[top:] else [])
        assert [row["group_count"] for row in others] == ([len(amounts) - top] if amounts[top:] else [])
        assert sum(row["billed_cost"] for row in rows) == total


@quick
@given(period=periods, by=groups, top=st.none() | st.integers(1, 5))
def test_shares_add_up_to_exactly_a_hundred(
    app: App, charges: list[Charge], period: Period, by: tuple[str, ...], top: int | None
) -> None:
    answer = ask(app, period=period, group_by=by, top=top, shares=True)
    totals = {total["billing_currency"]: total["billed_cost"] for total in answer.totals}
    for currency, total in totals.items():
        rows = [row for row in records(answer) if row["billing_currency"] == currency]
        if not total:
            assert all(row["share_percent"] is None for row in rows)
            continue
        assert sum(row["share_percent"] for row in rows) == 100
        for row in rows:
            assert abs(row["share_percent"] - 100 * row["billed_cost"] / total) <= Decimal("0.01")


@quick
@given(period=periods, other=periods, by=groups)
def test_a_comparison_adds_up(
    app: App, charges: list[Charge], period: Period, other: Period, by: tuple[str, ...]
) -> None:
    now, before = summed(charges, period, *by), summed(charges, other, *by)
    answer = ask(app, period=period, compare_period=other, group_by=by)
    found = {
        (*(row[DIMENSION_OF[one]] for one in by), row["billing_currency"]): (
            row["billed_cost"],
            row["previous_billed_cost"],
            row["change"],
        )
        for row in records(answer)
    }
    assert found == {
        key: (now.get(key, 0), before.get(key, 0), now.get(key, Decimal(0)) - before.get(key, Decimal(0)))
        for key in {*now, *before}
    }
    for total in answer.totals:
        rows = [key for key in found if key[-1] == total["billing_currency"]]
        assert total["change"] == sum(found[key][2] for key in rows)
        assert total["change"] == total["billed_cost"] - total["previous_billed_cost"]


texts = st.sampled_from(["Storage", "storage", "Virtual Machines", "vir", "net", "westeurope", "West Europe", "", "x"])
conditions = st.builds(
    Condition,
    dimension=st.sampled_from(sorted(DIMENSION_OF)),
    operator=st.sampled_from(["in", "not_in", "contains", "starts_with"]),
    values=st.lists(texts, min_size=1, max_size=3).map(tuple),
    negated=st.booleans(),
) | st.builds(
    Condition,
    dimension=st.sampled_from(sorted(DIMENSION_OF)),
    operator=st.sampled_from(["is_empty", "is_not_empty"]),
    negated=st.booleans(),
)


def holds(condition: Condition, charge: Charge) -> bool:
    """Say by Python alone whether a charge meets a condition."""
    text = (charge.texts[DIMENSION_OF[condition.dimension]] or "").lower()
    wanted = [value.lower() for value in condition.values]
    if condition.dimension == "location":
        wanted = [value.replace(" ", "") for value in wanted]
    result = {
        "in": text in wanted,
        "not_in": text not in wanted,
        "contains": any(value in text for value in wanted),
        "starts_with": any(text.startswith(value) for value in wanted),
        "is_empty": text == "",
        "is_not_empty": text != "",
    }[condition.operator]
    return result != condition.negated


@quick
@given(filters=st.lists(st.lists(conditions, min_size=1, max_size=3).map(lambda some: Filter(tuple(some))), max_size=3))
def test_filters_keep_what_python_keeps(app: App, charges: list[Charge], filters: list[Filter]) -> None:
    def keep(charge: Charge) -> bool:
        return all(any(holds(condition, charge) for condition in one.any_of) for one in filters)

    answer = ask(app, filters=tuple(filters))
    found = {(row["service_name"], row["billing_currency"]): row["billed_cost"] for row in records(answer)}
    assert found == summed(charges, Period(FIRST, TODAY), "service", keep=keep)


def test_weeks_start_on_monday_and_quarters_with_their_month(app: App, charges: list[Charge]) -> None:
    weeks: dict[tuple[Any, ...], Decimal] = {}
    quarters: dict[tuple[Any, ...], Decimal] = {}
    for charge in charges:
        if charge.day < FIRST:
            continue
        monday = charge.day - timedelta(days=charge.day.weekday())
        quarter = date(charge.day.year, 3 * ((charge.day.month - 1) // 3) + 1, 1)
        weeks[monday, charge.currency] = weeks.get((monday, charge.currency), Decimal(0)) + charge.billed
        quarters[quarter, charge.currency] = quarters.get((quarter, charge.currency), Decimal(0)) + charge.billed
    assert {row[:2]: row[2] for row in ask(app, group_by=(), granularity="weekly").rows} == weeks
    assert {row[:2]: row[2] for row in ask(app, group_by=(), granularity="quarter").rows} == quarters


def test_a_tag_is_a_dimension_with_its_untagged_rest(app: App, refreshed: Refreshed) -> None:
    answer = ask(app, group_by=("tag:ENV",))
    assert answer.columns == ("tag:env", "billing_currency", "billed_cost")
    values = {row[0] for row in answer.rows}
    assert {"prod", None} <= values
    whole = {total["billing_currency"]: total["billed_cost"] for total in ask(app, group_by=()).totals}
    assert {total["billing_currency"]: total["billed_cost"] for total in answer.totals} == whole
    prod = ask(app, group_by=(), tags=("env=prod",))
    assert {row[0]: row[1] for row in prod.rows} == {row[1]: row[2] for row in answer.rows if row[0] == "prod"}
    untagged = ask(app, group_by=(), filters=(Filter((Condition("tag:env", "is_empty"),)),))
    assert {row[0]: row[1] for row in untagged.rows} == {row[1]: row[2] for row in answer.rows if row[0] is None}
    assert app.lake.query_user_sql(answer.sql, max_rows=None, timeout=None).rows == list(answer.rows)


def test_what_the_query_does_not_tell_is_null_and_said(app: App) -> None:
    answer = ask(app, group_by=("meter",))
    assert {row[0] for row in answer.rows} == {None}
    assert any("does not tell meter" in note for note in answer.notes)
    unknown = ask(app, group_by=(), metric="list_cost")
    assert {row[-1] for row in unknown.rows} == {None}
    assert any("list_cost is not known for charges of" in note for note in unknown.notes)


def test_azures_dollars_are_one_total_and_labelled(app: App) -> None:
    answer = ask(app, group_by=(), metric="billed_cost_usd")
    expected = app.lake.query(
        "select sum(x_billed_cost_usd) from marts.charges where charge_period_start >= $1", [FIRST]
    )
    assert answer.rows == (("USD", expected.rows[0][0]),)
    assert answer.currencies == ("USD",)
    assert any("Azure's own US dollar figure" in note for note in answer.notes)


def test_a_compared_period_that_is_not_loaded_is_unknown_not_zero(app: App) -> None:
    answer = ask(app, period=Period(FIRST, TODAY), compare_to="same_period_last_year")
    assert {row["previous_billed_cost"] for row in records(answer)} == {None}
    assert {row["change"] for row in records(answer)} == {None}
    assert {total["change"] for total in answer.totals} == {None}
    assert any(note.startswith("Nothing of the compared period") for note in answer.notes)


@given(start=st.dates(date(2020, 1, 1), date(2027, 1, 1)), length=st.integers(0, 400), in_year=st.booleans())
def test_the_same_days_of_another_month(start: date, length: int, in_year: bool) -> None:
    period = Period(start, start + timedelta(days=length))
    moved = same_period_last_year(period) if in_year else same_period_last_month(period)
    assert moved.start <= moved.end
    months = (period.end.year * 12 + period.end.month) - (moved.end.year * 12 + moved.end.month)
    assert months == (12 if in_year else 1)
    if period.end.day == calendar.monthrange(period.end.year, period.end.month)[1]:
        assert moved.end.day == calendar.monthrange(moved.end.year, moved.end.month)[1]


def test_why_there_is_no_row(app: App) -> None:
    told = " ".join(ask(app, dimensions=("service=Storge",)).notes)
    assert "NO COST: the period was loaded" in told
    assert "No charge has service 'Storge'; the nearest is 'Storage'." in told
    told = " ".join(ask(app, period=Period(date(2026, 1, 1), date(2026, 1, 31))).notes)
    assert "NOT LOADED: nothing of the period is in the lake" in told
    assert "The lake holds 2026-09 to 2026-11" in told
    tomorrow = TODAY + timedelta(days=1)
    assert "NOT YET PUBLISHED" in " ".join(ask(app, period=Period(tomorrow, tomorrow)).notes)


def test_filters_as_objects_and_as_written_mean_the_same() -> None:
    objects = read_filters(
        [
            {"dimension": "service", "operator": "not_in", "values": ["Storage"]},
            {"dimension": "tag:env", "operator": "contains", "values": ["pr"]},
            {"dimension": "location", "operator": "starts_with", "values": "west"},
        ]
    )
    plain, written = written_filters(["service != Storage", "tag:env~pr", "location^=west", "resource=/a=b~c"])
    assert written == objects
    assert plain == ("resource=/a=b~c",)
    assert written_filters(["service!="])[1] == (Filter((Condition("service", "is_not_empty"),)),)
