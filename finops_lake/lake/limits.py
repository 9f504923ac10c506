"""Ends statements that run too long, or that nobody waits for any more."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from finops_lake.errors import RetryableError

if TYPE_CHECKING:
    import duckdb

_INSIST_SECONDS = 0.05
"""An interrupt that comes between two stages of a statement is lost, so it is repeated until the statement ends."""


class Stop:
    """Lets another thread end a statement. One for each call; safe to use before, during and after it."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stopped = False

    def now(self) -> None:
        """End the statement; it raises RetryableError in its own thread."""
        self._stopped = True
        self._wake.set()


@contextlib.contextmanager
def limited(cursor: duckdb.DuckDBPyConnection, timeout: float | None, stop: Stop | None = None) -> Iterator[None]:
    """Interrupt the cursor after `timeout` seconds or when told to stop, and translate DuckDB's errors."""
    import duckdb

    from finops_lake.lake.trouble import query_trouble

    if stop is not None and stop._stopped:
        raise RetryableError("The query was stopped.", next_step="Ask again.")
    watch = _Watch(cursor, timeout, stop)
    with watch:
        try:
            yield
        except duckdb.Error as error:
            raise query_trouble(error, timeout=timeout, expired=watch.is_expired) from error


class _Watch:
    """A thread that waits for the end of a statement, its time, or a stop; none where neither can come."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, timeout: float | None, stop: Stop | None) -> None:
        self._cursor = cursor
        self._timeout = timeout
        self._stop = stop or Stop()
        self._done = threading.Event()
        self.is_expired = False
        self._thread = threading.Thread(target=self._run, name="query-limit", daemon=True)
        self._is_needed = timeout is not None or stop is not None

    def __enter__(self) -> None:
        if self._is_needed:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._stop._wake.set()
        if self._is_needed:
            self._thread.join()  # so that it cannot interrupt a cursor that is closed already

    def _run(self) -> None:
        self._stop._wake.wait(self._timeout)
        if self._done.is_set():
            return
        self.is_expired = not self._stop._stopped
        while not self._done.is_set():
            self._cursor.interrupt()
            self._done.wait(_INSIST_SECONDS)
