"""Whether Ctrl+C was pressed: DuckDB turns a KeyboardInterrupt that meets it into errors of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

from finops_lake.commands import exits

POLL_SECONDS = 0.1
"""How soon Windows notices Ctrl+C; elsewhere it ends a wait at once."""

Result = TypeVar("Result")

_interrupted = threading.Event()


@contextmanager
def interruptions_noted() -> Iterator[None]:
    """Remember Ctrl+C meanwhile, beside raising KeyboardInterrupt as always."""
    _interrupted.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def forget_interruptions() -> None:
    """Give Ctrl+C back to Python, for an event loop, which handles it itself only then."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def was_interrupted() -> bool:
    """Return whether Ctrl+C was pressed."""
    return _interrupted.is_set()


def _note(number: int, frame: FrameType | None) -> None:
    _interrupted.set()
    raise KeyboardInterrupt


def interruptible(work: Callable[[], Result]) -> Result:
    """Return what `work` gives, or leave the process at once on Ctrl+C; only for work that changes nothing.

    DuckDB notices Ctrl+C itself only between its tasks, which may take many seconds.
    """
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            while not wait([future], timeout=POLL_SECONDS).done:
                pass
        except KeyboardInterrupt:
            leave_at_once()
        return future.result()


def leave_at_once() -> NoReturn:
    """End the process as Ctrl+C does, without waiting for threads that cannot be stopped."""
    sys.stderr.flush()
    os._exit(exits.INTERRUPTED)
