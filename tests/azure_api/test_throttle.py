"""The real SDK clients meet throttling and outages; only the network and the clock are ours."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import BadRequestError, NotFoundError, ThrottledError, UnreachableError
from tests.replay import ReplayTransport, Reply, StaticCredential, recorded

QUERY = ("POST", r"/providers/Microsoft\.CostManagement/query$")
DISKS = ("GET", r"/disks$")
COST = "x-ms-ratelimit-microsoft.costmanagement"
EMPTY = Reply(200, {"properties": {"columns": [{"name": "Cost"}], "rows": []}})
NO_DISKS = Reply(200, {"value": []})
TOO_MANY = {"error": {"code": "429", "message": "Too many requests. Please retry."}}


def throttled(**headers: str) -> Reply:
    return Reply(429, TOO_MANY, {name.replace("_", "-"): value for name, value in headers.items()})


def ask(azure: AzureClients, scope: str = "/subscriptions/a") -> None:
    list(azure.query_cost(scope, {"type": "ActualCost"}))


def test_the_longest_of_all_the_headers_is_waited_for(replay, clock):
    headers = {"Retry-After": "3", f"{COST}-entity-retry-after": "41", f"{COST}-qpu-retry-after": "7"}
    azure = replay({QUERY: [Reply(429, TOO_MANY, headers), EMPTY]})
    ask(azure.clients)
    assert clock.slept == [41.0]
    assert azure.transport.left == 0


def test_a_429_with_only_the_cost_management_headers_is_waited_for(replay, clock):
    azure = replay({QUERY: [Reply(429, TOO_MANY, {f"{COST}-clienttype-retry-after": "45"}), EMPTY]})
    ask(azure.clients)
    assert clock.slept == [45.0]


@pytest.mark.replies
def test_the_recorded_429_is_waited_for(replay, clock):
    azure = replay({QUERY: [recorded("errors/costmanagement_429_clienttype"), EMPTY]})
    ask(azure.clients)
    assert clock.slept == [45.0]


def test_a_429_that_names_no_time_is_waited_for_half_a_minute(replay, clock):
    azure = replay({QUERY: [throttled(), EMPTY]})
    ask(azure.clients)
    assert clock.slept == [30.0]


def test_other_services_get_a_short_wait_when_they_name_none(replay, clock):
    azure = replay({DISKS: [throttled(), throttled(), NO_DISKS]})
    assert list(azure.clients.disks("s")) == []
    assert clock.slept == [2.0, 4.0]


def test_waits_grow_when_the_times_named_are_too_short(replay, clock):
    azure = replay({QUERY: [*[throttled(retry_after="1") for _ in range(4)], EMPTY]})
    ask(azure.clients)
    assert clock.slept == [2.0, 4.0, 8.0, 16.0]


def test_jitter_only_lengthens_a_wait(replay, clock):
    azure = replay({QUERY: [throttled(retry_after="40"), EMPTY]}, rng=lambda: 0.5)
    ask(azure.clients)
    assert clock.slept == [42.0]


def test_retry_headers_on_a_200_are_no_throttle(replay, clock):
    answer = Reply(200, EMPTY.body, {f"{COST}-tenant-retry-after": "60", "Retry-After": "60"})
    azure = replay({QUERY: [answer, answer]})
    ask(azure.clients)
    ask(azure.clients)
    assert clock.slept == []


@pytest.mark.parametrize(("status", "error"), [(400, BadRequestError), (404, NotFoundError)])
def test_a_refusal_with_retry_after_is_not_repeated(replay, clock, status, error):
    azure = replay({QUERY: [Reply(status, {"error": {"code": "X", "message": "no"}}, {"Retry-After": "5"})]})
    with pytest.raises(error):
        ask(azure.clients)
    assert clock.slept == []
    assert len(azure.transport.sent) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_outages_are_repeated_with_growing_waits(replay, clock, status):
    azure = replay({QUERY: [Reply(status, "<html><title>Oops</title></html>"), Reply(status), EMPTY]})
    ask(azure.clients)
    assert clock.slept == [2.0, 4.0]


def test_an_outage_that_names_its_time_is_waited_for(replay, clock):
    azure = replay({DISKS: [Reply(503, {}, {"Retry-After": "20"}), NO_DISKS]})
    list(azure.clients.disks("s"))
    assert clock.slept == [20.0]


@pytest.mark.parametrize(
    "failure",
    [
        requests.exceptions.ConnectionError("Connection reset by peer"),
        requests.exceptions.ReadTimeout("read timed out"),
        requests.exceptions.ConnectTimeout("timed out"),
        requests.exceptions.ChunkedEncodingError("IncompleteRead(3 bytes read)"),
    ],
)
def test_lost_connections_and_timeouts_are_repeated(replay, clock, failure):
    azure = replay({DISKS: [failure, NO_DISKS]})
    list(azure.clients.disks("s"))
    assert clock.slept == [2.0]


def test_repetitions_end_after_max_retries(replay, clock):
    azure = replay({QUERY: [Reply(503) for _ in range(3)]}, max_retries=2)
    with pytest.raises(UnreachableError) as caught:
        ask(azure.clients)
    assert len(azure.transport.sent) == 3
    assert caught.value.code == "503"


def test_a_throttle_that_does_not_end_says_how_long_azure_wants_to_wait(replay, clock):
    azure = replay({QUERY: [throttled(retry_after="11", x_ms_request_id="req-9")]}, max_retries=0)
    with pytest.raises(ThrottledError) as caught:
        ask(azure.clients)
    assert caught.value.retry_after == 11.0
    assert caught.value.request_id == "req-9"
    assert clock.slept == []


def test_no_wait_goes_past_the_deadline(replay, clock):
    azure = replay({QUERY: [throttled(retry_after="60", x_ms_request_id="req-1")]})
    with azure.clients.calls(deadline=clock.now + 59) as calls, pytest.raises(ThrottledError) as caught:
        ask(azure.clients)
    assert clock.slept == []
    assert caught.value.retry_after == pytest.approx(60)
    assert caught.value.request_id == "req-1"
    assert calls.count == 1
    assert calls.request_ids == ("req-1",)


def test_jitter_is_given_up_before_the_deadline_is(replay, clock):
    azure = replay({QUERY: [throttled(retry_after="50"), EMPTY]}, rng=lambda: 0.99)
    with azure.clients.calls(deadline=clock.now + 51):
        ask(azure.clients)
    assert clock.slept == [50.0]


def test_an_outage_near_the_deadline_fails_at_once(replay, clock):
    azure = replay({QUERY: [Reply(503)]})
    with azure.clients.calls(deadline=clock.now + 1), pytest.raises(UnreachableError):
        ask(azure.clients)
    assert clock.slept == []


def test_nothing_is_sent_after_the_deadline(replay, clock):
    azure = replay({})
    with azure.clients.calls(deadline=clock.now - 1), pytest.raises(UnreachableError, match="no time left"):
        ask(azure.clients)
    assert azure.transport.sent == []


def test_without_a_deadline_a_single_wait_is_bounded(replay, clock):
    azure = replay({QUERY: [throttled(retry_after="86400")]}, refresh_deadline_seconds=3600)
    with pytest.raises(ThrottledError):
        ask(azure.clients)
    assert clock.slept == []


def test_a_reply_is_not_waited_for_longer_than_the_deadline(replay, clock, monkeypatch):
    limits = []
    real = ReplayTransport.send

    def spy(self, request, **options):
        limits.append((options.get("connection_timeout"), options.get("read_timeout")))
        return real(self, request, **options)

    monkeypatch.setattr(ReplayTransport, "send", spy)
    azure = replay({DISKS: [NO_DISKS, NO_DISKS]}, request_timeout_seconds=60)
    with azure.clients.calls(deadline=clock.now + 7):
        list(azure.clients.disks("s"))
    with azure.clients.calls(deadline=clock.now + 700):
        list(azure.clients.disks("s"))
    assert limits == [(7.0, 7.0), (60.0, 60.0)]


def test_every_wait_is_told_before_it_begins(replay, clock):
    told = []
    azure = replay({QUERY: [throttled(retry_after="40"), Reply(503), EMPTY]})
    with azure.clients.calls(on_wait=lambda seconds, why: told.append((seconds, why, list(clock.slept)))):
        ask(azure.clients)
    assert [(seconds, slept) for seconds, _, slept in told] == [(40.0, []), (4.0, [40.0])]
    assert "/subscriptions/a" in told[0][1]
    assert "status 503" in told[1][1]


def test_an_empty_tenant_bucket_holds_every_scope(replay, clock):
    azure = replay({QUERY: [Reply(429, TOO_MANY, {f"{COST}-tenant-retry-after": "20"})]}, max_retries=0)
    with pytest.raises(ThrottledError):
        ask(azure.clients, "/subscriptions/a")
    with azure.clients.calls(deadline=clock.now + 10), pytest.raises(ThrottledError) as caught:
        ask(azure.clients, "/subscriptions/b")
    assert caught.value.retry_after == 20.0
    assert len(azure.transport.sent) == 1, "the second scope was not asked at all"


def test_an_empty_scope_bucket_holds_only_its_scope(replay, clock):
    azure = replay({QUERY: [Reply(429, TOO_MANY, {f"{COST}-entity-retry-after": "20"}), EMPTY, EMPTY]}, max_retries=0)
    with pytest.raises(ThrottledError):
        ask(azure.clients, "/subscriptions/a")
    ask(azure.clients, "/subscriptions/b")
    assert clock.slept == []
    ask(azure.clients, "/subscriptions/A")
    assert clock.slept == [20.0]


def test_cost_throttling_does_not_hold_listings(replay, clock):
    azure = replay({QUERY: [throttled(retry_after="20")], DISKS: [NO_DISKS]}, max_retries=0)
    with pytest.raises(ThrottledError):
        ask(azure.clients)
    list(azure.clients.disks("a"))
    assert clock.slept == []


def test_threads_hold_until_the_instant_a_429_named(settings):
    """One thread is told to wait; no other call on that scope leaves before the wait is over."""
    instant = 0.0
    lock, told = threading.Lock(), threading.Event()
    left_at = []

    def clock() -> float:
        with lock:
            return instant

    def sleep(seconds: float) -> None:
        nonlocal instant
        with lock:
            instant = max(instant, instant + seconds)

    def answer(sent) -> Reply:
        with lock:
            left_at.append(instant)
        if len(left_at) == 1:
            told.set()
            return throttled(retry_after="30")
        return EMPTY

    transport = ReplayTransport({QUERY: [answer] * 6})
    azure = AzureClients(
        settings(), credential=StaticCredential(), transport=transport, sleep=sleep, clock=clock, rng=lambda: 0.0
    )
    with azure, ThreadPoolExecutor(5) as pool:
        first = pool.submit(ask, azure)
        assert told.wait(10)
        first.result(10)
        for done in [pool.submit(ask, azure) for _ in range(4)]:
            done.result(10)
    assert left_at[0] == 0.0
    assert all(instant >= 30.0 for instant in left_at[1:])


def test_closing_ends_a_wait_in_progress(settings):
    waiting = threading.Event()
    azure = AzureClients(
        settings(), credential=StaticCredential(), transport=ReplayTransport({QUERY: [throttled(retry_after="600")]})
    )

    def work() -> None:
        with azure.calls(on_wait=lambda *_: waiting.set()), pytest.raises(UnreachableError, match="closed"):
            ask(azure)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        assert waiting.wait(10)
        azure.close()
        done.result(10)
    with pytest.raises(RuntimeError, match="closed"):
        ask(azure)
