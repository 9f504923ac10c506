"""A refresh in which nothing changed writes and publishes nothing, and yet everything is as fresh as confirmed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from finops_lake.answers.status import answer_status
from finops_lake.app import App
from finops_lake.demo.replies import json_reply
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import Outcome
from finops_lake.lake.writer import Warehouse
from finops_lake.planner.due import ChunkState, Demand, with_confirmations
from finops_lake.source import Chunk, ChunkResult
from tests.conftest import NOW, settings_for

LATER = NOW + timedelta(hours=7)
REFUSED = {"error": {"code": "Refused", "message": "Not today."}}
ATTEMPTS_SQL = """select distinct last_attempt_at, last_reason <> '', last_success_at
from meta.chunks where last_outcome = ?"""
STATE_SQL = "select table_name, scope_id, month, metric, last_success_at from meta.chunks"
ALL = Demand(retry_refused=True)


def first(azure: LocalAzure) -> str:
    return azure.subscription_ids[0]


def app_at(azure: LocalAzure, home: Path, now: datetime = NOW) -> App:
    return App(settings_for(azure, home, FINOPS_LAKE_NOW=now.isoformat()))


def facts(home: Path) -> list[tuple[int, int]]:
    """Return size and time of the files that a write or a publication would change."""
    names = ["warehouse.duckdb", "finops.duckdb"]
    return [((home / name).stat().st_mtime_ns, (home / name).stat().st_size) for name in names]


@pytest.fixture
def confirmed(azure: LocalAzure, filled: Path) -> Path:
    """A home of which a second refresh confirmed everything."""
    app = app_at(azure, filled, LATER)
    app.refresher().refresh(ALL)
    app.close()
    return filled


def test_nothing_changed_nothing_is_written_and_our_readers_see_the_confirmed_age(
    azure: LocalAzure, filled: Path
) -> None:
    before = facts(filled)
    app = app_at(azure, filled, LATER)
    report = app.refresher().refresh(ALL)
    assert report.unchanged == len(report.results) > 0
    assert report.generation is None
    assert facts(filled) == before
    ages = {row[4] for row in app.lake.query(STATE_SQL).rows if row[0] == "disks"}
    assert ages == {LATER}
    assert {row[3] for row in answer_status(app.lake, LATER).rows if row[0] == "cost_daily"} == {False}
    app.close()
    with duckdb.connect(str(filled / "finops.duckdb"), read_only=True) as shell:
        shell.execute("set timezone = 'UTC'")
        assert {row[4] for row in shell.execute(STATE_SQL).fetchall() if row[0] == "disks"} == {NOW}


def test_confirmed_pieces_are_not_due_again(azure: LocalAzure, confirmed: Path) -> None:
    azure.forget_requests()
    app = app_at(azure, confirmed, LATER + timedelta(minutes=30))
    assert app.refresher().refresh(ALL).results == ()
    assert app.on_demand.ensure(["marts.charges"], None, max_wait=120) == []
    app.close()
    assert [item for item in azure.requests if "/subscriptions" in item.path] == []


def test_next_real_write_takes_the_confirmations_into_the_lake(azure: LocalAzure, confirmed: Path) -> None:
    azure.restate()
    app = app_at(azure, confirmed, LATER + timedelta(hours=5))
    report = app.refresher().refresh(Demand(tables=frozenset({"cost_daily"}), retry_refused=True))
    assert report.generation is not None
    assert app.journal.confirmations() == ()
    app.close()
    with duckdb.connect(str(confirmed / "finops.duckdb"), read_only=True) as shell:
        shell.execute("set timezone = 'UTC'")
        assert {row[4] for row in shell.execute(STATE_SQL).fetchall() if row[0] == "disks"} == {LATER}


def test_repeated_refusal_is_no_news_and_a_new_outcome_is(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("denied", subscription=azure.subscription_ids[1], times=None)
    reports = []
    for hours in (0, 7, 14):
        if hours == 14:
            azure.faults.clear()
        app = app_at(azure, tmp_path, NOW + timedelta(hours=hours))
        reports.append(app.refresher().refresh(ALL))
        app.close()
    assert reports[1].count(Outcome.DENIED) > 0
    assert [report.generation is None for report in reports] == [False, True, False]


def half_read(azure: LocalAzure) -> None:
    """The listing of machines comes, that of their power states does not."""
    azure.faults.add(
        json_reply(REFUSED, 403), operation="virtual_machines", subscription=first(azure), after=1, times=None
    )


def failed(azure: LocalAzure) -> None:
    azure.faults.add(json_reply(REFUSED, 400), operation="virtual_machines", subscription=first(azure), times=None)


def throttled(azure: LocalAzure) -> None:
    azure.faults.add("arm_throttled", operation="virtual_machines", subscription=first(azure), times=None)


def unsupported(azure: LocalAzure) -> None:
    azure.faults.add("unsupported_offer", subscription=first(azure))


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (half_read, Outcome.PARTIAL),
        (failed, Outcome.FAILED),
        (throttled, Outcome.THROTTLED),
        (unsupported, Outcome.UNSUPPORTED),
    ],
)
def test_nothing_new_holds_for_every_outcome(
    azure: LocalAzure, tmp_path: Path, fault: Callable[[LocalAzure], None], outcome: Outcome
) -> None:
    """The same shortcoming twice is confirmed; its end is news."""
    demand = Demand(tables=frozenset({"virtual_machines", "cost_daily"}), retry_refused=True)
    reports, sizes = [], []
    for hours in (0, 7, 14):
        azure.faults.clear()
        if hours != 14:
            fault(azure)
        app = App(
            settings_for(
                azure,
                tmp_path,
                FINOPS_LAKE_NOW=(NOW + timedelta(hours=hours)).isoformat(),
                FINOPS_LAKE_HISTORY_MONTHS="1",
                FINOPS_LAKE_MAX_RETRIES="0",
                FINOPS_LAKE_WORKERS="1",  # two might ask for both metrics before either is refused
            )
        )
        reports.append(app.refresher().refresh(demand))
        attempts = app.lake.query(ATTEMPTS_SQL, [outcome.value]).rows
        success = NOW + timedelta(hours=hours) if outcome is Outcome.PARTIAL else None
        assert attempts == ([] if hours == 14 else [(NOW + timedelta(hours=hours), True, success)])
        app.close()
        sizes.append(facts(tmp_path))
    assert [report.count(outcome) > 0 for report in reports] == [True, True, False]
    assert reports[1].unchanged == len(reports[1].results)
    assert [report.generation is None for report in reports] == [False, True, False]
    assert sizes[0] == sizes[1] != sizes[2]


def test_what_a_killed_refresh_loaded_is_published_by_the_next_one_that_finds_nothing_new(
    azure: LocalAzure, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.restate()
    app = app_at(azure, filled, LATER)
    with monkeypatch.context() as killed:
        killed.setattr(Warehouse, "publish", lambda *_, **__: sys.exit("killed"))
        with pytest.raises(SystemExit):
            app.refresher().refresh(ALL)
    assert app.refresher().refresh(Demand(tables=frozenset({"disks"}))).generation is not None
    assert app.refresher().refresh(Demand(tables=frozenset({"disks"}))).generation is None
    app.close()


def test_deleted_journal_only_costs_asking_again(azure: LocalAzure, confirmed: Path) -> None:
    for item in confirmed.glob("journal.sqlite*"):
        item.unlink()
    app = app_at(azure, confirmed, LATER)
    report = app.refresher().refresh(ALL)
    app.close()
    assert report.unchanged == len(report.results) > 0


def test_confirmation_renews_only_what_is_known() -> None:
    chunk, other = Chunk("disks", "/s"), Chunk("disks", "/t")
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    later = moment + timedelta(hours=1)
    states = {chunk: ChunkState(Outcome.LOADED, moment, moment)}
    news = with_confirmations(
        states, [ChunkResult(one, Outcome.LOADED, later, later, True, 3) for one in (chunk, other)]
    )
    assert news == {chunk: ChunkState(Outcome.LOADED, later, later)}
    denied = {chunk: ChunkState(Outcome.DENIED, moment, None)}
    refused = with_confirmations(denied, [ChunkResult(chunk, Outcome.DENIED, later, later)])
    assert refused == {chunk: ChunkState(Outcome.DENIED, later, None)}
    assert (
        with_confirmations(
            {chunk: ChunkState(Outcome.LOADED, later, later)},
            [ChunkResult(chunk, Outcome.LOADED, moment, moment, True, 3)],
        )[chunk].last_success_at
        == later
    )
