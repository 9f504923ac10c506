"""The progress of a refresh, as a bar on a terminal; elsewhere nothing is shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress as Bar

    from finops_lake.refresh.progress import Progress


class RefreshBar:
    """A bar on stderr; call it with each Progress, from any thread."""

    def __init__(self) -> None:
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = _made()
            self._bar.start()
            self._task = self._bar.add_task("signing in", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far the refresh is."""
        if self._bar is not None:
            total = progress.total or None
            self._bar.update(self._task, completed=progress.done, total=total, description=progress.words)


def _made() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    return Progress(
        TextColumn("Refreshing"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
