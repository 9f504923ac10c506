"""Effects of a change, recomputed charge by charge in plain decimals: they add up exactly, and each is the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_lake.answers.reasons import EFFECTS
from tests.answers.charged import Charged, columns_of_charges

BASE = (date(2026, 9, 1), date(2026, 9, 30))
PERIOD = (date(2026, 10, 1), date(2026, 10, 31))
CALL = (
    "select * from marts.cost_changes(charges.service_name, charges.billed_cost, date '2026-09-01', date '2026-09-30',"
    " date '2026-10-01', date '2026-10-31', groups := {groups})"
)
CHANGES = (
    *("compared_charges", "cost_change_levels", "cost_change_items", "cost_change_effects"),
    *("cost_changes_of", "cost_changes"),
)
OF_KIND = {"purchase": "purchase_effect", "refund": "refund_effect"}
EIGHT = Decimal("0.00000001")
KINDS = {"Usage": "usage", "Purchase": "purchase", "Credit": "refund", "Adjustment": "adjustment", "Tax": "tax"}

Charge = Mapping[str, Any]


@pytest.fixture(scope="module")
def charged() -> Charged:
    return Charged(columns_of_charges(), ["kinds_of", "charge_kinds", *CHANGES])


amounts = st.decimals(-1000, 100_000, places=9, allow_nan=False, allow_infinity=False)
quantities = st.none() | st.decimals(0, 5000, places=4, allow_nan=False, allow_infinity=False)
charges = st.fixed_dictionaries(
    {
        "charge_period_start": st.integers(0, 65).map(lambda days: date(2026, 8, 30) + timedelta(days=days)),
        "resource_id": st.sampled_from([None, "/vm/a", "/vm/b", "/vm/c"]),
        "service_name": st.sampled_from(["Storage", "Virtual Machines", None]),
        "x_meter_id": st.sampled_from(["m1", "m2", None]),
        "consumed_unit": st.sampled_from(["Hours", "Hours", "GB", None]),
        "billing_currency": st.sampled_from(["EUR", "USD"]),
        "charge_category": st.sampled_from(["Usage", "Usage", "Usage", "Purchase", "Credit", "Adjustment", "Tax"]),
        "billed_cost": amounts,
        "consumed_quantity": quantities,
    }
)


def at_price(cost: Decimal, now: Decimal, then: Decimal) -> Decimal:
    """Return a cost at another quantity, cut to 8 decimals as the mart cuts it."""
    with localcontext() as context:
        context.prec = 90
        rounded = [one.quantize(EIGHT, ROUND_HALF_UP) for one in (cost, now, then)]
        return (rounded[0] * rounded[1] / rounded[2]).quantize(EIGHT, ROUND_DOWN)


def reference(found: Sequence[Charge]) -> dict[tuple[Any, str], dict[str, Decimal]]:
    """Return the effects by service and currency, from the definitions in words."""
    things: dict[tuple[Any, ...], dict[tuple[Any, ...], list[tuple[bool, Charge]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for one in found:
        is_now = PERIOD[0] <= one["charge_period_start"] <= PERIOD[1]
        if is_now or BASE[0] <= one["charge_period_start"] <= BASE[1]:
            thing = (one["service_name"], one["billing_currency"], one["resource_id"], KINDS[one["charge_category"]])
            things[thing][one["x_meter_id"], one["consumed_unit"]].append((is_now, one))
    effects: dict[tuple[Any, str], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(EFFECTS, Decimal(0)))
    metered: dict[tuple[Any, str, str], list[list[tuple[bool, Charge]]]] = defaultdict(list)
    for (service, currency, _, kind), meters in things.items():
        place = effects[service, currency]
        sides = {is_now for lines in meters.values() for is_now, _ in lines}
        for (_, unit), lines in meters.items():
            difference = cost(lines, now=True) - cost(lines, now=False)
            if kind != "usage":
                place[OF_KIND.get(kind, "other_effect")] += difference
            elif sides == {True}:
                place["new_cost"] += difference
            elif sides == {False}:
                place["gone_cost"] += difference
            elif unit is None or any(one["consumed_quantity"] is None for _, one in lines):
                place["changed_cost"] += difference
            else:
                metered[service, currency, unit].append(lines)
    for (service, currency, _), items in metered.items():
        _split(effects[service, currency], items)
    return effects


def _split(place: dict[str, Decimal], items: Sequence[Sequence[tuple[bool, Charge]]]) -> None:
    before, after = (sum((cost(lines, now=now) for lines in items), Decimal(0)) for now in (False, True))
    then, now = (sum((used(lines, now=side) for lines in items), Decimal(0)) for side in (False, True))
    priced = [lines for lines in items if used(lines, now=False) > 0]
    at_old_price = [at_price(cost(one, now=False), used(one, now=True), used(one, now=False)) for one in priced]
    price = sum((cost(one, now=True) for one in priced), Decimal(0)) - sum(at_old_price, Decimal(0))
    quantity = Decimal(0)
    if then > 0:
        average = at_price(before, now, then)
        close = abs(average - sum(at_old_price, Decimal(0))) < Decimal("0.000001")
        quantity = (sum(at_old_price, Decimal(0)) if close else average) - before
    place["price_effect"] += price
    place["quantity_effect"] += quantity
    place["mix_effect"] += after - before - price - quantity


def cost(lines: Sequence[tuple[bool, Charge]], *, now: bool) -> Decimal:
    return sum((one["billed_cost"] for is_now, one in lines if is_now is now), Decimal(0))


def used(lines: Sequence[tuple[bool, Charge]], *, now: bool) -> Decimal:
    return sum((one["consumed_quantity"] for is_now, one in lines if is_now is now), Decimal(0))


@settings(max_examples=150, deadline=None)
@given(found=st.lists(charges, max_size=40), groups=st.integers(1, 4))
def test_effects_add_up_and_equal_a_second_engine(charged: Charged, found: list[Charge], groups: int) -> None:
    charged.fill(found)
    rows = charged.rows(CALL.format(groups=groups))
    for row in rows:
        assert sum(row[name] for name in EFFECTS) == row["difference"] == row["period_cost"] - row["base_cost"]
    expected = reference(found)
    listed = [row for row in rows if row["level"] == "group"]
    for row in listed:
        assert {name: row[name] for name in EFFECTS} == expected[row["place"], row["billing_currency"]]
    totals = {row["billing_currency"]: row for row in rows if row["level"] == "total"}
    assert set(totals) == {currency for _, currency in expected}
    for currency, total in totals.items():
        parts = [row for row in rows if row["level"] in ("group", "other") and row["billing_currency"] == currency]
        assert sum(row["group_count"] for row in parts) == total["group_count"]
        for name in ("base_cost", "period_cost", *EFFECTS):
            assert sum(row[name] for row in parts) == total[name]
        assert total["difference"] == sum(
            (sum(effects.values()) for (_, one), effects in expected.items() if one == currency), Decimal(0)
        )


@settings(max_examples=60, deadline=None)
@given(found=st.lists(charges, max_size=40))
def test_resources_that_changed_most_come_first_with_their_days(charged: Charged, found: list[Charge]) -> None:
    charged.fill(found)
    rows = [row for row in charged.rows(CALL.format(groups=9)) if row["level"] == "resource"]
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    days: dict[tuple[Any, ...], set[date]] = defaultdict(set)
    for one in found:
        day = one["charge_period_start"]
        service = None if one["resource_id"] else one["service_name"]
        key = (one["billing_currency"], one["resource_id"], service)
        if BASE[0] <= day <= PERIOD[1]:
            sums[key] += one["billed_cost"] * (1 if day >= PERIOD[0] else -1)
            days[key].add(day)
    changed = {key: amount for key, amount in sums.items() if amount}
    keys = [(row["billing_currency"], row["resource_id"], row["service_name"]) for row in rows]
    assert len(keys) == min(10, len(changed))
    for row, key in zip(rows, keys, strict=True):
        assert row["difference"] == changed[key]
        assert row["base_days"] + row["period_days"] == len(days[key])
    for currency in {key[0] for key in keys}:
        left = [abs(amount) for key, amount in changed.items() if key[0] == currency and key not in keys]
        kept = [abs(changed[key]) for key in keys if key[0] == currency]
        assert max(left, default=Decimal(0)) <= min(kept)
