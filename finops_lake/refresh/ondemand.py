"""Refreshes what a question needs before it is answered, for as long as the asker is willing to wait.

The refresh runs in a thread of its own and goes on when the wait is over, so that the next question finds it done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from finops_lake import telemetry
from finops_lake.azure_api.clouds import cloud_of
from finops_lake.config import Settings
from finops_lake.errors import FinopsLakeError, LockedError, OutdatedLakeError
from finops_lake.lake.origin import FILES_ORIGIN
from finops_lake.planner.closed_months import MOVES_SQL, with_moves
from finops_lake.planner.coverage import BILLING_ACCOUNTS, TOTALS, choices_of, covered
from finops_lake.planner.due import Demand, next_due_at
from finops_lake.planner.planning import (
    STATES_SQL,
    SUBSCRIPTIONS_SQL,
    check_tables,
    choose_subscriptions,
    policy_of,
    states_of,
)
from finops_lake.refresh.from_files import FILE_TABLES, FileRefresher
from finops_lake.refresh.job import UPDATE, Job
from finops_lake.refresh.progress import OnProgress, Progress
from finops_lake.refresh.refresher import Refresher
from finops_lake.refresh.report import RefreshReport
from finops_lake.source import first_of_month

if TYPE_CHECKING:
    from finops_lake.lake.reader import LakeReader

COOL_DOWN = timedelta(minutes=5)
"""After a refresh that failed as a whole, answers come from what is there for so long."""

LOOK_AGAIN = timedelta(minutes=15)
"""How soon the places of `exports` are listed again for a question that rests on cost; only what changed is read."""

Given = TypeVar("Given")

LINEAGE_SQL = "select view_name, table_name from meta.lineage"


class OnDemand:
    """Keeps what questions need fresh. One refresh at a time in this process; other processes are waited for.

    A lake that holds files of bills only is kept fresh by `files`, from the places that the settings name: that needs
    no sign-in at Azure. `update` gives a lake of another version this one's tables and views, and waits so many
    seconds for its lock. `after` hears of each refresh that ended, with the error where it failed wholly; no answer
    waits for it.
    """

    def __init__(
        self,
        settings: Settings,
        lake: LakeReader,
        refresher: Callable[[], Refresher],
        files: Callable[[], FileRefresher],
        update: Callable[[float], object],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        before: Callable[[], object] = lambda: None,
        after: Callable[[FinopsLakeError | None], object] = lambda error: None,
    ) -> None:
        self._before = before
        self._after = after
        self._settings = settings
        self._lake = lake
        self._refresher = refresher
        self._files = files
        self._update = update
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._job: Job | None = None
        self._failed: tuple[datetime, FinopsLakeError] | None = None
        self._looked_at: datetime | None = None
        self._next_due: dict[Demand, datetime] = {}
        self._next_due_of: tuple[int | None, datetime | None] | None = None

    def ensure(
        self,
        views: Iterable[str],
        months: Iterable[date] | None,
        *,
        max_wait: float,
        force: bool = False,
        on_progress: OnProgress | None = None,
    ) -> list[str]:
        """Refresh what lies beneath `views` where it is stale, and return what the asker should know about it.

        `months` limits monthly tables (None: the running month). Waits at most `max_wait` seconds. Nothing is
        raised: an answer from old rows that says so is better than none. How fresh the answer is goes into the note
        `freshness`: fresh, refreshed or stale.
        """
        freshness, notes = self._ensured(views, months, max_wait, force, on_progress)
        telemetry.note(freshness=freshness)
        return notes

    def _ensured(
        self,
        views: Iterable[str],
        months: Iterable[date] | None,
        max_wait: float,
        force: bool,
        on_progress: OnProgress | None,
    ) -> tuple[str, list[str]]:
        deadline = self._monotonic() + max_wait
        demand = self._demand(views, months, force)
        try:
            hindrance = self.answered(lambda: self._hindrance(demand), max_wait=max_wait, on_progress=on_progress)
        except FinopsLakeError as error:
            return "stale", [str(error)]
        if hindrance is not None:
            return ("stale" if hindrance else "fresh"), hindrance
        of_files = self._has_files_only()
        while True:
            job = self._current_or_new(demand, max(deadline - self._monotonic(), 0), of_files=of_files)
            if not job.wait(deadline, self._monotonic, on_progress):
                return "stale", [self._unfinished(job.latest)]
            if job.demand == demand or not self._is_due(demand):
                return ("stale" if job.error else "refreshed"), job.notes()

    def answered(self, ask: Callable[[], Given], *, max_wait: float, on_progress: OnProgress | None = None) -> Given:
        """Return what `ask` gives; where another version's lake is in the way, bring it up to date and ask again.

        Azure is not asked for that. Raises OutdatedLakeError where refreshing on demand is switched off, where it
        fails, and where it takes longer than `max_wait` seconds; then it goes on.
        """
        try:
            return ask()
        except OutdatedLakeError as error:
            if not self._settings.refresh_on_demand:
                raise
            self._bring_up_to_date(error, self._monotonic() + max_wait, on_progress)
            return ask()

    def _bring_up_to_date(self, fault: OutdatedLakeError, deadline: float, on_progress: OnProgress | None) -> None:
        while True:
            job = self._current_or_new(UPDATE, max(deadline - self._monotonic(), 0))
            if not job.wait(deadline, self._monotonic, on_progress):
                raise OutdatedLakeError(
                    f"{fault.message} It is being brought up to date.", next_step="Ask again in a moment."
                )
            if not job.is_update:
                continue
            if job.error is not None:
                raise OutdatedLakeError(
                    f"{fault.message} It could not be brought up to date: {job.error}", next_step=fault.next_step
                )
            return

    def finish(self) -> None:
        """Wait for the refresh under way to end and be told, however long; a process that exits before cuts it off."""
        with self._guard:
            job = self._job
        if job is not None:
            job.told.wait()

    def run(
        self, demand: Demand, *, max_wait: float, on_progress: OnProgress | None = None
    ) -> tuple[RefreshReport | None, Progress]:
        """Refresh by an explicit demand; return its report, or None and how far it is when the wait is over.

        Raises what the refresh as a whole failed with, and InputError for a table that does not exist.
        """
        check_tables(self._settings, demand.tables or (), "tables")
        deadline = self._monotonic() + max_wait
        while True:
            job = self._current_or_new(demand, max(deadline - self._monotonic(), 0))
            if not job.wait(deadline, self._monotonic, on_progress):
                return None, job.latest
            if job.demand == demand:
                if job.error is not None:
                    raise job.error
                return job.report, job.latest

    def running(self) -> Progress | None:
        """Return how far the refresh is that runs in this process; None when none does."""
        job = self._job
        return job.latest if job is not None and not job.finished.is_set() else None

    def _demand(self, views: Iterable[str], months: Iterable[date] | None, force: bool) -> Demand:
        wanted = set(views)
        running = first_of_month(self._settings.utc_now().date())
        tables: frozenset[str] | None = None
        if self._lake.exists():
            rows = self._lake.recall(LINEAGE_SQL).rows
            tables = frozenset({"subscriptions", *(table for view, table in rows if view in wanted)})
        return Demand(tables=tables, months=frozenset([running] if months is None else months), force=force)

    def _hindrance(self, demand: Demand) -> list[str] | None:
        """Return why no refresh is to be started: notes for the answer, none when everything is fresh."""
        if not self._lake.exists():
            return None if self._settings.refresh_on_demand else ["Refreshing on demand is switched off."]
        origin, here = self._origin(), cloud_of(self._settings).origin
        is_ours = self._has_files_only() and bool(self._settings.exports) and _rests_on_files(demand)
        if origin not in (None, here) and not is_ours:
            source = "a local Azure (demo data)" if origin == "loopback" else origin
            return [
                f"The lake was filled from {source}, so it is not refreshed from the Azure configured here ({here})."
            ]
        if not demand.force and not self._is_due(demand):
            return []
        if not self._settings.refresh_on_demand:
            return ["Some of this is stale, and refreshing on demand is switched off."]
        if self._failed and not demand.force and self._settings.utc_now() - self._failed[0] < COOL_DOWN:
            return [f"Not refreshed: {self._failed[1]}"]
        return None

    def _origin(self) -> str | None:
        rows = self._lake.recall("select value from meta.lake where key = 'origin'").rows
        return str(rows[0][0]) if rows else None

    def _has_files_only(self) -> bool:
        """Return whether the lake was never filled from Azure; an explicit refresh with a sign-in changes that."""
        return self._lake.exists() and self._origin() == FILES_ORIGIN

    def _is_due(self, demand: Demand) -> bool:
        """Return whether anything is due by the published lake; the refresh itself looks again, under its lock.

        Places of files are due when this process has not listed them lately.

        Looking through thousands of chunks takes longer than an answer, so the instant at which the first becomes
        due is kept until the next publication.
        """
        if demand.force or self._are_files_due(demand):
            return True
        if self._has_files_only():
            return False
        version = self._lake.version()
        if self._next_due_of != version:
            self._next_due, self._next_due_of = {}, version
        known = self._next_due  # the same one throughout: another thread may begin a new one
        if demand not in known:
            known[demand] = self._first_due_at(demand)
        return known[demand] <= self._settings.utc_now()

    def _are_files_due(self, demand: Demand) -> bool:
        if not self._settings.exports or not _rests_on_files(demand):
            return False
        return self._looked_at is None or self._settings.utc_now() - self._looked_at >= LOOK_AGAIN

    def _first_due_at(self, demand: Demand) -> datetime:
        from finops_lake.extract.catalog import FETCHED

        states = with_moves(states_of(self._lake.query(STATES_SQL).rows), self._lake.query(MOVES_SQL).rows)
        found = [(scope, name or "") for scope, name in self._lake.query(SUBSCRIPTIONS_SQL).rows]
        chosen = choose_subscriptions(found, self._settings.subscriptions)
        policy = policy_of(self._settings)
        choices = choices_of(self._settings, chosen, lambda sql: self._lake.query(sql).rows, states)
        chunks = covered(FETCHED, chosen, (), choices, policy, demand)
        chunks = [chunk for chunk in chunks if chunk.table != TOTALS]  # no answer waits for a check of what it has
        if self._settings.cost_source != "auto":
            chunks = [chunk for chunk in chunks if chunk != BILLING_ACCOUNTS]
        return next_due_at(chunks, {source.table: source for source in FETCHED}, states, policy, demand)

    def _current_or_new(self, demand: Demand, lock_timeout: float, *, of_files: bool = False) -> Job:
        with self._guard:
            if self._job is None or self._job.finished.is_set():
                self._job = Job(demand, of_files)
                threading.Thread(
                    target=telemetry.carried(self._work), args=(self._job, lock_timeout), name="refresh", daemon=True
                ).start()
            return self._job

    def _work(self, job: Job, lock_timeout: float) -> None:
        try:
            self._before()
            job.report = self._carry_out(job, lock_timeout)
            if not job.is_update:
                self._failed = None
        except FinopsLakeError as error:
            job.error = error
            if not job.is_update and not isinstance(error, LockedError):
                self._failed = (self._settings.utc_now(), error)
        finally:
            job.finished.set()
            job.changed.set()
            try:
                if not job.is_update:
                    self._after(job.error)
            finally:
                job.told.set()

    def _carry_out(self, job: Job, lock_timeout: float) -> RefreshReport | None:
        """Refresh as a job demands; None for one that only brings tables and views up to date."""
        if job.is_update:
            job.tell(Progress(0, 0, "bringing tables and views up to date"))
            self._update(lock_timeout)
            return None
        if _rests_on_files(job.demand):
            self._looked_at = self._settings.utc_now()
        if job.of_files:
            return self._files().refresh(
                self._settings.exports, force=job.demand.force, lock_timeout=lock_timeout, on_progress=job.tell
            )
        return self._refresher().refresh(job.demand, lock_timeout=lock_timeout, on_progress=job.tell)

    def _unfinished(self, progress: Progress) -> str:
        done = f"({progress.done} of {progress.total} pieces done, {progress.message})"
        if not self._lake.exists():
            return f"The first refresh is running {done}; ask again in a moment."
        return (
            f"A refresh is running {done}; this answer comes from what was there before. Ask again for newer figures."
        )


def _rests_on_files(demand: Demand) -> bool:
    return demand.tables is None or not demand.tables.isdisjoint(FILE_TABLES)
