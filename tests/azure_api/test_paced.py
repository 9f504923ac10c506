"""Calls keep to the published limits ahead of Azure's refusals: real SDK and journal, a local Azure that throttles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.azure_api.metering import metered
from finops_lake.azure_api.throttle import Throttle, remaining
from finops_lake.config import Settings
from finops_lake.demo.server import LocalAzure
from finops_lake.demo.throttle import Throttle as Limits
from finops_lake.errors import OutOfTimeError
from finops_lake.extract.cost_query import query_body
from finops_lake.journal import Journal
from finops_lake.limits import Draw, draws_of
from finops_lake.refresh.refresher import clock_notes
from finops_lake.source import Api, Chunk, months_back
from tests.azure_api.conftest import FakeClock
from tests.conftest import TODAY, set_sign_in, settings_for
from tests.lake.samples import run_python
from tests.replay import ReplayTransport, Reply, StaticCredential

COST = "x-ms-ratelimit-microsoft.costmanagement"
LEFT = "x-ms-ratelimit-remaining-microsoft.costmanagement"
QUERY = ("POST", r"/providers/Microsoft\.CostManagement/query$")
EMPTY = {"properties": {"columns": [{"name": "Cost"}], "rows": []}}
SCOPE = "/subscriptions/a"
CALL = draws_of(Api.COST_QUERY, SCOPE)


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch, clock: FakeClock):
    """A local Azure with its limits on, living on the test's own clock."""
    with LocalAzure(today=TODAY, subscriptions=3, resources=1, throttle=Limits(enabled=True, clock=clock)) as azure:
        set_sign_in(monkeypatch, azure)
        yield azure
        assert azure.crashes == []


def clients(azure: LocalAzure, home: Path, clock: FakeClock) -> AzureClients:
    settings = settings_for(azure, home)
    throttle = Throttle(Journal(home), clock)
    return AzureClients(settings, sleep=clock.sleep, clock=clock, rng=lambda: 0.0, throttle=throttle)


def replayed(transport: ReplayTransport, settings: Settings, clock: FakeClock, throttle: Throttle) -> AzureClients:
    return AzureClients(
        settings,
        credential=StaticCredential(),
        transport=transport,
        sleep=clock.sleep,
        clock=clock,
        rng=lambda: 0.0,
        throttle=throttle,
    )


def ask(azure: AzureClients, scope: str, month: date) -> None:
    body = query_body(Chunk("cost_daily", scope, month, "ActualCost"), "Daily", ("ResourceId", "ServiceName"))
    list(azure.query_cost(scope, body))


def test_thirteen_months_take_what_the_limits_allow_and_azure_never_refuses(
    limited: LocalAzure, tmp_path: Path, clock: FakeClock
) -> None:
    started = clock.now
    with clients(limited, tmp_path, clock) as azure:
        for month in months_back(TODAY, 13):
            ask(azure, f"/subscriptions/{limited.subscription_ids[0]}", month)
    statuses = [item.status for item in limited.requests if item.path.endswith("/query")]
    assert statuses == [200] * 13
    assert clock.now - started == pytest.approx(3 * 60, rel=0.01), "4 at once, then 4 a minute"


def test_second_process_of_the_home_waits_for_what_the_first_has_spent(
    limited: LocalAzure, tmp_path: Path, clock: FakeClock
) -> None:
    spend = """
import sys
from pathlib import Path
from finops_lake.azure_api.throttle import Throttle
from finops_lake.journal import Journal
from finops_lake.limits import draws_of
from finops_lake.source import Api
throttle = Throttle(Journal(Path(sys.argv[1])), lambda: 1000.0)
for _ in range(4):
    throttle.answered(throttle.book(draws_of(Api.COST_QUERY, sys.argv[2])), {})
"""
    scope = f"/subscriptions/{limited.subscription_ids[0]}"
    done = run_python(spend, tmp_path, scope)
    assert done.returncode == 0, done.stderr
    with clients(limited, tmp_path, clock) as azure:
        ask(azure, f"/subscriptions/{limited.subscription_ids[1]}", months_back(TODAY, 1)[0])
        assert clock.slept == [], "another scope has an allowance of its own"
        ask(azure, scope, months_back(TODAY, 1)[0])
    assert clock.slept == [pytest.approx(60, abs=0.1)]


