"""A first refresh under Azure's limits: 10 subscriptions and 13 months, on a clock that both sides share.

Nothing really waits: a sleeping thread gives way, and the clock jumps to the next instant at which one wakes.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from finops_lake.app import App
from finops_lake.azure_api.clients import AzureClients
from finops_lake.azure_api.throttle import Throttle
from finops_lake.config import load_settings
from finops_lake.demo.server import LocalAzure
from finops_lake.demo.throttle import Throttle as Limits
from finops_lake.journal import Journal
from finops_lake.limits import draws_of, least_seconds
from finops_lake.planner.due import Demand
from finops_lake.refresh.refresher import Refresher
from finops_lake.source import Api
from tests.bench.timing import show
from tests.conftest import TODAY

IDLE_SECONDS = 0.05
"""Real time without any sign of work after which every thread is taken to sleep."""


class SharedClock:
    """Seconds since 1970 that only move when nobody works: to the first instant at which a sleeper wakes."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._signs = 0
        self._wakes: list[float] = []
        self._moved = threading.Condition()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __call__(self) -> float:
        """Return the instant; asking for it is a sign of work."""
        with self._moved:
            self._signs += 1
            return self._now

    def sleep(self, seconds: float) -> None:
        """Sleep on this clock."""
        with self._moved:
            wakes = self._now + seconds
            self._wakes.append(wakes)
            self._signs += 1
            self._moved.wait_for(lambda: self._now >= wakes)
            self._wakes.remove(wakes)
            self._signs += 1

    def stop(self) -> None:
        """End the thread that moves the clock."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        seen = -1
        while not self._done.wait(IDLE_SECONDS):
            with self._moved:
                if self._wakes and self._signs == seen:
                    self._now = min(self._wakes)
                    self._moved.notify_all()
                seen = self._signs


def main() -> None:
    """Print the bound that the limits set, the time a refresh took, and their ratio."""
    clock = SharedClock(time.time())
    limits = Limits(enabled=True, clock=clock)
    with (
        LocalAzure(today=TODAY, subscriptions=10, resources=20, throttle=limits) as azure,
        tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder,
    ):
        environment = azure.environment()
        os.environ.update({name: value for name, value in environment.items() if name.startswith("AZURE_")})
        settings = load_settings(
            {**environment, "FINOPS_LAKE_HOME": folder, "FINOPS_LAKE_REFRESH_DEADLINE_SECONDS": "36000"}
        )
        app = App(settings)

        def clients() -> AzureClients:
            throttle = Throttle(Journal(Path(folder)), clock)
            return AzureClients(settings, sleep=clock.sleep, clock=clock, throttle=throttle)

        started, began = clock(), time.perf_counter()
        refresher = Refresher(settings, app.refresher()._warehouse, clients, monotonic=clock, wall=clock)
        report = refresher.refresh(Demand())
        seconds, real = clock() - started, time.perf_counter() - began
        app.close()
        tell(azure.requests, report.failures, seconds, real)
    clock.stop()


def tell(requests: list[Any], failures: tuple[Any, ...], seconds: float, real: float) -> None:
    """Print the figures; every query counts towards the bound, so that a refused one makes it no larger."""
    queries = [item for item in requests if item.path.lower().endswith("/query")]
    answered = [item for item in queries if item.status != 429]
    scopes = [item.path.lower().partition("/providers/")[0] for item in answered]
    bound = least_seconds(draw for scope in scopes for draw in draws_of(Api.COST_QUERY, scope))
    print(f"limits: {len(answered)} queries, {len(queries) - len(answered)} refused, {real:.0f} s of real time")
    assert not failures, failures[0]
    show("bound of the published limits", bound / 60, "min")
    show("time of the refresh", seconds / 60, "min")
    show("ratio", seconds / bound, "times", aim="<= 1.1")
