"""What did it cost: every dimension, filter and granularity against the local Azure's ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.cost import CostQuestion, answer_cost
from finops_lake.answers.cost_terms import ALIASES, DIMENSIONS, dimension_of, granularity_of, metric_of
from finops_lake.answers.filters import Condition, Filter
from finops_lake.app import App
from finops_lake.demo.model import Charge
from finops_lake.errors import EmptyLakeError, InputError
from finops_lake.lake.reader import LakeReader
from tests.conftest import TODAY, Refreshed

PERIOD = Period(date(2026, 10, 1), TODAY)


def ask(app: App, **more: Any) -> Answer:
    return answer_cost(app.lake, CostQuestion(**{"period": PERIOD, "limit": 10_000, **more}))


def by_key(answer: Answer) -> dict[tuple[Any, ...], Decimal]:
    return {row[:-1]: row[-1] for row in answer.rows}


def ledger(refreshed: Refreshed, *by: str, **more: Any) -> dict[tuple[Any, ...], Decimal]:
    return refreshed.azure.ledger.totals(by, "ActualCost", PERIOD.start, PERIOD.end, **more)


def test_by_service_daily(app: App, refreshed: Refreshed) -> None:
    expected = ledger(refreshed, "usage_date", "service_name", "currency")
    assert by_key(ask(app, granularity="daily")) == {
        (day, name or None, cur): v for (day, name, cur), v in expected.items()
    }


def test_by_subscription_monthly(app: App, refreshed: Refreshed) -> None:
    answer = ask(app, group_by=("subscription",), granularity="monthly")
    names = {row[2].rpartition("/")[2]: row[1] for row in answer.rows}
    listed = {one.subscription_id: one.display_name for one in refreshed.azure.world.estate.subscriptions}
    assert names == listed
    expected = ledger(refreshed, "month", "subscription_id", "currency")
    assert {(row[0], row[2].rpartition("/")[2], row[3]): row[4] for row in answer.rows} == expected


def test_no_grouping_gives_one_row_per_currency(app: App, refreshed: Refreshed) -> None:
    answer = ask(app, group_by=())
    assert by_key(answer) == ledger(refreshed, "currency")
    assert answer.columns == ("billing_currency", "billed_cost")


def test_location_comes_from_the_months_bill(app: App, refreshed: Refreshed) -> None:
    answer = ask(app, group_by=("location",))
    in_lake = {row[:2]: row[2] for row in answer.rows}
    expected: dict[tuple[Any, ...], Decimal] = {}
    for (location, resource, currency), amount in ledger(refreshed, "location", "resource_id", "currency").items():
        region = str(location).lower().replace(" ", "") if resource else ""
        key = (None if region in ("", "unassigned") else region, currency)
        expected[key] = expected.get(key, Decimal(0)) + amount
    assert in_lake == expected


def test_totals_count_the_rows_that_are_cut_off(app: App, refreshed: Refreshed) -> None:
    answer = ask(app, group_by=("resource",), limit=3)
    assert len(answer.rows) == 3
    assert answer.truncated
    assert answer.row_count == len(ledger(refreshed, "resource_id", "currency"))
    assert {total["billing_currency"]: total["billed_cost"] for total in answer.totals} == {
        currency: amount for (currency,), amount in ledger(refreshed, "currency").items()
    }
    assert "Only the largest rows" in " ".join(answer.notes)


def test_filters_of_one_key_are_alternatives_and_keys_must_all_hold(app: App, refreshed: Refreshed) -> None:
    answer = ask(
        app,
        group_by=("service",),
        dimensions=("Service=storage", "SERVICE=Virtual Machines", "Location=West Europe"),
    )
    place = set(by_key(answer))
    assert {key[0] for key in place} == {"Storage", "Virtual Machines"}
    only = ask(app, group_by=("location",), dimensions=("Location=westeurope",))
    assert {key[0] for key in by_key(only)} == {"westeurope"}


def test_charges_without_a_resource_can_be_asked_for(app: App, refreshed: Refreshed) -> None:
    answer = ask(app, group_by=(), dimensions=("ResourceId=",))
    expected = ledger(refreshed, "currency", where=lambda charge: not charge.line.resource_id)
    assert by_key(answer) == expected
    assert expected


def test_tag_filter_counts_tagged_resources_and_says_what_it_cannot_judge(app: App, refreshed: Refreshed) -> None:
    (key, value), *_ = app.lake.query(
        "select tag_key, tag_value from marts.resource_tags group by all"
        " order by count(*) desc, tag_key, tag_value limit 1"
    ).rows
    answer = ask(app, group_by=(), tags=(f"{key.upper()}={value}",))
    rows = app.lake.query(
        "select billing_currency, sum(billed_cost) from marts.charges where charge_period_start >= date '2026-10-01'"
        " and resource_id in (select resource_id from marts.resource_tags where tag_key = $key and tag_value = $value)"
        " group by all",
        {"key": key, "value": value},
    ).rows
    assert by_key(answer) == {(currency,): amount for currency, amount in rows}
    assert "Not judged by tag" in " ".join(answer.notes)
    assert ask(app, group_by=(), tags=(f"{key}={value.upper()}?",)).rows == ()


def test_values_are_data_and_not_sql(app: App) -> None:
    answer = ask(app, dimensions=("Service=x' or '1'='1",), tags=("env=v'); drop table x; --",))
    assert answer.rows == ()
    assert "x'' or ''1''=''1" in answer.sql


def test_the_sql_of_an_answer_runs_as_it_stands(app: App) -> None:
    answer = ask(
        app, group_by=("subscription", "resource_group"), granularity="monthly", dimensions=("Service=Storage",)
    )
    assert app.lake.query_user_sql(answer.sql, max_rows=None, timeout=None).rows == list(answer.rows)


def test_one_subscription_by_name_pattern_or_id(app: App, refreshed: Refreshed) -> None:
    one = refreshed.azure.world.estate.subscriptions[0]
    expected = {
        (currency,): amount
        for (guid, currency), amount in ledger(refreshed, "subscription_id", "currency").items()
        if guid == one.subscription_id
    }
    for word in (one.display_name.upper(), one.subscription_id, one.scope, one.display_name[:-2] + "*"):
        assert by_key(ask(app, subscriptions=(word,), group_by=())) == expected
    assert ask(app, subscriptions=("all",)).scopes.included == ask(app).scopes.included


def test_months_that_are_not_in_the_lake_are_missing_not_zero(app: App, refreshed: Refreshed) -> None:
    answer = ask(app, period=Period(date(2026, 8, 1), TODAY), group_by=())
    assert len(answer.scopes.missing) == 4
    for scope in answer.scopes.missing:
        assert (scope.outcome, scope.reason) == ("not_loaded", "1 month of the period not in the lake.")
        assert "refresh --months" in str(scope.next_step)


def test_a_settled_period_has_no_open_days(app: App) -> None:
    assert ask(app, period=Period(date(2026, 9, 1), date(2026, 9, 30))).open_days is None
    assert ask(app).open_days == Period(date(2026, 11, 1), TODAY)


def test_the_envelope_is_plain_json(app: App) -> None:
    envelope = ask(app, group_by=("service",)).as_dict()
    assert envelope["columns"] == ["service_name", "billing_currency", "billed_cost"]
    assert all(isinstance(row[2], str) for row in envelope["rows"])
    assert envelope["currency"] is None
    assert len(envelope["currencies"]) == 3
    assert envelope["as_of"] == "2026-11-23T09:00:00Z"
    assert envelope["scopes"]["included_count"] == 4
    assert envelope["scopes"]["missing"] == []
    assert "never" not in envelope
    assert any("3 currencies" in note for note in envelope["notes"])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"subscriptions": ("Contoso Prodction",)}, "did you mean 'Contoso Production'"),
        ({"group_by": ("servis",)}, "did you mean service"),
        ({"group_by": ("colour",)}, "llowed are subscription, service"),
        ({"group_by": ("tag:",)}, "the key of a tag is needed"),
        ({"tags": ("envv=prod",)}, "did you mean env"),
        ({"tags": ("zzz=prod",)}, "the lake knows the tag keys"),
        ({"top": 0}, "from 1 to 1000"),
        ({"top": 3, "group_by": ()}, "group_by must name"),
        ({"compare_to": "last_yaer"}, "did you mean same_period_last_year"),
        ({"compare_to": "last_month", "granularity": "daily"}, "use total"),
        ({"filters": (Filter(()),)}, "at least one condition"),
        ({"filters": (Filter((Condition("service", "contians", ("a",)),)),)}, "did you mean contains"),
        ({"filters": (Filter((Condition("servce", "in", ("a",)),)),)}, "did you mean service"),
        ({"filters": (Filter((Condition("service"),)),)}, "values are needed"),
        ({"filters": (Filter((Condition("service", "is_empty", ("a",)),)),)}, "takes no values"),
        ({"dimensions": ("Service",)}, "Key=Value is needed"),
        ({"tags": ("=x",)}, "Key=Value is needed"),
        ({"metric": "net"}, "llowed are billed_cost"),
        ({"granularity": "hourly"}, "allowed are total, monthly, daily, weekly, quarterly"),
        ({"limit": 0}, "from 1 to 10000"),
    ],
)
def test_wrong_words_say_what_is_allowed(app: App, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask(app, **more)


def test_every_alias_means_a_dimension() -> None:
    assert all(dimension_of(alias.upper()).name == name for alias, name in ALIASES.items())
    assert {dimension_of(name).name for name in DIMENSIONS} == set(DIMENSIONS)
    assert metric_of("Actual") == "billed_cost"
    assert metric_of("AmortizedCost") == "effective_cost"
    assert granularity_of("accumulated") == "total"


def test_an_empty_lake_says_how_to_fill_it(tmp_path: Any) -> None:
    with pytest.raises(EmptyLakeError, match="finops-lake refresh"):
        answer_cost(LakeReader(tmp_path), CostQuestion(PERIOD))


def test_the_ledger_has_what_these_tests_are_about(refreshed: Refreshed) -> None:
    def charges() -> list[Charge]:
        return list(refreshed.azure.ledger.between(PERIOD.start, PERIOD.end))

    kinds = {charge.line.charge_type for charge in charges()}
    assert {"Usage", "Purchase", "Refund"} <= kinds
    assert any(charge.actual_cost < 0 for charge in charges())
