"""Runs the local Azure by itself, for shells, other programs and other languages."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Literal, TextIO

from finops_lake.demo.server import LocalAzure

Shell = Literal["sh", "powershell", "json"]


def run_in_foreground(
    azure: LocalAzure,
    *,
    shell: Shell = "sh",
    out: TextIO | None = None,
    err: TextIO | None = None,
    until: threading.Event | None = None,
) -> None:
    """Start `azure`, print the environment that points at it on `out`, and serve until interrupted or `until` is set.

    Ends on Ctrl+C and, where the caller is the main thread, on a request to terminate; temporary files are removed.
    """
    stop = until or threading.Event()
    out, err = out or sys.stdout, err or sys.stderr
    with _terminable(stop), azure:
        print(environment_text(azure.environment(), shell), file=out, flush=True)
        print(f"Local Azure of {azure.today} at {azure.endpoint}; end it with Ctrl+C.", file=err, flush=True)
        try:
            while not stop.wait(1):
                pass
        except KeyboardInterrupt:
            print("Ended.", file=err)


def environment_text(environment: Mapping[str, str], shell: Shell) -> str:
    """Return variables as lines that a shell can evaluate, or as one JSON object."""
    if shell == "json":
        return json.dumps(dict(environment), indent=2)
    if shell == "powershell":
        return "\n".join(
            f"$env:{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in environment.items()
        )
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


@contextmanager
def _terminable(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM end the wait instead of the process, so that clean-up runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
