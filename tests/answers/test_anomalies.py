"""Anomalies on estates that are made up: what is planted is found, and little else; one cause is one row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from tests.answers.charged import ANOMALIES, Charged, columns_of_charges
from tests.bench.bench_anomalies import evaluate

START = date(2026, 7, 6)
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 30)
DAYS = [START + timedelta(days=number) for number in range((LAST - START).days + 1)]
GROUP = "/subscriptions/one/resourcegroups/rg-shop/providers/microsoft.compute/virtualmachines/"

Cost = Callable[[date], float]


@pytest.fixture(scope="module")
def charged() -> Charged:
    marts = [*ANOMALIES, "cost_first_seen"]
    return Charged(columns_of_charges(), marts)


def charges(cost: Cost, service: str = "Storage", resource: str = "a", **more: Any) -> list[dict[str, Any]]:
    """Return a charge for each day on which there is a cost."""
    return [
        {
            "charge_period_start": day,
            "service_name": service,
            "resource_id": GROUP + resource,
            "sub_account_id": "/subscriptions/one",
            "billed_cost": Decimal(str(cost(day))),
            "effective_cost": Decimal(str(cost(day))),
            **more,
        }
        for day in DAYS
        if cost(day)
    ]


def weekly(day: date) -> float:
    """Return 100 on workdays and 30 on weekends, with a wobble of at most 2 %."""
    return (30 if day.weekday() > 4 else 100) + day.day % 3 - 1


def with_more(more: float, first: date, last: date = LAST) -> Cost:
    return lambda day: weekly(day) + (more if first <= day <= last else 0)


def found(
    charged: Charged, rows: list[dict[str, Any]], mart: str = "cost_anomalies", **more: Any
) -> list[dict[str, Any]]:
    charged.fill(rows)
    arguments = "".join(f", {name} := {value}" for name, value in more.items())
    return charged.rows(f"from marts.{mart}(charges.effective_cost, date '{FIRST}', date '{LAST}'{arguments})")


def test_recall_and_false_alarms_keep_their_bounds_on_seeds_not_tuned_on() -> None:
    figures = evaluate(range(2001, 2006))
    assert figures.planted.total() == 60
    assert figures.recall >= 0.95
    assert figures.false_per_month <= 1


def test_a_weekly_rhythm_is_usual(charged: Charged) -> None:
    assert found(charged, charges(weekly)) == []


def test_a_spike_has_its_exact_cost_and_resource(charged: Charged) -> None:
    day = date(2026, 10, 17)
    rows = charges(weekly, resource="quiet") + charges(with_more(250.125, day, day), resource="loud")
    (one,) = found(charged, rows)
    assert (one["anomaly_kind"], one["start_date"], one["end_date"], one["is_ongoing"]) == ("spike", day, day, False)
    assert one["resource_id"] == GROUP + "loud"
    assert one["cost"] == sum(row["effective_cost"] for row in rows if row["charge_period_start"] == day)
    assert one["impact"] == one["cost"] - one["usual_cost"]
    assert abs(one["impact"] - 250) < 5
    assert one["severity"] == "medium"


def test_a_weekend_as_dear_as_a_workday_is_a_spike_and_a_workday_is_not(charged: Charged) -> None:
    saturday = date(2026, 10, 10)
    (one,) = found(charged, charges(with_more(70, saturday, saturday)))
    assert one["start_date"] == saturday


def test_a_past_anomaly_neither_hides_the_next_nor_makes_usual_days_odd(charged: Charged) -> None:
    past = date(2026, 9, 15)
    again = date(2026, 10, 13)
    rows = charges(lambda day: weekly(day) + (400 if day in (past, past + timedelta(days=1), again) else 0))
    (one,) = found(charged, rows)
    assert (one["start_date"], one["end_date"]) == (again, again)


@pytest.mark.parametrize(
    ("cost", "kind"),
    [
        (with_more(60, date(2026, 10, 8)), "step"),
        (lambda day: weekly(day) + 5 * max((day - date(2026, 10, 5)).days, 0), "ramp"),
        (lambda day: weekly(day) if day < date(2026, 10, 20) else 0, "vanished"),
    ],
)
def test_the_other_kinds(charged: Charged, cost: Cost, kind: str) -> None:
    (one,) = found(charged, charges(cost) + charges(weekly, "Bandwidth", "other"))
    assert one["anomaly_kind"] == kind
    assert one["is_ongoing"]
    assert (one["impact"] < 0) is (kind == "vanished")


def test_a_service_seen_for_the_first_time(charged: Charged) -> None:
    begins = date(2026, 10, 12)
    rows = charges(weekly) + charges(lambda day: 40 if day >= begins else 0, "Azure OpenAI", "brain")
    (one,) = found(charged, rows)
    assert (one["anomaly_kind"], one["start_date"], one["resource_id"]) == ("new", begins, GROUP + "brain")
    assert one["impact"] == one["cost"] == 40 * ((LAST - begins).days + 1)


def test_services_of_one_resource_group_that_start_together_have_one_cause(charged: Charged) -> None:
    begins = date(2026, 10, 12)
    rows = charges(weekly)
    for service, cost in (("Virtual Machines", 80), ("Bandwidth", 30), ("Backup", 20)):
        rows += charges(lambda day, cost=cost: cost if day >= begins else 0, service, "new-vm")
    (one,) = found(charged, rows)
    assert one["service_names"] == "Backup, Bandwidth, Virtual Machines"
    assert one["resource_id"] == GROUP + "new-vm"
    assert one["impact"] == 130 * ((LAST - begins).days + 1)


def test_what_happens_on_the_same_day_of_each_month_is_usual_there(charged: Charged) -> None:
    assert found(charged, charges(lambda day: weekly(day) + (300 if day.day == 5 else 0))) == []


def test_purchases_and_refunds_are_no_anomaly(charged: Charged) -> None:
    rows = charges(weekly)
    day = {"charge_period_start": date(2026, 10, 20), "service_name": "Storage"}
    rows.append({**day, "billed_cost": Decimal(5000), "effective_cost": Decimal(5000), "charge_category": "Purchase"})
    rows.append({**day, "billed_cost": Decimal(-4000), "effective_cost": Decimal(-4000), "charge_category": "Credit"})
    assert found(charged, rows) == []


def test_little_money_is_not_mentioned(charged: Charged) -> None:
    day = date(2026, 10, 17)
    rows = charges(with_more(50, day, day))
    assert len(found(charged, rows)) == 1
    assert found(charged, rows, min_cost=60) == []


def test_first_regions_and_meters(charged: Charged) -> None:
    begins = date(2026, 10, 12)
    rows = charges(weekly, region_id="westeurope", sku_meter="LRS")
    rows += charges(lambda day: 25 if day >= begins else 0, resource="far", region_id="brazilsouth", sku_meter="LRS")
    rows += charges(lambda day: 35 if day >= begins else 0, resource="dear", region_id="westeurope", sku_meter="ZRS")
    seen = found(charged, rows, "cost_first_seen")
    assert sorted(
        (one["place_kind"], one["place_name"], one["first_charged"], one["cost_per_day"]) for one in seen
    ) == [
        ("meter", "Storage, ZRS", begins, Decimal(35)),
        ("region", "brazilsouth", begins, Decimal(25)),
    ]


def test_days_that_are_not_complete_are_not_judged(charged: Charged) -> None:
    day = date(2026, 10, 29)
    charged.connection.execute("insert into marts.cost_settled values ('/subscriptions/one', date '2026-10-28')")
    try:
        assert found(charged, charges(with_more(500, day, day))) == []
    finally:
        charged.connection.execute("delete from marts.cost_settled")
    assert len(found(charged, charges(with_more(500, day, day)))) == 1


@pytest.mark.parametrize(
    ("silent", "back"),
    [(7, date(2026, 8, 5)), (8, date(2026, 8, 5)), (14, date(2026, 8, 5)), (50, date(2026, 9, 1))],
)
def test_series_that_are_ready_for_more_days_say_the_same(charged: Charged, silent: int, back: date) -> None:
    """A service that comes back is judged from then on, where the ten weeks before begin in its silence."""
    step = with_more(70, date(2026, 10, 9))
    came_back = charges(lambda day: 0 if timedelta() < back - day <= timedelta(silent) else step(day))
    charged.fill([*came_back, *charges(weekly, "Compute", "b")])
    make_ready(charged, date(2026, 9, 14), date.max)
    for first, last in product((date(2026, 9, 14), FIRST), (date(2026, 10, 5), LAST)):
        for mart in ("cost_anomalies", "cost_anomaly_days"):
            call = f"from marts.{mart}(charges.effective_cost, date '{first}', date '{last}'"
            worked_out = rows_of(charged, f"{call})")
            assert rows_of(charged, f"{call}, series_of := 'ready')") == worked_out
    assert worked_out


def make_ready(charged: Charged, first: date, last: date) -> None:
    charged.connection.execute(
        "create or replace temp table ready as"
        f" from marts.cost_series(charges.effective_cost, date '{first}', date '{last}')"
    )


def rows_of(charged: Charged, sql: str) -> list[dict[str, Any]]:
    """Return rows in order, without the numbers of their series."""
    rows = [{name: value for name, value in row.items() if name != "series"} for row in charged.rows(sql)]
    return sorted(rows, key=str)


def test_a_condition_on_series_that_are_ready_is_one_on_their_charges(charged: Charged) -> None:
    more = charges(with_more(90, date(2026, 10, 1)), "Compute", "b")
    charged.fill([*charges(with_more(70, date(2026, 10, 9))), *more])
    make_ready(charged, FIRST, LAST)
    call = f"from marts.cost_anomalies(charges.effective_cost, date '{FIRST}', date '{LAST}'"
    one = "charges.service_name = 'Compute'"
    ready = charged.rows(f"{call}, keep := {one}, series_of := 'ready', keep_series := {one})")
    assert [row["service_names"] for row in ready] == ["Compute"]
    assert ready == charged.rows(f"{call}, keep := {one})")


def test_a_service_that_comes_back_after_ten_weeks_is_new(charged: Charged) -> None:
    silence = (date(2026, 7, 13), date(2026, 10, 12))
    came_back = charges(lambda day: 0 if silence[0] <= day < silence[1] else weekly(day))
    (one,) = found(charged, [*came_back, *charges(weekly, "Compute", "b")])
    assert (one["anomaly_kind"], one["service_names"], one["start_date"]) == ("new", "Storage", silence[1])


def test_what_no_subscription_pays_is_judged_by_billing_account(charged: Charged) -> None:
    day = date(2026, 10, 17)
    tenant = {"service": "Support", "sub_account_id": None}
    rows = charges(with_more(300, day, day), billing_account_id="100", **tenant)
    rows += charges(weekly, billing_account_id="200", **tenant) + charges(weekly, billing_account_id="100")
    (one,) = found(charged, rows)
    assert (one["sub_account_id"], one["billing_account_id"]) == (None, "100")
    assert (one["service_names"], one["start_date"], one["end_date"]) == ("Support", day, day)
    assert one["cost"] == sum(
        row["effective_cost"]
        for row in rows
        if row["charge_period_start"] == day and row["sub_account_id"] is None and row["billing_account_id"] == "100"
    )


def test_a_region_that_no_subscription_pays_is_first_seen_by_billing_account(charged: Charged) -> None:
    account = {"service": "Support", "sub_account_id": None, "billing_account_id": "100"}
    rows = charges(weekly, region_id="westeurope", **account)
    rows += charges(with_more(0, FIRST), region_id="eastus", **account)
    rows = [row for row in rows if row["region_id"] == "westeurope" or row["charge_period_start"] >= FIRST]
    (one,) = found(charged, rows, "cost_first_seen")
    assert (one["sub_account_id"], one["billing_account_id"], one["place_name"]) == (None, "100", "eastus")
