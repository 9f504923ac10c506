"""Runs the jobs of a home when they are due, in as many processes as there are, each run in one of them."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from finops_lake import telemetry
from finops_lake.config import Settings
from finops_lake.errors import FinopsLakeError, LockedError, StoppedError
from finops_lake.journal import Journal, Run
from finops_lake.planner.due import Demand
from finops_lake.schedule.jobs import Job, due_at, jobs_of, next_at, trigger_of, zone_of
from finops_lake.when import Every

if TYPE_CHECKING:
    from finops_lake.refresh.refresher import Refresher
    from finops_lake.refresh.report import RefreshReport

LOG = logging.getLogger("finops_lake.schedule")

GRACE = timedelta(minutes=1)
"""How long a run may be neither finished nor seen refreshing before its process counts as gone."""

LOOK_EVERY_SECONDS = 30
"""How soon a process notices that its machine slept: its own waits stood still meanwhile."""

LOCK_SECONDS = 1.0

ENDED = ("loaded", "partial", "failed")
"""Outcomes of runs that refreshed, or failed to; the others gave way to somebody."""

AGAIN_AFTER = timedelta(minutes=1)
"""When a run that gave way to a question goes on."""


@dataclass(frozen=True)
class Standing:
    """When a job ran last and when it is next due; instants are UTC, None: never."""

    job: Job
    last: Run | None
    next_at: datetime | None


class Scheduler:
    """Runs the jobs of one home when they are due.

    `refresher` makes the refresher of one run; `after` hears when one ended, with the error where it failed wholly.
    """

    def __init__(
        self,
        settings: Settings,
        tables: Iterable[str],
        journal: Journal,
        refresher: Callable[[], Refresher],
        *,
        after: Callable[[FinopsLakeError | None], object] = lambda error: None,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._after = after
        self._settings = settings
        self._schedule = settings.schedule
        self._journal = journal
        self._refresher = refresher
        self._told: Callable[[Run], None] | None = None
        self._rng = rng
        self._stopping = threading.Event()
        self._giving_way = threading.Event()
        self._running: Job | None = None
        self._scheduler: Any = None
        self._ender: threading.Thread | None = None
        self.jobs = jobs_of(self._schedule, tables)
        zone = zone_of(self._schedule)
        self._triggers = {job: trigger_of(job.when, zone) for job in self.jobs}

    def tell(self, told: Callable[[Run], None]) -> None:
        """Have `told` hear of each run that ends, in the thread that ran it."""
        self._told = told

    def standing(self) -> Iterator[Standing]:
        """Yield when each job ran last, by whichever process, and when it is next due."""
        now = self._settings.utc_now()
        for job in self.jobs:
            last = next(iter(self._journal.runs(job.name, 1)), None)
            yield Standing(job, last, now if self.is_due(job) else next_at(self._triggers[job], now))

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per job: its tables, when it is due, how it went last, when it is next."""
        return [
            {
                "job": one.job.name,
                "when": str(one.job.when),
                "tables": sorted(one.job.tables),
                "next_run_at": one.next_at,
                "last_started_at": one.last.started_at if one.last else None,
                "last_outcome": (one.last.outcome or "running") if one.last else None,
                "last_detail": one.last.detail if one.last else None,
            }
            for one in self.standing()
        ]

    def is_due(self, job: Job) -> bool:
        """Return whether a job was due and nobody has begun it: a machine slept, or no process was there."""
        due = due_at(self._triggers[job], self._settings.utc_now())
        last = next(iter(self._journal.runs(job.name, 1)), None)
        return due is not None and (last is None or last.due_at < due or self._is_broken_off(last))

    def run_due(self) -> list[Run]:
        """Run every job that is due, one after the other, once however often it was missed; return what ran."""
        ran = []
        for job in self.jobs:
            if not self._stopping.is_set() and self.is_due(job):
                ran += [run for run in [self._run(job)] if run is not None]
        return ran

    def start(self) -> None:
        """Run what is due from now on, in threads of our own, until `stop`."""
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        pools = {"default": ThreadPoolExecutor(1), "look": ThreadPoolExecutor(1)}
        self._scheduler = BackgroundScheduler(timezone=UTC, executors=pools, job_defaults=options, daemon=True)
        for job in self.jobs:
            self._scheduler.add_job(self._run_later, self._triggers[job], args=[job], id=job.name)
        look = trigger_of(Every(LOOK_EVERY_SECONDS), UTC)
        self._scheduler.add_job(lambda: None, look, executor="look")  # wakes the scheduler, which then sees the clock
        self._scheduler.start()
        for job in self.jobs:
            if self.is_due(job):
                self._scheduler.add_job(self._run_later, args=[job], id=f"{job.name} missed")

    def stop(self, timeout: float) -> bool:
        """Begin nothing more, break off the run under way, and return whether it ended in time (seconds).

        May be called again, to wait longer.
        """
        self._stopping.set()
        if self._scheduler is None:
            return True
        if self._ender is None:
            self._ender = threading.Thread(target=self._scheduler.shutdown, name="schedule-end", daemon=True)
            self._ender.start()
        self._ender.join(timeout)
        return not self._ender.is_alive()

    def running(self) -> Job | None:
        """Return the job that runs in this process just now."""
        return self._running

    def give_way(self) -> None:
        """Break off the run under way, since somebody waits for a smaller refresh; it goes on a minute later."""
        if self._running is not None:
            self._giving_way.set()

    def _run_later(self, job: Job) -> None:
        """Run a job after a random wait, so that processes and machines do not all come at once."""
        if not self._stopping.wait(self._rng() * self._schedule.jitter_seconds) and self.is_due(job):
            self._run(job)

    def _run(self, job: Job) -> Run | None:
        now = self._settings.utc_now()
        last = next(iter(self._journal.runs(job.name, 1)), None)
        due = due_at(self._triggers[job], now)
        if last is not None and (due is None or last.due_at >= due):
            if not self._is_broken_off(last):  # another process was quicker
                return None
            due = max(now, last.due_at + timedelta(microseconds=1))
        number = self._journal.start_run(job.name, due or now, now)
        if number is None:
            LOG.info("another process has begun %s", job.name, extra={"job": job.name})
            return None
        self._running = job
        try:
            outcome, detail, error = self._outcome(job)
            self._journal.finish_run(number, self._settings.utc_now(), outcome, detail)
            if outcome in ENDED:
                self._after(error)
        finally:
            self._running = None
            self._giving_way.clear()
        run = replace(self._journal.runs(job.name, 1)[0], outcome=outcome, detail=detail)
        if self._told:
            self._told(run)
        return run

    def _outcome(self, job: Job) -> tuple[str, str, FinopsLakeError | None]:
        """Refresh the tables of a job and return what became of it, in a word and in words, and why it failed."""
        failure = None
        with telemetry.doing(request_id=telemetry.new_request_id(), job=job.name):
            try:
                outcome, detail = _told_of(self._refreshed(self._demand(job)))
            except LockedError as error:
                outcome, detail = "skipped", str(error)
            except StoppedError as error:
                outcome, detail = "stopped", str(error)
                self._go_on_later(job)
            except FinopsLakeError as error:
                outcome, detail, failure = "failed", str(error), error
            level = logging.WARNING if outcome in ("failed", "partial") else logging.INFO
            LOG.log(level, "%s: %s, %s", job.name, outcome, detail, extra={"job": job.name, "outcome": outcome})
        return outcome, detail, failure

    def _refreshed(self, demand: Demand) -> RefreshReport:
        """Refresh, waiting for another process that does, in pieces short enough to notice that we are to stop."""
        deadline = time.monotonic() + self._schedule.wait_seconds
        while True:
            left = deadline - time.monotonic()
            try:
                return self._refresher().refresh(
                    demand, lock_timeout=min(max(left, 0), LOCK_SECONDS), is_stopped=self._is_stopped
                )
            except LockedError:
                if self._is_stopped():
                    raise StoppedError("Stopped while another process was refreshing.") from None
                if left <= LOCK_SECONDS:
                    raise

    def _demand(self, job: Job) -> Demand:
        """Ask for what is stale before the middle of the time until the next run, else it would be late by then."""
        now = self._settings.utc_now()
        following = next_at(self._triggers[job], now)
        ahead = timedelta() if following is None else min((following - now) / 2, timedelta(hours=12))
        return Demand(tables=job.tables, ahead=ahead)

    def _is_broken_off(self, run: Run) -> bool:
        """Return whether a run did not come to its end: it was stopped, or its process died.

        A process that lives is on its way to or from the writer's lock for seconds; one that is not seen there for
        longer is gone.
        """
        if run.finished_at is not None:
            return run.outcome == "stopped"
        return self._settings.utc_now() - run.started_at > GRACE and not self._refresher().is_busy()

    def _is_stopped(self) -> bool:
        return self._stopping.is_set() or self._giving_way.is_set()

    def _go_on_later(self, job: Job) -> None:
        if self._scheduler is not None and not self._stopping.is_set():
            at = datetime.now(UTC) + AGAIN_AFTER
            self._scheduler.add_job(
                self._run_later, "date", run_date=at, args=[job], id=f"{job.name} again", replace_existing=True
            )


def _told_of(report: RefreshReport) -> tuple[str, str]:
    count = len(report.results)
    words = f"{count} piece{'' if count == 1 else 's'} asked for" if count else "nothing was stale"
    if report.left:
        words += f", {report.left} left for the next run"
    if report.failures:
        first = report.failures[0]
        words += f"; {len(report.failures)} tables not read in full, first {first.chunk.table}: {first.reason}"
    return ("partial" if report.failures or report.left else "loaded"), words
