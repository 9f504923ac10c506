"""Chargeback adds up to the whole, and equals what plain Python integers give."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal, localcontext

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_lake.allocation.rules import Allocation, Split, VirtualTag
from finops_lake.allocation.views import chargeback_text

MONTH = date(2026, 11, 1)
OWNERS = ("web", "shop", "data", "platform")
UNIT = 10**24

Row = tuple[str, str, Decimal]
amounts = st.decimals(Decimal("-1e6"), Decimal("1e6"), places=24, allow_nan=False, allow_infinity=False)
rows = st.lists(st.tuples(st.sampled_from(OWNERS), st.sampled_from(("EUR", "USD")), amounts), min_size=1, max_size=12)
splits = st.one_of(
    st.just(Split("team", "platform", "even", ("web", "shop", "data"))),
    st.just(Split("team", "platform", "proportional", ())),
    st.just(Split("team", "platform", "proportional", ("web", "data"))),
    st.integers(0, 1_000_000).map(
        lambda part: Split(
            "team",
            "platform",
            "fixed",
            ("web", "shop"),
            {"web": Decimal(part) / 10_000, "shop": 100 - Decimal(part) / 10_000},
        )
    ),
)


def charged_back(charges: list[Row], split: Split) -> dict[tuple[str, str], Decimal]:
    """Return what the SQL gives by owner and currency."""
    connection = duckdb.connect()
    connection.execute(
        "create schema marts; create table marts.charges_virtual (x_virtual_team varchar, billing_month date,"
        " billing_currency varchar, billed_cost decimal(38, 24), effective_cost decimal(38, 24))"
    )
    connection.executemany(
        "insert into marts.charges_virtual values (?, ?, ?, ?, null)",
        [(owner, MONTH, currency, cost) for owner, currency, cost in charges],
    )
    text = chargeback_text(Allocation((VirtualTag("team", "(none)", ()),), (split,)))
    found = connection.execute(
        "select owner, billing_currency, billed_cost, effective_cost, direct_billed_cost + shared_billed_cost"
        f" from ({text})"
    ).fetchall()
    connection.close()
    assert all(row[3] is None and row[2] == row[4] for row in found)
    return {(row[0], row[1]): row[2] for row in found}


def recomputed(charges: list[Row], split: Split) -> dict[tuple[str, str], Decimal]:
    """Return the same in Python's whole numbers of the 24th decimal."""
    costs: dict[tuple[str, str], int] = defaultdict(int)
    for owner, currency, cost in charges:
        costs[owner, currency] += int(cost * UNIT)
    result = dict(costs)
    for currency in {key[1] for key in costs}:
        pool = costs.get((split.value, currency))
        present = [key[0] for key in costs if key[1] == currency and key[0] != split.value]
        sharers = list(split.targets) or sorted(present)
        if pool is None or not sharers:
            continue
        shares = shared(pool, sharers, {one: costs.get((one, currency), 0) for one in sharers}, split)
        for owner, share in shares.items():
            result[owner, currency] = result.get((owner, currency), 0) + share
        result[split.value, currency] = pool - sum(shares.values())
    with localcontext(prec=60):
        return {key: Decimal(units) / UNIT for key, units in result.items()}


def shared(pool: int, sharers: list[str], costs: dict[str, int], split: Split) -> dict[str, int]:
    """Return the shares by largest remainder; proportions are cut to 15 digits."""
    weights = dict.fromkeys(sharers, 1)
    if split.percent:
        weights = {one: int(split.percent[one] * 10_000) for one in sharers}
    elif split.by == "proportional":
        bases = {one: max(costs[one], 0) // 10**18 for one in sharers}
        whole = sum(bases.values())
        if whole:
            weights = {one: bases[one] * 10**15 // whole for one in sharers}
    total = sum(weights.values())
    exact = {one: divmod(abs(pool) * weights[one], total) for one in sharers}
    left = abs(pool) - sum(whole for whole, _ in exact.values())
    lucky = sorted(sharers, key=lambda one: (-exact[one][1], one))[:left]
    sign = -1 if pool < 0 else 1
    return {one: sign * (exact[one][0] + (one in lucky)) for one in sharers}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows, splits)
def test_every_split_equals_plain_python_and_adds_up_to_the_whole(charges: list[Row], split: Split) -> None:
    with localcontext(prec=60):
        found = charged_back(charges, split)
        assert found == recomputed(charges, split)
        for currency in {row[1] for row in charges}:
            whole = sum((row[2] for row in charges if row[1] == currency), Decimal(0))
            assert sum(amount for key, amount in found.items() if key[1] == currency) == whole


@pytest.mark.parametrize(("pool", "shares"), [("1", ("0.333333333333333333333334", "0.333333333333333333333333"))])
def test_what_a_division_leaves_goes_to_somebody(pool: str, shares: tuple[str, str]) -> None:
    found = charged_back([("platform", "EUR", Decimal(pool))], Split("team", "platform", "even", ("a", "b", "c")))
    assert found["a", "EUR"] == Decimal(shares[0])
    assert found["b", "EUR"] == found["c", "EUR"] == Decimal(shares[1])
    assert found["platform", "EUR"] == 0
