"""The ledger: the same for the same seed, exact, late, restated."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from finops_lake.demo.estate import build_estate
from finops_lake.demo.ledger import Ledger
from finops_lake.demo.model import EstateSpec
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import InputError
from tests.demo.clients import SIZE, TODAY, Clients, query_body

MARCH = date(2026, 3, 1)


def keyed(rows):
    return {(row["UsageDate"], row["ResourceId"], row["ServiceName"], row["Currency"]): row["Cost"] for row in rows}


def pull(azure, clients, place=0, month=MARCH, kind="ActualCost"):
    return keyed(
        clients.query_rows(f"/subscriptions/{azure.subscription_ids[place]}", query_body(month, kind=kind), top=5000)
    )


def answers(**changes):
    with LocalAzure(**{**SIZE, **changes}) as azure:
        clients = Clients(azure)
        scope = f"/subscriptions/{azure.subscription_ids[0]}"
        texts = [
            clients.query_page(scope, query_body()).text(),
            clients.send("GET", f"{scope}/providers/Microsoft.Compute/virtualMachines").text(),
            clients.send("GET", f"{scope}/providers/Microsoft.Consumption/budgets").text(),
        ]
        clients.close()
        return [text.replace(azure.endpoint, "") for text in texts]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    first, second, other = answers(), answers(), answers(seed=2)
    assert first == second
    assert all(ours != theirs for ours, theirs in zip(first, other, strict=True))


def test_a_longer_history_or_more_subscriptions_do_not_change_the_first_ones():
    small, large = (build_estate(EstateSpec(TODAY, subscriptions=count, resources=5)) for count in (3, 6))
    assert small.subscriptions == large.subscriptions[:3]
    assert len({item.subscription_id for item in large.subscriptions}) == 6


def test_thirteen_calendar_months_are_the_default():
    ledger = Ledger(build_estate(EstateSpec(TODAY, resources=1, subscriptions=1)))
    assert ledger.months()[0] == date(2025, 3, 1)
    assert len(ledger.months()) == 13


def test_days_of_history_can_be_chosen():
    ledger = Ledger(build_estate(EstateSpec(TODAY, resources=1, subscriptions=1, days=10)))
    days = {charge.usage_date for charge in ledger.between(date.min, date.max)}
    assert (min(days), max(days)) == (date(2026, 3, 6), TODAY)


@pytest.mark.parametrize(
    ("field", "value"),
    [("subscriptions", 0), ("resources", -1), ("days", 0), ("currencies", ("XXX",)), ("currencies", ())],
)
def test_impossible_sizes_are_refused_by_name(field, value):
    with pytest.raises(InputError, match=field):
        EstateSpec(**{"today": TODAY, field: value})


def test_resources_of_all_subscriptions_can_be_scaled():
    small, large = (build_estate(EstateSpec(TODAY, subscriptions=1, resources=count)) for count in (10, 100))
    assert len(large.resources) - len(small.resources) >= 90


def test_workdays_cost_more_than_weekends_and_use_grows():
    ledger = Ledger(build_estate(EstateSpec(TODAY, subscriptions=2, resources=30)))
    busy = ledger.totals(
        ("usage_date",),
        first=date(2026, 2, 2),
        last=date(2026, 2, 22),
        where=lambda charge: charge.line.rhythm == "busy",
    )
    weekdays = [cost for (day,), cost in busy.items() if day.weekday() < 5]
    weekends = [cost for (day,), cost in busy.items() if day.weekday() >= 5]
    assert min(weekdays) > max(weekends)
    months = ledger.totals(("month",), where=lambda charge: charge.line.growth > 0)
    assert months[(date(2026, 2, 1),)] / 28 > months[(date(2025, 3, 1),)] / 31


def test_today_is_a_part_of_a_day_and_completed_tomorrow(own_azure):
    disk = next(item for item in own_azure.truth.findings("unattached_disks", "waste") if item.billed_cost)
    today = own_azure.truth.cost_of(disk.resource_id, TODAY, TODAY)
    yesterday = own_azure.truth.cost_of(disk.resource_id, TODAY - timedelta(days=1), TODAY - timedelta(days=1))
    assert {name: cost * Decimal("2.5") for name, cost in today.items()} == yesterday
    assert own_azure.advance() == TODAY + timedelta(days=1)
    assert own_azure.truth.cost_of(disk.resource_id, TODAY, TODAY) == yesterday


def test_charges_of_the_last_three_days_arrive_late(own_azure, own_clients):
    before = pull(own_azure, own_clients)
    own_azure.advance(3)
    after = pull(own_azure, own_clients)
    arrived = {int(key[0]) for key in after.keys() - before.keys() if key[0] <= 20260314}
    assert arrived
    assert min(arrived) >= 20260312
    unchanged = [key for key in before if key[0] < 20260312]
    assert all(before[key] == after[key] for key in unchanged)


@pytest.mark.parametrize("kind", ["ActualCost", "AmortizedCost"])
def test_a_restatement_changes_adds_and_removes_rows_and_is_written_down(own_azure, own_clients, kind):
    before = pull(own_azure, own_clients, kind=kind)
    changes = own_azure.restate(own_azure.subscription_ids[0])
    after = pull(own_azure, own_clients, kind=kind)
    assert {item.kind for item in changes} == {"changed", "vanished", "late"}
    amount = "actual_cost" if kind == "ActualCost" else "amortized_cost"
    expected: dict[object, Decimal] = {}
    for item in changes:
        line = item.charge.line
        day = Decimal(f"{item.charge.usage_date:%Y%m%d}")
        key = (day, line.resource_id, line.service_name, line.currency)
        old, new = (getattr(charge, amount) if charge else Decimal(0) for charge in (item.before, item.after))
        expected[key] = expected.get(key, Decimal(0)) + new - old
    moved = {
        key: after.get(key, Decimal(0)) - before.get(key, Decimal(0))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }
    assert moved == expected
    assert before.keys() - after.keys()
    assert after.keys() - before.keys()
    assert own_azure.truth.restated == tuple(changes)


def test_each_restatement_is_another_one_and_the_ledger_agrees_with_the_wire(own_azure, own_clients):
    pulls = [pull(own_azure, own_clients)]
    for _ in range(2):
        own_azure.restate()
        pulls.append(pull(own_azure, own_clients))
    assert pulls[0] != pulls[1] != pulls[2]
    totals = own_azure.truth.totals(("currency",), "ActualCost", MARCH, TODAY)
    wire = sum((cost for place in range(3) for cost in pull(own_azure, own_clients, place).values()), Decimal(0))
    assert wire == sum(totals.values())


def test_restatements_are_the_same_for_the_same_seed():
    texts = []
    for _ in range(2):
        with LocalAzure(**SIZE) as azure:
            texts.append([(item.kind, item.charge[:1], item.charge[2:]) for item in azure.restate()])
    assert texts[0] == texts[1]


def test_the_month_before_is_restated_until_the_fifth():
    with LocalAzure(**{**SIZE, "today": date(2026, 3, 4)}) as azure:
        assert {item.charge.usage_date.month for item in azure.restate()} == {2}
        azure.advance(6)
        assert {item.charge.usage_date.month for item in azure.restate()} == {3}


def test_other_months_can_be_restated_too(own_azure):
    changes = own_azure.restate(own_azure.subscription_ids[1], date(2026, 1, 20))
    assert {item.charge.usage_date.month for item in changes} == {1}
    assert own_azure.restate(month=date(2024, 1, 1)) == []


def test_ordinary_amounts_survive_a_double_as_real_ones_do():
    ledger = Ledger(build_estate(EstateSpec(TODAY, subscriptions=2, resources=10, days=40)))
    for charge in ledger.between(date.min, date.max):
        assert Decimal(repr(float(charge.actual_cost))) == charge.actual_cost


def test_months_that_memory_cannot_hold_are_made_again_alike(monkeypatch):
    estate = build_estate(EstateSpec(TODAY, subscriptions=2, resources=5, days=60))
    plenty = Ledger(estate).totals()
    monkeypatch.setattr("finops_lake.demo.ledger.HELD_CHARGES", 10)
    assert Ledger(estate).totals() == plenty
