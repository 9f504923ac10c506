"""--refresh: bring stale tables up to date before a question is answered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from finops_lake.commands.common import app_of
from finops_lake.commands.interruption import leave_at_once
from finops_lake.commands.progress import RefreshBar
from finops_lake.errors import EmptyLakeError, OutdatedLakeError

if TYPE_CHECKING:
    from finops_lake.app import App

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


def refresh_options(function: Wrapped) -> Wrapped:
    """Add --refresh and --max-wait."""
    function = click.option(
        "--max-wait",
        type=click.FloatRange(0, 600),
        metavar="SECONDS",
        help="Longest time a refresh may take. Default: the setting max_wait_seconds (20).",
    )(function)
    return click.option(
        "--refresh",
        "is_refreshing",
        is_flag=True,
        help="First refresh what the answer needs and is stale. Default: answer from what is there.",
    )(function)


class Freshener:
    """Refreshes for one command, if asked to, and holds what the answer has to say about it."""

    def __init__(self, context: click.Context, is_refreshing: bool, max_wait: float | None) -> None:
        self.app: App = app_of(context)
        self._context = context
        self._is_refreshing = is_refreshing
        self._max_wait = self.app.settings.max_wait_seconds if max_wait is None else max_wait

    def refresh(self, views: Iterable[str], months: Iterable[date] | None) -> list[str]:
        """Refresh what lies beneath the views, and return what to note about it.

        Raises EmptyLakeError with these notes when there is nothing to answer from after all.
        """
        if not self._is_refreshing:
            return []
        self.app = app_of(self._context, refresh_deadline_seconds=max(self._max_wait, 1), refresh_on_demand=True)
        try:
            with RefreshBar() as bar:
                self._bring_up_to_date(bar)
                notes = self.app.on_demand.ensure(views, months, max_wait=self._max_wait, on_progress=bar)
                self.app.on_demand.finish()  # past its deadline a refresh only completes what is under way, and tells
        except KeyboardInterrupt:
            leave_at_once()  # the lake survives being cut off
        if not self.app.lake.exists():
            message = f"There is still no lake in {self.app.settings.home}."
            raise EmptyLakeError(" ".join([message, *notes]), next_step="Run finops-lake refresh.")
        return notes

    def _bring_up_to_date(self, bar: RefreshBar) -> None:
        """Have a lake of another version made of this one's tables and views, to the end; what fails is told later."""
        if not self.app.lake.exists():
            return
        with contextlib.suppress(OutdatedLakeError):
            self.app.on_demand.answered(self.app.lake.check_definitions, max_wait=self._max_wait, on_progress=bar)
        self.app.on_demand.finish()
