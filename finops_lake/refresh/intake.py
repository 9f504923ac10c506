"""Threads that work through units in order, and pause while too much of what they brought waits to be taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from finops_lake import telemetry

U = TypeVar("U")
R = TypeVar("R")

IDLE_SECONDS = 1.0
"""After so long without a result nothing is given, so that the caller can let go of the lake meanwhile."""

GATHER_SECONDS = 0.5
"""How long what has arrived waits for more: each load costs the same again, however few rows it has."""

GATHER_ROWS = 130_000
"""So many rows wait for no more, and no unit is begun beside them: a row group of DuckDB has 122,880."""


class Intake(Generic[U, R]):
    """Works with `workers` threads while it is entered.

    `draw` gives the next unit, None when there is none left; it is called by one thread at a time. `work` gives the
    results of a unit, and `rows` how many rows a result has. What `work` raises is raised by `check`.
    """

    def __init__(
        self,
        workers: int,
        draw: Callable[[], U | None],
        work: Callable[[U], list[R]],
        rows: Callable[[R], int],
    ) -> None:
        self._draw, self._work, self._rows_of = draw, work, rows
        self._changed = threading.Condition()
        self._results: list[R] = []
        self._rows = 0
        self._at_work = workers
        self._is_closed = False
        self._broken: BaseException | None = None
        self._threads = [
            threading.Thread(target=telemetry.carried(self._run), name=f"fetch-{number}") for number in range(workers)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def take(self) -> list[R]:
        """Return what came within a moment of the first result; nothing where none came for a while."""
        with self._changed:
            if self._changed.wait_for(lambda: self._results or self._is_over(), IDLE_SECONDS):
                self._changed.wait_for(lambda: self._rows >= GATHER_ROWS or self._is_over(), GATHER_SECONDS)
            taken, self._results, self._rows = self._results, [], 0
            self._changed.notify_all()
            return taken

    def is_over(self) -> bool:
        """Return whether there is nothing more to take."""
        with self._changed:
            return self._is_over() and not self._results

    def check(self) -> None:
        """Raise what broke a thread, if anything did."""
        if self._broken is not None:
            raise self._broken

    def _is_over(self) -> bool:
        return not self._at_work or self._broken is not None

    def _run(self) -> None:
        try:
            while (unit := self._next()) is not None:
                results = self._work(unit)
                with self._changed:
                    self._results += results
                    self._rows += sum(map(self._rows_of, results))
                    self._changed.notify_all()
        except BaseException as error:
            self._broken = self._broken or error
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()

    def _next(self) -> U | None:
        with self._changed:
            self._changed.wait_for(lambda: self._rows < GATHER_ROWS or self._is_closed or self._broken is not None)
            return None if self._is_closed or self._broken is not None else self._draw()
