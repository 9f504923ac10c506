"""Whether Ctrl+C was pressed: DuckDB turns a KeyboardInterrupt that meets it into errors of its own."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_interrupted = threading.Event()


def note_interruptions() -> None:
    """Remember Ctrl+C from now on, beside raising KeyboardInterrupt as always."""
    _interrupted.clear()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _note)


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
