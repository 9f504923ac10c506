"""Puts the parts together for one home: the reader, the writer, Azure and refreshing on demand."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from finops_lake.config import Settings
from finops_lake.errors import ConfigError, FinopsLakeError, InputError, LockedError
from finops_lake.journal import AnswerGiven, Journal, row_of_alert
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import ThreadPoolExecutor

    from finops_lake.alerts.watch import Watch
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.lake.definitions import Definitions
    from finops_lake.lake.writer import Warehouse
    from finops_lake.refresh.from_files import FileRefresher
    from finops_lake.refresh.ondemand import OnDemand
    from finops_lake.refresh.refresher import Refresher
    from finops_lake.schedule.scheduler import Scheduler

LOG = logging.getLogger("finops_lake.schedule")


class App:
    """The parts, each made on first use; DuckDB, Arrow and Azure are imported only by what needs them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def lake(self) -> LakeReader:
        """The reader of the published lake."""
        alerted = self._alerted if self.settings.alerts else None
        return LakeReader(
            self.settings.home,
            confirmed=self.journal.confirmations,
            alerted=alerted,
            definitions=lambda: self._definitions,
        )

    @cached_property
    def _definitions(self) -> Definitions:
        """What this version makes every lake of."""
        from finops_lake.extract.catalog import SOURCES
        from finops_lake.lake.definitions import Definitions

        return Definitions(SOURCES, None)

    def _alerted(self) -> list[dict[str, Any]]:
        return [row_of_alert(alert) for _, alert in self.journal.alerts()]

    @cached_property
    def watch(self) -> Watch:
        """Telling somebody of what the rules [[alerts]] find."""
        from finops_lake.alerts.watch import Watch

        return Watch(self.settings, self.lake, self.journal)

    @cached_property
    def journal(self) -> Journal:
        """What the processes of this home know of each other."""
        return Journal(self.settings.home)

    @cached_property
    def on_demand(self) -> OnDemand:
        """Refreshing before answers."""
        from finops_lake.refresh.ondemand import OnDemand

        return OnDemand(
            self.settings,
            self.lake,
            self.refresher,
            self.file_refresher,
            self._bring_up_to_date,
            before=self._give_way,
            after=self._after_refresh,
        )

    @cached_property
    def schedule(self) -> Scheduler:
        """Refreshing by the clock; ConfigError names what is wrong with the table [schedule]."""
        from finops_lake.planner.planning import tables_asked_for
        from finops_lake.refresh.from_files import FILE_TABLES
        from finops_lake.schedule.scheduler import Scheduler

        files = FILE_TABLES if self.settings.exports else ()
        tables = [*tables_asked_for(self.settings), *files]
        return Scheduler(self.settings, tables, self.journal, self.refresher, after=self._after_refresh)

    def _bring_up_to_date(self, lock_timeout: float) -> None:
        """Give the lake of another version this one's tables and views, and publish it; Azure is not asked."""
        from finops_lake.refresh.publishing import publish

        warehouse = self._warehouse(self._origin())
        with warehouse.lock(lock_timeout):
            with warehouse.open():
                is_behind = warehouse.has_new_views or warehouse.has_unpublished
            if is_behind:
                publish(warehouse, self.journal, timedelta(days=self.settings.usage_days), audited=True)

    def _after_refresh(self, error: FinopsLakeError | None) -> None:
        """Tell what is new; that another process refreshes is no failed refresh."""
        if self.settings.alerts and not isinstance(error, LockedError):
            self.watch.after_refresh(error)

    def watched(self) -> dict[str, Any]:
        """Return how refreshing goes, as sections of a status: `schedule`, `calls` (the last day's) and `alerts`."""
        from finops_lake.answers.watch import calls_section

        _, waiting = self.journal.calls()
        return {
            "schedule": self._jobs(),
            "calls": calls_section(self.lake, waiting, self.settings.utc_now()),
            "alerts": self.watch.standing(),
        }

    def _jobs(self) -> list[dict[str, Any]]:
        try:
            return self.schedule.rows()
        except ConfigError as error:
            return [{"job": "none", "last_outcome": "failed", "last_detail": str(error)}]

    def start_schedule(self) -> None:
        """Refresh by the clock in the background, as far as the settings want it; what is wrong with them is logged.

        A fixed clock keeps everything still: demos and tests do not change by themselves.
        """
        schedule = self.settings.schedule
        if not (schedule.enabled and schedule.in_server) or self.settings.now is not None:
            return
        try:
            self.schedule.start()
        except FinopsLakeError as error:
            LOG.error("nothing is refreshed by the schedule: %s", error)

    def remember(self, answer: AnswerGiven) -> None:
        """Note an answer in the journal, in a thread of its own: the asker does not wait for it."""
        if self.settings.home.exists():
            self._remembering.submit(self._note, answer)

    @cached_property
    def _remembering(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(1, thread_name_prefix="remember")

    def _note(self, answer: AnswerGiven) -> None:
        try:
            self.journal.note_answers([answer])
        except FinopsLakeError as error:
            LOG.warning("an answer is not noted: %s", error)

    def _give_way(self) -> None:
        if "schedule" in self.__dict__:
            self.schedule.give_way()

    def refresher(self) -> Refresher:
        """Return a refresher of this home."""
        from finops_lake.refresh.refresher import Refresher

        return Refresher(self.settings, self._warehouse, self._azure)

    def file_refresher(self) -> FileRefresher:
        """Return what loads files of bills into this home without asking Azure anything."""
        from finops_lake.refresh.from_files import FileRefresher

        return FileRefresher(self.settings, self._warehouse)

    def mark_findings(
        self, finding_ids: Sequence[str], status: str, owner: str | None, note: str | None, *, max_wait: float
    ) -> None:
        """Write down in the ledger what somebody says of findings, and publish it.

        Raises EmptyLakeError without a lake, InputError for findings it does not know, and LockedError when another
        process holds the lake for longer than `max_wait` seconds.
        """
        warehouse = self._warehouse(self._origin())
        with warehouse.lock(max_wait):
            with warehouse.open(is_settled=False):
                unknown = warehouse.mark_findings(finding_ids, status, owner, note)
            if unknown:
                raise InputError("finding", unknown[0], "finops-lake ledger lists the findings there are")
            warehouse.publish()

    def _origin(self) -> str | None:
        rows = self.lake.query("select value from meta.lake where key = 'origin'").rows
        return str(rows[0][0]) if rows else None

    def is_refreshing(self) -> bool:
        """Return whether a refresh for an answer or by the schedule runs in this process."""
        asked = "on_demand" in self.__dict__ and self.on_demand.running() is not None
        return asked or ("schedule" in self.__dict__ and self.schedule.running() is not None)

    def close(self) -> None:
        """Let go of the lake, and begin no more runs of the schedule."""
        if "schedule" in self.__dict__:
            self.schedule.stop(0)
        if "_remembering" in self.__dict__:
            self._remembering.shutdown()
        if "lake" in self.__dict__:
            self.lake.close()

    def _warehouse(self, origin: str | None = None) -> Warehouse:
        from finops_lake.allocation.views import rule_views
        from finops_lake.auditing.rules import audit_rules
        from finops_lake.azure_api.clouds import cloud_of
        from finops_lake.extract.catalog import SOURCES
        from finops_lake.lake.writer import Warehouse

        views, faults = rule_views(self.settings.allocation_path, self.settings.budgets)
        warehouse = Warehouse(
            self.settings.home,
            SOURCES,
            origin=origin or cloud_of(self.settings).origin,
            clock=self.settings.utc_now,
            confirmed=self.journal.confirmations,
            templates=self.settings.cache_path / "empty-lakes",
        )
        warehouse.add_views(views, faults)
        rules = audit_rules(self.settings.exclusions_path, self.settings.checks_path)
        warehouse.add_rules(rules.exclusions, rules.checks, rules.faults)
        return warehouse

    def _azure(self) -> AzureClients:
        from finops_lake.azure_api.clients import AzureClients
        from finops_lake.azure_api.throttle import Throttle

        throttle = Throttle(self.journal) if self.settings.pace_calls else None
        return AzureClients(self.settings, throttle=throttle)
