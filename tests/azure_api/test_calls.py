from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from finops_lake.azure_api.calls import KEPT_FAILED, Calls, current_calls
from tests.replay import Reply

DISKS = ("GET", "disks$")


def fine(request_id: str) -> Reply:
    return Reply(200, {"value": []}, {"x-ms-request-id": request_id})


def test_every_request_is_counted_repetitions_included(replay):
    azure = replay({DISKS: [Reply(503, b"", {"x-ms-request-id": "bad"}), fine("one"), fine("two"), fine("three")]})
    with azure.clients.calls() as calls:
        for _ in range(3):
            list(azure.clients.disks("a"))
    assert calls.count == 4
    assert calls.request_ids == ("bad", "two", "three")


def test_calls_outside_are_not_counted(replay):
    azure = replay({DISKS: [fine("one"), fine("two")]})
    with azure.clients.calls() as calls:
        list(azure.clients.disks("a"))
    list(azure.clients.disks("a"))
    assert calls.count == 1


def test_each_thread_counts_its_own(replay):
    azure = replay({DISKS: [fine(str(number)) for number in range(6)]})

    def work(times: int) -> int:
        with azure.clients.calls() as calls:
            for _ in range(times):
                list(azure.clients.disks("a"))
        return calls.count

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, [1, 2, 3])) == [1, 2, 3]


def test_the_ids_kept_are_bounded():
    calls = Calls()
    for number in range(100):
        calls.answered(f"bad-{number}", failed=True)
        calls.answered(f"fine-{number}", failed=False)
    assert len(calls.request_ids) == KEPT_FAILED + 2
    assert calls.request_ids[KEPT_FAILED - 1] == "bad-99"
    assert calls.request_ids[-1] == "fine-99"


def test_counting_ends_with_its_block(replay):
    azure = replay({})
    with azure.clients.calls(deadline=5) as calls:
        assert current_calls() is calls
    assert current_calls().deadline is None
