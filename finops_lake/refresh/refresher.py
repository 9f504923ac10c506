"""A refresh from its lock to its report: what has changed at Azure, in files of bills and in the user's own figures."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from finops_lake import telemetry
from finops_lake.config import Settings
from finops_lake.errors import LockedError
from finops_lake.journal import Journal
from finops_lake.planner.due import Demand
from finops_lake.refresh.progress import OnProgress
from finops_lake.refresh.report import RefreshReport
from finops_lake.refresh.run import Run

if TYPE_CHECKING:
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.lake.writer import Warehouse
    from finops_lake.telemetry import Span

LOG = logging.getLogger("finops_lake.refresh")

LARGEST_SKEW_SECONDS = 300.0
"""How far the clock may be from Azure's; tokens, too, are refused beyond it."""


class Refresher:
    """Brings the lake up to date; `azure` makes the clients for one refresh, closed at its end."""

    def __init__(
        self,
        settings: Settings,
        warehouse: Callable[[], Warehouse],
        azure: Callable[[], AzureClients],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._wall = wall
        self._warehouse = warehouse
        self._azure = azure
        self._monotonic = monotonic
        self._journal = Journal(settings.home)

    def refresh(
        self,
        demand: Demand | None = None,
        *,
        lock_timeout: float = 0,
        on_progress: OnProgress | None = None,
        is_stopped: Callable[[], bool] | None = None,
    ) -> RefreshReport:
        """Fetch what is due, load and publish it, and return what became of each piece.

        `is_stopped` is asked each second whether to break off, keeping what is loaded: then StoppedError is raised.
        Raises LockedError when another process is at it for longer than `lock_timeout` seconds, SignInError when
        Azure does not know us, and LakeError when the lake cannot be written. Failures of single pieces are results.
        """
        with telemetry.request(), _refresh_span(demand or Demand()) as span:
            report = self._refreshed(demand or Demand(), lock_timeout, on_progress, is_stopped)
            span.set_attribute("finops_lake.pieces", len(report.results))
        return report

    def is_busy(self) -> bool:
        """Return whether some process is refreshing this home just now."""
        try:
            with self._warehouse().lock(0):
                return False
        except LockedError:
            return True

    def _refreshed(
        self,
        demand: Demand,
        lock_timeout: float,
        on_progress: OnProgress | None,
        is_stopped: Callable[[], bool] | None,
    ) -> RefreshReport:
        started = self._settings.utc_now()
        warehouse = self._warehouse()
        with warehouse.lock(lock_timeout), ExitStack() as stack:
            azure = self._azure()
            stack.callback(azure.close)
            run = Run(
                self._settings,
                warehouse,
                azure,
                self._journal,
                demand,
                on_progress,
                self._monotonic,
                self._wall,
                is_stopped,
            )
            loading = run.loading
            try:
                run.work()
            finally:
                loading.publish()
            run.notes += warehouse.faults
            if self._settings.now is None:
                run.notes += clock_notes(azure.clock_skew)
        LOG.info("refreshed %d pieces, %d left", len(loading.results), loading.fetcher.left)
        return RefreshReport(
            started,
            self._settings.utc_now(),
            tuple(loading.results),
            loading.generation,
            loading.fetcher.left,
            tuple(run.notes),
            tuple(run.told),
            run.superseded,
            loading.unchanged,
        )


def clock_notes(skew: float | None) -> list[str]:
    """Return what to say of a machine whose clock is so far from Azure's that ages and months would be wrong."""
    if skew is None or abs(skew) <= LARGEST_SKEW_SECONDS:
        return []
    span = f"{abs(skew) / 60:.0f} minutes {'ahead of' if skew > 0 else 'behind'}"
    return [f"This machine's clock is {span} Azure's: ages, months and sign-ins may be wrong. Set the clock."]


def _refresh_span(demand: Demand) -> AbstractContextManager[Span]:
    tables = ",".join(sorted(demand.tables)) if demand.tables is not None else None
    return telemetry.span("refresh", {"finops_lake.tables": tables, "finops_lake.force": demand.force})