def test_refusal_holds_back_the_other_processes_too(tmp_path: Path, clock: FakeClock, settings) -> None:
    refusal = Reply(429, {"error": {"code": "429", "message": "Too many"}}, {f"{COST}-entity-retry-after": "45"})
    journal = Journal(tmp_path)
    transport = ReplayTransport({QUERY: [refusal, Reply(200, EMPTY)]})
    throttle = Throttle(journal, clock)
    with AzureClients(
        settings(),
        credential=StaticCredential(),
        transport=transport,
        sleep=clock.sleep,
        clock=clock,
        throttle=throttle,
        rng=lambda: 0.0,
    ) as azure:
        list(azure.query_cost(SCOPE, {"type": "ActualCost"}))
    assert clock.slept == [45.0]
    throttle.hold(CALL[:1], 30)
    other = Throttle(Journal(tmp_path), clock).book(CALL)
    assert other.leaves_at == clock.now + 30
    assert Throttle(journal, clock).book(draws_of(Api.COST_QUERY, "/subscriptions/b")).leaves_at == clock.now


def test_call_that_would_leave_too_late_is_not_made(tmp_path: Path, clock: FakeClock, settings) -> None:
    throttle = Throttle(Journal(tmp_path), clock)
    transport = ReplayTransport({QUERY: [Reply(200, EMPTY)] * 4})
    with AzureClients(
        settings(),
        credential=StaticCredential(),
        transport=transport,
        sleep=clock.sleep,
        clock=clock,
        throttle=throttle,
    ) as azure:
        for _ in range(4):
            list(azure.query_cost(SCOPE, {"type": "ActualCost"}))
        with azure.calls(deadline=clock.now + 59), pytest.raises(OutOfTimeError, match="4 cost requests for one scope"):
            list(azure.query_cost(SCOPE, {"type": "ActualCost"}))
    assert clock.slept == []
    with Journal(tmp_path).buckets() as buckets:
        assert len(buckets.spent(CALL[0].bucket)) == 4, "its place is given back"


def test_booked_call_waits_longer_when_more_was_spent_meanwhile(tmp_path: Path, clock: FakeClock) -> None:
    """A slow reply counts from its arrival, because Azure may have counted the call as late as that."""
    throttle = Throttle(Journal(tmp_path), clock)
    first = [throttle.book(CALL) for _ in range(4)]
    fifth = throttle.book(CALL)
    assert fifth.leaves_at - clock.now == pytest.approx(60, abs=0.01)
    clock.now += 20
    for booking in first:
        throttle.answered(booking, {})
    clock.now += 40.01
    assert throttle.settle(fifth).leaves_at - clock.now == pytest.approx(20, abs=0.02)


def test_calls_of_others_are_learned_from_what_azure_says_is_left(tmp_path: Path, clock: FakeClock) -> None:
    throttle = Throttle(Journal(tmp_path), clock)
    throttle.answered(throttle.book(CALL), {f"{LEFT}-entity-requests": "finops-lake:0"})
    assert throttle.book(CALL).leaves_at - clock.now == pytest.approx(60, abs=0.01)


def test_larger_limit_is_learned_from_what_azure_says_is_left(tmp_path: Path, clock: FakeClock) -> None:
    throttle = Throttle(Journal(tmp_path), clock)
    for left in range(29, 20, -1):
        booking = throttle.book(CALL)
        assert booking.leaves_at == clock.now, "30 a minute, not 4"
        throttle.answered(booking, {f"{LEFT}-entity-requests": f"DefaultQuota:{left}"})
    clock.now += 86_401
    published = [throttle.book(CALL).leaves_at for _ in range(5)]
    assert published[-1] > clock.now, "forgotten after a day"


