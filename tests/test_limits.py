"""What Azure's limits allow, and when."""

from __future__ import annotations

import random

import pytest

from finops_lake.limits import Draw, Spent, draws_of, first_fit, least_seconds, limit_in_words
from finops_lake.source import Api

FOUR_A_MINUTE = Draw("scope", 1, 60, 4)


def allowed(api: Api, scope: str, months: int = 1) -> dict[str, tuple[int, float, int]]:
    return {draw.bucket: (draw.units, draw.seconds, draw.allowed) for draw in draws_of(api, scope, months)}


def test_cost_query_draws_on_scope_tenant_and_query_units() -> None:
    assert allowed(Api.COST_QUERY, "/subscriptions/A", months=3) == {
        "cost/entity/subscriptions/a": (1, 60, 4),
        "cost/tenant": (1, 60, 20),
        "cost/clienttype": (1, 60, 2000),
        "cost/qpu/10s": (3, 10, 12),
        "cost/qpu/minute": (3, 60, 60),
        "cost/qpu/hour": (3, 3600, 600),
    }


@pytest.mark.parametrize(
    ("api", "scope", "expected"),
    [
        (Api.RESOURCE_GRAPH, "/", {"resource_graph": (1, 5, 15)}),
        (Api.ARM, "/subscriptions/A", {"arm/a": (1, 10, 250)}),
        (Api.ARM, "/", {"arm/tenant": (1, 10, 250)}),
        (Api.UNLIMITED, "/", {}),
    ],
)
def test_other_services_have_their_own_limits(api: Api, scope: str, expected: dict[str, object]) -> None:
    assert allowed(api, scope) == expected


@pytest.mark.parametrize(
    ("scope", "per_minute"),
    [("/subscriptions/a", 10), ("/providers/Microsoft.Management/managementGroups/m", 2), ("/providers/x/y", 6)],
)
def test_wide_scopes_may_ask_for_usage_less_often(scope: str, per_minute: int) -> None:
    assert draws_of(Api.USAGE_DETAILS, scope)[0].allowed == per_minute


def test_allowance_leaves_at_once_and_the_next_call_after_the_window() -> None:
    spent = Spent()
    instants = []
    for _ in range(9):
        instants.append(spent.earliest(FOUR_A_MINUTE, 100.0))
        spent.add(instants[-1], 1)
    assert [round(instant) for instant in instants] == [100] * 4 + [160] * 4 + [220]


def test_place_ahead_is_not_taken_by_one_that_comes_before_it() -> None:
    """Four are booked at 100; a call at 70 would make five within a minute."""
    spent = Spent()
    for _ in range(4):
        spent.add(100.0, 1)
    assert spent.earliest(FOUR_A_MINUTE, 70.0) == pytest.approx(160.0, abs=0.01)
    assert spent.earliest(FOUR_A_MINUTE, 30.0) == 30.0


def test_what_is_larger_than_its_bucket_waits_for_a_full_one() -> None:
    year = Draw("qpu", 13, 10, 12)
    spent = Spent()
    assert spent.earliest(year, 5.0) == 5.0
    spent.add(5.0, 13)
    assert spent.earliest(year, 6.0) == pytest.approx(15.0, abs=0.01)


def test_call_leaves_when_all_its_limits_allow_it() -> None:
    tight, loose = Spent(), Spent()
    for at in (0.0, 1.0, 2.0, 3.0):
        tight.add(at, 1)
    loose.add(3.0, 1)
    both = [FOUR_A_MINUTE, Draw("tenant", 1, 60, 20)]
    assert first_fit(both, {"scope": tight, "tenant": loose}.__getitem__, 4.0) == pytest.approx(60.0, abs=0.01)


def test_no_window_ever_holds_more_than_is_allowed() -> None:
    """Whatever the order in which calls of several scopes come, and from whenever on they may leave."""
    rng = random.Random(7)
    books: dict[str, Spent] = {}
    draws = {}
    for _ in range(400):
        call = draws_of(Api.COST_QUERY, f"/subscriptions/{rng.randrange(6)}", rng.choice((1, 1, 1, 3, 12)))
        for draw in call:
            books.setdefault(draw.bucket, Spent())
            draws[draw.bucket] = draw
        at = first_fit(call, books.__getitem__, rng.uniform(0, 4000))
        for draw in call:
            books[draw.bucket].add(at, draw.units)
    for name, spent in books.items():
        draw = draws[name]
        most = max(spent.units(at - draw.seconds, at) for at in spent.at)
        assert most <= draw.allowed, name


def test_bound_is_set_by_the_scarcest_bucket() -> None:
    """390 queries of ten subscriptions: 20 a minute for the sign-in take 19 minutes after the first 20."""
    calls = [draw for number in range(390) for draw in draws_of(Api.COST_QUERY, f"/subscriptions/{number % 10}")]
    assert least_seconds(calls) == 19 * 60
    alone = [draw for _ in range(39) for draw in draws_of(Api.COST_QUERY, "/subscriptions/1")]
    assert least_seconds(alone) == 9 * 60
    assert least_seconds([]) == 0


def test_limit_is_told_in_words() -> None:
    assert [limit_in_words(draw) for draw in draws_of(Api.COST_QUERY, "/s")][0::3] == [
        "Azure allows 4 cost requests for one scope a minute",
        "Azure allows 12 months of cost data in 10 s",
    ]
