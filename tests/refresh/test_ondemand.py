"""Refreshing before an answer: only what is stale, only as long as the asker waits, never at the answer's expense."""

from __future__ import annotations

import shutil
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.demo.faults import Fault
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import SignInError
from finops_lake.planner.due import Demand
from finops_lake.refresh.progress import Progress
from tests.conftest import NOW, fill_from_small, settings_for
from tests.prepared import filled_once

VIEWS = ["marts.charges"]
NOVEMBER = [date(2026, 11, 1)]
PATIENT = 300  # seconds: what is waited for comes, however busy the machine is


def app_at(azure: LocalAzure, home: Path, hours: int = 0, **more: str) -> App:
    return App(settings_for(azure, home, **{"FINOPS_LAKE_NOW": (NOW + timedelta(hours=hours)).isoformat(), **more}))


@pytest.fixture(scope="session")
def filled_with_a_month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the running month of cost and nothing older, to be copied."""
    return filled_once(tmp_path_factory, "month", fill_from_small(Demand(months=frozenset(NOVEMBER))))


@pytest.fixture
def filled(filled_with_a_month: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled_with_a_month, tmp_path / "filled")


def asked(azure: LocalAzure) -> list[str]:
    return [item.path for item in azure.requests if "/subscriptions" in item.path]


def test_a_fresh_lake_is_left_alone(azure: LocalAzure, filled: Path) -> None:
    app = app_at(azure, filled, hours=3)
    assert app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT) == []
    app.close()
    assert asked(azure) == []


def test_only_what_is_stale_beneath_the_views_is_asked_for(azure: LocalAzure, filled: Path) -> None:
    app = app_at(azure, filled, hours=5)
    seen: list[Progress] = []
    assert app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT, on_progress=seen.append) == []
    assert app.lake.version() == (1, NOW + timedelta(hours=5)), "nothing had changed: confirmed, not published"
    app.close()
    assert asked(azure)
    assert all(path.lower().endswith("/query") for path in asked(azure))
    assert seen


def test_a_month_that_is_not_there_is_fetched(azure: LocalAzure, filled: Path) -> None:
    app = app_at(azure, filled)
    app.on_demand.ensure(VIEWS, [date(2026, 10, 1)], max_wait=PATIENT)
    months = app.lake.query("select distinct billing_month from marts.charges order by 1").rows
    app.close()
    assert months == [(date(2026, 10, 1),), (date(2026, 11, 1),)]


def test_an_empty_lake_is_filled(azure: LocalAzure, tmp_path: Path) -> None:
    app = app_at(azure, tmp_path)
    assert app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT) == []
    assert app.lake.query("select count(*) > 0 from marts.charges").rows == [(True,)]
    app.close()


def test_past_the_wait_the_answer_comes_from_what_is_there_and_the_refresh_goes_on(
    azure: LocalAzure, filled: Path
) -> None:
    answered = threading.Event()
    azure.faults.add(Fault(lambda call, answer: answered.wait(60) and answer(), operations=("query",), times=1))
    app = app_at(azure, filled, hours=5)
    (note,) = app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=0.3)
    assert "A refresh is running" in note
    assert app.is_refreshing(), "Azure has not answered yet"
    answered.set()
    assert app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT) == []
    assert app.lake.version() == (1, NOW + timedelta(hours=5))
    app.close()


def test_several_askers_share_one_refresh(azure: LocalAzure, filled: Path) -> None:
    app = app_at(azure, filled, hours=5)
    notes: list[list[str]] = []
    askers = [
        threading.Thread(target=lambda: notes.append(app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT)))
        for _ in range(4)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert notes == [[], [], [], []]
    assert app.lake.version() == (1, NOW + timedelta(hours=5))
    app.close()


def test_force_asks_again_for_what_is_fresh(azure: LocalAzure, filled: Path) -> None:
    app = app_at(azure, filled)
    assert app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT, force=True) == []
    app.close()
    assert asked(azure)


def test_a_failed_sign_in_is_told_and_not_tried_again_at_once(
    azure: LocalAzure, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    app = app_at(azure, filled, hours=5)
    first = app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT)
    tried = len(azure.requests)
    second = app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT)
    assert first == second
    assert first[0].startswith("Not refreshed: ")
    assert len(azure.requests) == tried
    with pytest.raises(SignInError):
        app.on_demand.run(Demand(), max_wait=PATIENT)
    app.close()


def test_switched_off_it_only_says_so(azure: LocalAzure, filled: Path) -> None:
    app = app_at(azure, filled, hours=5, FINOPS_LAKE_REFRESH_ON_DEMAND="false")
    (note,) = app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT)
    app.close()
    assert "switched off" in note
    assert asked(azure) == []


def test_a_lake_of_another_azure_is_not_refreshed_from_this_one(azure: LocalAzure, filled: Path) -> None:
    real = settings_for(azure, filled).model_copy(update={"arm_endpoint": None})
    app = App(real)
    (note,) = app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=PATIENT, force=True)
    app.close()
    assert "demo data" in note
    assert asked(azure) == []


def test_another_process_at_work_is_waited_for_and_then_told(azure: LocalAzure, filled: Path) -> None:
    app, other = app_at(azure, filled, hours=5), app_at(azure, filled, hours=5)
    with other._warehouse().lock(0):
        (note,) = app.on_demand.ensure(VIEWS, NOVEMBER, max_wait=0.5)
    app.close()
    assert "Another process is refreshing" in note or "A refresh is running" in note


def test_an_explicit_run_reports_or_says_how_far_it_is(azure: LocalAzure, filled: Path) -> None:
    app = app_at(azure, filled)
    report, _ = app.on_demand.run(Demand(tables=frozenset({"disks"}), force=True), max_wait=PATIENT)
    assert report is not None
    assert len(report.results) == 3
    azure.faults.add("slow", seconds=1.0, operation="disks", times=1)
    report, progress = app.on_demand.run(Demand(tables=frozenset({"disks"}), force=True), max_wait=0.2)
    assert report is None
    assert progress.total >= 0
    assert app.on_demand.run(Demand(tables=frozenset({"budgets"})), max_wait=PATIENT)[0] is not None
    app.close()
