"""One refresh that somebody may wait for, in its thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from finops_lake.errors import FinopsLakeError
from finops_lake.planner.due import Demand
from finops_lake.refresh.progress import OnProgress, Progress
from finops_lake.refresh.report import RefreshReport

UPDATE = Demand(tables=frozenset())
"""What a job demands that asks for nothing, and only brings tables and views up to date."""


@dataclass
class Job:
    """One refresh in its thread, of files alone or of all; `latest` is its newest progress.

    It is `finished` for those who wait for an answer, and `told` when those who watch have heard of it, too.
    """

    demand: Demand
    of_files: bool = False
    finished: threading.Event = field(default_factory=threading.Event)
    changed: threading.Event = field(default_factory=threading.Event)
    told: threading.Event = field(default_factory=threading.Event)
    latest: Progress = field(default_factory=lambda: Progress(0, 0, "starting"))
    report: RefreshReport | None = None
    error: FinopsLakeError | None = None

    @property
    def is_update(self) -> bool:
        """Return whether it only brings tables and views up to date."""
        return self.demand == UPDATE

    def tell(self, progress: Progress) -> None:
        """Note how far it is."""
        self.latest = progress
        self.changed.set()

    def wait(self, deadline: float, monotonic: Callable[[], float], on_progress: OnProgress | None) -> bool:
        """Wait for its end, passing its progress on; return whether it came in time."""
        while not self.finished.is_set():
            left = deadline - monotonic()
            if left <= 0:
                return False
            if self.changed.wait(min(left, 1.0)):
                self.changed.clear()
                if on_progress:
                    on_progress(self.latest)
        return True

    def notes(self) -> list[str]:
        """Return what an answer after it has to say of it."""
        if self.error is not None:
            return [f"Not refreshed: {self.error}"]
        if self.report is not None and self.report.left:
            return [f"{self.report.left} pieces were not reached within the time a refresh may take."]
        return []
