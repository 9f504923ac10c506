"""Serves the tools over stdio until the client closes it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from finops_lake.config import Settings

if TYPE_CHECKING:
    from finops_lake.app import App

WARM_UP_AFTER_SECONDS = 0.5
"""The lake is opened ahead of the first question, but not while the client still asks for the list of tools."""

SCHEDULE_AFTER_SECONDS = 5.0
"""Clients have listed the tools by then; what the schedule needs is imported only now."""


def serve_stdio(settings: Settings) -> None:
    """Serve until stdin ends. stdout belongs to the protocol; whatever is printed meanwhile goes to stderr."""
    gc.disable()  # imports make a great many objects that live on: collecting among them costs a tenth of the start
    from finops_lake.app import App
    from finops_lake.server.build import build_server

    app = App(settings)
    server = build_server(app)
    gc.enable()
    gc.freeze()
    try:
        with warming_up(app):
            server.run("stdio")
    finally:
        leave(app)


@contextlib.contextmanager
def warming_up(app: App) -> Iterator[None]:
    """Open the lake in the background meanwhile, and later begin to refresh it by the schedule."""
    timers = [
        threading.Timer(WARM_UP_AFTER_SECONDS, app.lake.warm_up),
        threading.Timer(SCHEDULE_AFTER_SECONDS, app.start_schedule),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


def leave(app: App) -> None:
    """Let go of the lake. A refresh that still runs is given up: its threads may wait minutes for a throttle.

    That is as safe as a killed process: what is published stays as it is, and the lock goes with the process.
    """
    app.close()
    if app.is_refreshing():
        sys.stderr.flush()
        os._exit(0)
