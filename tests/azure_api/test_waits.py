from __future__ import annotations

from datetime import UTC, datetime

import pytest

from finops_lake.azure_api.waits import Gates, backoff, buckets_of, is_cost_management, named_waits

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
COST = "x-ms-ratelimit-microsoft.costmanagement"


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({}, {}),
        ({"Retry-After": "17"}, {"scope": 17.0}),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, {"scope": 30.0}),
        ({"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, {"scope": 0.0}),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT", "Date": "Sun, 01 Mar 2026 12:00:20 GMT"}, {"scope": 10.0}),
        ({"retry-after-ms": "1500"}, {"scope": 1.5}),
        ({"x-ms-retry-after-ms": "250"}, {"scope": 0.25}),
        ({f"{COST}-entity-retry-after": "9"}, {"scope": 9.0}),
        ({f"{COST}-tenant-retry-after": "9"}, {"all": 9.0}),
        ({f"{COST}-clienttype-retry-after": "45"}, {"all": 45.0}),
        ({f"{COST}-client-retry-after": "4"}, {"all": 4.0}),
        ({f"{COST}-qpu-retry-after": "3"}, {"all": 3.0}),
        ({"X-MS-RateLimit-Microsoft.Consumption-Retry-After": "6"}, {"scope": 6.0}),
        ({"x-ms-ratelimit-microsoft.somethingnew-odd-retry-after": "6"}, {"scope": 6.0}),
        ({"x-ms-user-quota-resets-after": "00:00:05"}, {"all": 5.0}),
        (
            {"Retry-After": "3", f"{COST}-entity-retry-after": "9", f"{COST}-qpu-retry-after": "4"},
            {"scope": 9.0, "all": 4.0},
        ),
        ({f"{COST}-entity-retry-after": "9", "Retry-After": "3", "retry-after-ms": "100"}, {"scope": 9.0}),
        ({"Retry-After": "soon"}, {}),
        ({"Retry-After": "-5"}, {}),
        ({"Retry-After": "nan"}, {}),
        ({"Retry-After": "inf"}, {}),
        ({f"{COST}-qpu-remaining": "QueriesPerHour:577", f"{COST}-entity-requests": "DefaultQuota:0"}, {}),
    ],
)
def test_every_header_that_names_a_wait_is_read(headers, waits):
    assert named_waits(headers, NOW) == waits


def test_backoff_doubles_up_to_a_minute():
    assert [backoff(repeat) for repeat in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]


def test_cost_calls_draw_on_their_scope_and_on_the_tenant():
    url = "https://h/subscriptions/A/resourceGroups/R/providers/Microsoft.CostManagement/query?x=1"
    assert buckets_of(url) == (
        ("h", "microsoft.costmanagement", "/subscriptions/a/resourcegroups/r"),
        ("h", "microsoft.costmanagement", "*"),
    )
    assert is_cost_management(url)


def test_budgets_have_their_own_buckets():
    url = "https://h/subscriptions/A/providers/Microsoft.Consumption/budgets"
    assert buckets_of(url)[0] == ("h", "microsoft.consumption", "/subscriptions/a")
    assert is_cost_management(url)


def test_other_calls_draw_on_their_subscription():
    disks = "https://h/subscriptions/A/providers/Microsoft.Compute/disks"
    assert buckets_of(disks) == (("h", "arm", "/subscriptions/a"), ("h", "arm", "*"))
    assert buckets_of("https://h/subscriptions?api-version=1") == (("h", "arm", ""), ("h", "arm", "*"))
    assert not is_cost_management(disks)


def test_a_gate_never_opens_earlier_than_it_was_told():
    gates = Gates()
    bucket = ("h", "arm", "a")
    assert gates.opens_at([bucket]) is None
    gates.close(bucket, 50)
    gates.close(bucket, 40)
    gates.close(("h", "arm", "*"), 45)
    assert gates.opens_at([bucket]) == 50
    assert gates.opens_at([("h", "arm", "b"), ("h", "arm", "*")]) == 45
