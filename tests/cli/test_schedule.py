"""`finops-lake schedule` in processes of its own, against a local Azure of the machine's own day."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from finops_lake.demo.server import LocalAzure
from finops_lake.journal import Journal
from tests.cli.conftest import PROGRAM, Home, clean_environment, run_program
from tests.conftest import set_sign_in

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")

HOLD = """import filelock, sys
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
input()"""

SCHEDULE = '[schedule]\njitter_seconds = 0\ncost = "off"\nprices = "off"\nexports = "off"\ncommitments = "off"\n'
SCHEDULE += 'budgets = "every 1h"\n'


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAzure]:
    """A local Azure of the machine's own day, since these processes go by the machine's clock."""
    with LocalAzure(today=datetime.now(UTC).date(), subscriptions=2, resources=2, days=40) as azure:
        set_sign_in(monkeypatch, azure)
        yield azure
        assert azure.crashes == []


@pytest.fixture
def scheduled(azure: LocalAzure, tmp_path: Path) -> Home:
    """An empty home with a schedule."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "config.toml").write_text(SCHEDULE)
    environment = {**azure.environment(), "FINOPS_LAKE_HOME": str(folder), "FINOPS_LAKE_HISTORY_MONTHS": "1"}
    environment.pop("FINOPS_LAKE_NOW")  # the clock has to move
    return Home(folder, environment, subprocess.CompletedProcess[str]([], 0))


def test_what_is_due_runs_once(scheduled: Home, azure: LocalAzure) -> None:
    first = scheduled.run("schedule", "--once", "--json")
    asked = len(azure.requests)
    second = scheduled.run("schedule", "--once")
    assert first.returncode == 0, first.stderr
    assert {(run["job"], run["outcome"]) for run in json.loads(first.stdout)} == {
        ("budgets", "loaded"),
        ("inventory", "loaded"),
    }
    assert (second.returncode, second.stderr) == (0, "Nothing is due.\n")
    assert len(azure.requests) == asked


def test_dry_run_shows_what_would_run_and_runs_nothing(scheduled: Home, azure: LocalAzure) -> None:
    shown = scheduled.run("schedule", "--dry-run", "--json")
    rows = {row["job"]: row for row in json.loads(shown.stdout)}
    assert rows.keys() == {"budgets", "inventory"}
    assert (rows["budgets"]["when"], rows["budgets"]["tables"]) == ("every hour", ["budgets"])
    assert rows["budgets"]["last_started_at"] is None
    assert azure.requests == []
    scheduled.run("schedule", "--once")
    rows = {row["job"]: row for row in json.loads(scheduled.run("schedule", "--dry-run", "--json").stdout)}
    assert rows["budgets"]["last_outcome"] == "loaded"
    assert datetime.fromisoformat(rows["budgets"]["next_run_at"]) > datetime.now(UTC)
    assert "every hour" in scheduled.run("schedule", "--dry-run").stdout


def test_faults_of_the_schedule_are_told_together(scheduled: Home) -> None:
    (scheduled.folder / "config.toml").write_text('[schedule]\ninventry = "6h"\ndisk = "off"\njiter_seconds = "1h"\n')
    told = scheduled.run("schedule", "--dry-run")
    assert told.returncode == 2
    for hint in ("did you mean inventory?", "did you mean disks?", "did you mean jitter_seconds?"):
        assert hint in told.stderr


@contextmanager
def running(home: Home, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Run the scheduler in a process of its own, and have it end by itself."""
    with subprocess.Popen(
        [PROGRAM, "schedule"],
        env=clean_environment(**{**home.environment, **more}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_for(found: Callable[[], bool]) -> None:
    """Look again and again, two minutes at most."""
    end = time.monotonic() + 120
    while not found():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def ended(home: Home, job: str) -> list[str | None]:
    return [run.outcome for run in Journal(home.folder).runs(job) if run.finished_at]


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_scheduler_catches_up_and_ends_cleanly_when_told(scheduled: Home, number: signal.Signals) -> None:
    with running(scheduled) as process:
        wait_for(lambda: ended(scheduled, "inventory") == ["loaded"])
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "budgets: every hour, next" in err
    assert "inventory: loaded" in err
    assert "Traceback" not in err


@posix_only
def test_two_schedulers_run_each_job_once(scheduled: Home, azure: LocalAzure) -> None:
    with running(scheduled) as one, running(scheduled) as other:
        wait_for(lambda: bool(ended(scheduled, "inventory") and ended(scheduled, "budgets")))
        for process in (one, other):
            process.send_signal(signal.SIGTERM)
        assert [process.communicate(timeout=60) and process.returncode for process in (one, other)] == [0, 0]
    assert ended(scheduled, "inventory") == ended(scheduled, "budgets") == ["loaded"]
    disks = [item for item in azure.requests if item.operation == "disks"]
    assert len(disks) == len(azure.subscription_ids)


@posix_only
def test_run_under_way_is_broken_off_and_goes_on_at_the_next_start(scheduled: Home, azure: LocalAzure) -> None:
    fault = azure.faults.add("throttled", operation="disks", times=1, retry_after=60)
    with running(scheduled) as process:
        wait_for(lambda: bool(fault.hits))
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=50)
    assert process.returncode == 0, err
    assert time.monotonic() - started < 40, "the throttle's minute is not waited for"
    assert ended(scheduled, "inventory") == ["stopped"]
    azure.faults.clear()
    rows = json.loads(scheduled.run("schedule", "--dry-run", "--json").stdout)
    due = {row["job"] for row in rows if datetime.fromisoformat(row["next_run_at"]) <= datetime.now(UTC)}
    assert "inventory" in due


def test_process_that_finds_another_refreshing_says_so(scheduled: Home) -> None:
    (scheduled.folder / "config.toml").write_text(SCHEDULE + "wait_seconds = 0\n")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(scheduled.folder / "writer.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told = scheduled.run("schedule", "--once")
        holder.communicate("\n", timeout=20)
    assert told.returncode == 3
    assert "budgets: skipped, Another process is refreshing the lake" in told.stderr


def test_schedule_that_is_switched_off_says_so(scheduled: Home) -> None:
    told = run_program("schedule", environment={**scheduled.environment, "FINOPS_LAKE_SCHEDULE": "off"})
    assert told.returncode == 2
    assert "everything is switched off" in told.stderr
