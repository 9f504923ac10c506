"""The journal of a home: real SQLite files, real threads, real processes."""

from __future__ import annotations

import os
import stat
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from finops_lake.errors import NewerLakeError, Outcome, StorageError
from finops_lake.journal import AnswerGiven, ApiCall, Buckets, Journal, Operation
from finops_lake.source import Chunk, ChunkResult
from tests.lake.samples import run_python, start_python

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHUNK = Chunk("cost_daily", "/subscriptions/one", date(2026, 11, 1), "ActualCost")
LISTING = Chunk("disks", "/subscriptions/one")

BOOK_MANY = """
import sys
from pathlib import Path
from finops_lake.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(50):
    with journal.buckets() as buckets:
        buckets.book({"tenant": 1 + len(buckets.spent("tenant"))}, 1000.0)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "home")


def result(chunk: Chunk = CHUNK, at: datetime = NOW) -> ChunkResult:
    return ChunkResult(chunk, Outcome.LOADED, at, at, True, 7, calls=2, request_ids=("a", "b"))


def test_confirmation_comes_back_as_it_was_and_the_newest_counts(journal: Journal) -> None:
    later = result(at=NOW + timedelta(hours=1))
    journal.confirm([result(), result(LISTING)])
    journal.confirm([later])
    assert journal.confirmations() == (result(LISTING), later)


def test_only_merged_confirmations_are_forgotten(journal: Journal) -> None:
    merged, newer = result(), result(at=NOW + timedelta(seconds=1))
    journal.confirm([newer, result(LISTING)])
    journal.forget_confirmations([merged, result(LISTING)])
    assert journal.confirmations() == (newer,)


def test_operation_of_a_chunk_is_found_again_until_it_is_forgotten(tmp_path: Path, journal: Journal) -> None:
    pending = Operation(CHUNK, "https://h/operationResults/1", NOW)
    journal.remember_operation(pending)
    assert Journal(tmp_path / "home").operation(CHUNK) == pending
    assert journal.operation(LISTING) is None
    journal.finish_operation(pending, NOW, "NoDataFound")
    assert journal.operation(CHUNK) == Operation(CHUNK, pending.location, NOW, NOW, "NoDataFound")
    journal.forget_operation(CHUNK)
    assert journal.operation(CHUNK) is None


def test_calls_wait_until_they_are_taken_over(journal: Journal) -> None:
    first = api_call(status=200, statuses=(429, 200), latencies=(0.25, 0.5), request_ids=("x", "y"), request_id="trace")
    second = api_call(status=None, statuses=(0,), latencies=(0.1,), outcome="unreachable", error="ServiceRequestError")
    journal.note_calls([first])
    newest, calls = journal.calls()
    journal.note_calls([second])
    assert calls == (first,)
    journal.forget_calls(newest)
    assert journal.calls()[1] == (second,)


def test_runs_are_told_newest_first(journal: Journal) -> None:
    number = journal.start_run("cost", NOW, NOW)
    journal.start_run("inventory", NOW, NOW)
    journal.finish_run(number, NOW + timedelta(minutes=1), "loaded", "3 chunks")
    assert [run.name for run in journal.runs()] == ["inventory", "cost"]
    (run,) = journal.runs("cost")
    assert (run.outcome, run.finished_at, run.detail) == ("loaded", NOW + timedelta(minutes=1), "3 chunks")


def test_bucket_is_shared_by_processes_that_book_at_the_same_time(tmp_path: Path, journal: Journal) -> None:
    """Each booking reads what was there and adds one more; no two may see the same."""
    others = [start_python(BOOK_MANY, tmp_path / "home") for _ in range(2)]
    threads = [threading.Thread(target=book_many, args=(journal,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in others:
        process.communicate(timeout=60)
    assert [process.returncode for process in others] == [0, 0]
    with journal.buckets() as buckets:
        assert sorted(spend.units for spend in buckets.spent("tenant")) == list(range(1, 201))


def book_many(journal: Journal) -> None:
    for _ in range(50):
        with journal.buckets() as buckets:
            buckets.book({"tenant": 1 + len(buckets.spent("tenant"))}, 1000.0)


def test_booking_moves_and_is_given_back_in_all_its_buckets(journal: Journal) -> None:
    with journal.buckets() as buckets:
        booking = buckets.book({"scope": 1, "qpu": 2}, 10.0)
        buckets.move(booking, 12.0)
        assert [(one.at, one.units) for name in ("scope", "qpu") for one in buckets.spent(name)] == [(12, 1), (12, 2)]
        buckets.cancel(booking)
        assert buckets.spent("scope") == buckets.spent("qpu") == []


def test_hold_is_never_shortened_and_spends_out_of_the_window_are_forgotten(journal: Journal) -> None:
    with journal.buckets() as buckets:
        buckets.hold("scope", 50.0)
        buckets.hold("scope", 40.0)
        buckets.book({"scope": 1}, 5.0)
        buckets.book({"scope": 1}, 15.0)
        buckets.book({"scope": 1}, 9000.0)
        buckets.forget("scope", 10.0, 1000.0)
        buckets.allow("scope", 29, 5.0)
        assert buckets.held_until(["scope", "other"]) == 50.0
        assert buckets.held_until(["other"]) is None
        assert [one.at for one in buckets.spent("scope")] == [15.0]
        assert (buckets.allowed("scope", 5.0), buckets.allowed("scope", 6.0)) == (29, None)


def test_transaction_that_fails_keeps_nothing(journal: Journal) -> None:
    with pytest.raises(StorageError), journal.buckets() as buckets:
        spend_and_fail(buckets)
    with journal.buckets() as buckets:
        assert buckets.spent("scope") == []


def spend_and_fail(buckets: Buckets) -> None:
    buckets.book({"scope": 1}, 5.0)
    buckets.book({"scope": None}, 5.0)  # type: ignore[dict-item]


@pytest.mark.parametrize("how", ["deleted", "truncated", "overwritten", "hole", "older"])
def test_lost_or_damaged_file_is_made_anew(tmp_path: Path, journal: Journal, how: str) -> None:
    journal.confirm([result()])
    path = tmp_path / "home" / "journal.sqlite"
    damage(path, how)
    fresh = Journal(tmp_path / "home")
    assert len(fresh.confirmations()) <= 1, "reading never fails"
    fresh.confirm([result(LISTING)])
    assert fresh.confirmations()[-1:] == (result(LISTING),)
    journal.confirm([result(LISTING)])


def damage(path: Path, how: str) -> None:
    if how == "older":
        run_python("import sqlite3,sys; sqlite3.connect(sys.argv[1]).execute('pragma user_version = 0')", path)
        return
    run_python("import sqlite3,sys; sqlite3.connect(sys.argv[1]).execute('pragma wal_checkpoint(truncate)')", path)
    data = path.read_bytes()
    if how == "deleted":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif how == "overwritten":
        path.write_bytes(b"not a database" * 1000)
    else:
        path.write_bytes(data[:8192] + bytes([255]) * (len(data) - 8192))


def test_file_of_a_newer_version_is_left_alone(tmp_path: Path, journal: Journal) -> None:
    journal.confirm([result()])
    path = tmp_path / "home" / "journal.sqlite"
    run_python("import sqlite3,sys; sqlite3.connect(sys.argv[1]).execute('pragma user_version = 99')", path)
    with pytest.raises(NewerLakeError, match="layout 99"):
        Journal(tmp_path / "home").confirm([result(LISTING)])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_file_is_private(tmp_path: Path, journal: Journal) -> None:
    journal.confirm([result()])
    modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in (tmp_path / "home").glob("journal.sqlite*")}
    assert modes
    assert set(modes.values()) == {0o600}


def test_reading_without_a_journal_finds_nothing_and_makes_nothing(tmp_path: Path, journal: Journal) -> None:
    assert journal.confirmations() == journal.runs() == ()
    assert journal.operation(CHUNK) is None
    assert journal.fact("looked_at") is None
    assert not (tmp_path / "home").exists()


def test_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"journal\.sqlite cannot be written"):
        Journal(tmp_path / "file" / "home").confirm([result()])


def test_fact_is_remembered(journal: Journal) -> None:
    journal.remember_fact("looked_at", "1")
    journal.remember_fact("looked_at", "2")
    assert journal.fact("looked_at") == "2"


def api_call(**facts: Any) -> ApiCall:
    known: dict[str, Any] = {
        **{
            "started_at": NOW,
            "operation": "disks",
            "scope_id": "/",
            "api": "a/b",
            "api_version": None,
            "method": "GET",
        },
        **{"outcome": "answered", "attempts": len(facts["statuses"]), "throttled": 0, "waited_seconds": 1.5},
        **{"duration_seconds": 2.0, "reply_bytes": 10},
    }
    return ApiCall(**{**known, **facts})


def test_answers_wait_in_order_until_they_are_taken(journal: Journal) -> None:
    first = AnswerGiven(NOW, "get_cost", ("months",), "answered", "fresh", 0.1, 3, 1000, "one")
    second = AnswerGiven(NOW, "get_lake_status", (), "answered", None, 0.1, None, 10, None)
    journal.note_answers([first])
    journal.note_answers([second])
    number, answers = journal.answers()
    assert answers == (first, second)
    journal.note_answers([first])
    journal.forget_answers(number)
    assert journal.answers()[1] == (first,)


def test_a_run_that_is_due_begins_once(journal: Journal) -> None:
    assert journal.start_run("cost", NOW, NOW) is not None
    assert journal.start_run("cost", NOW, NOW) is None
    assert journal.start_run("budgets", NOW, NOW) is not None
    assert [run.name for run in journal.runs()] == ["budgets", "cost"]