def test_places_booked_by_a_clock_since_set_back_do_not_count(tmp_path: Path, clock: FakeClock) -> None:
    throttle = Throttle(Journal(tmp_path), clock)
    clock.now += 1_000_000
    for _ in range(4):
        throttle.book(CALL)
    clock.now -= 1_000_000
    assert throttle.book(CALL).leaves_at == clock.now


def test_what_is_left_is_read_from_every_header() -> None:
    headers = {
        f"{LEFT}-entity-requests": "finops-lake:3",
        f"{LEFT.upper()}-TENANT-REQUESTS": "DefaultQuota:17",
        f"{COST}-qpu-remaining": "QueriesPerHour:577,QueriesPerMin:59,QueriesPer10Sec:11",
        f"{LEFT}-clienttype-requests": "many",
    }
    found = {draw.bucket: left for draw, left in remaining(CALL, headers)}
    assert found == {
        "cost/entity/subscriptions/a": 3,
        "cost/tenant": 17,
        "cost/qpu/hour": 577,
        "cost/qpu/minute": 59,
        "cost/qpu/10s": 11,
    }
    graph = draws_of(Api.RESOURCE_GRAPH, "/")
    assert list(remaining(graph, {"x-ms-user-quota-remaining": "13"})) == [(graph[0], 13)]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/subscriptions/A/providers/Microsoft.CostManagement/query", draws_of(Api.COST_QUERY, SCOPE, 3)),
        ("POST", "/subscriptions/A/providers/Microsoft.CostManagement/forecast", draws_of(Api.COST_QUERY, SCOPE, 3)),
        (
            "POST",
            "/providers/Microsoft.Billing/billingAccounts/9/providers/Microsoft.CostManagement/generateCostDetailsReport",
            draws_of(Api.COST_REPORT, "/providers/Microsoft.Billing/billingAccounts/9"),
        ),
        ("GET", "/subscriptions/A/providers/Microsoft.Consumption/usageDetails", draws_of(Api.USAGE_DETAILS, SCOPE)),
        ("GET", "/subscriptions/A/providers/Microsoft.Consumption/budgets", draws_of(Api.CONSUMPTION, SCOPE)),
        ("POST", "/providers/Microsoft.ResourceGraph/resources", draws_of(Api.RESOURCE_GRAPH, "/")),
        ("GET", "/subscriptions/A/providers/Microsoft.Compute/disks", draws_of(Api.ARM, SCOPE)),
        ("GET", "/subscriptions/A/providers/Microsoft.CostManagement/operationResults/1", draws_of(Api.ARM, SCOPE)),
        ("GET", "/subscriptions", (Draw("arm/tenant", 1, 10, 250),)),
    ],
)
def test_request_draws_on_the_limits_of_its_service(method: str, path: str, expected: tuple[Draw, ...]) -> None:
    body = '{"timePeriod": {"from": "2025-12-31T00:00:00Z", "to": "2026-02-01T23:59:59Z"}}'
    assert metered(method, f"https://h{path}?api-version=1", body) == expected


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, []), (-4, []), (90, ["90 minutes ahead of Azure's"]), (-90, ["90 minutes behind Azure's"])],
)
def test_clock_far_from_azures_is_told(
    tmp_path: Path, clock: FakeClock, settings, minutes: int, words: list[str]
) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(minutes=minutes), usegmt=True)
    transport = ReplayTransport({QUERY: [Reply(200, EMPTY, {"Date": date})]})
    with replayed(transport, settings(), clock, Throttle(Journal(tmp_path), clock)) as azure:
        list(azure.query_cost(SCOPE, {"type": "ActualCost"}))
        notes = clock_notes(azure.clock_skew)
    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))
