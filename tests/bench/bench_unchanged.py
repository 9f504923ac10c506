"""A refresh in which nothing changed: 10 subscriptions and 13 months, a local Azure in another process, not throttled.

The lake is filled once; then the same is asked again seven hours later (what is due), and once in full. Each time is
taken apart: before the first request (planning), and from the last reply to the end.
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import datetime, timedelta
from typing import Any

from finops_lake.app import App
from finops_lake.azure_api.clients import AzureClients
from finops_lake.azure_api.sdk import build_transport
from finops_lake.config import load_settings
from finops_lake.planner.due import Demand
from finops_lake.refresh.refresher import Refresher
from tests.bench.bench_wire import TODAY, local_azure
from tests.bench.timing import show

RESOURCES = int(os.environ.get("BENCH_RESOURCES", "120"))
START = datetime.fromisoformat(f"{TODAY}T09:00:00+00:00")


def now() -> tuple[float, float]:
    """Return the instant, and the processor time that this process has used."""
    return time.perf_counter(), time.process_time()


class Exchanges:
    """Notes when requests leave and replies arrive."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, float]] = []
        self.replied: list[tuple[float, float]] = []

    def transport(self, settings: Any) -> Any:
        """Return the transport of ordinary clients, which tells of what it does."""
        transport = build_transport(settings)
        send = transport.send

        def timed(*arguments: Any, **options: Any) -> Any:
            self.sent.append(now())
            reply = send(*arguments, **options)
            self.replied.append(now())
            return reply

        transport.send = timed
        return transport


def refresh(environment: dict[str, str], home: str, hours: int, demand: Demand, name: str) -> None:
    """Refresh so many hours later and print where the time went."""
    clock = (START + timedelta(hours=hours)).isoformat()
    settings = load_settings({**environment, "FINOPS_LAKE_HOME": home, "FINOPS_LAKE_NOW": clock})
    app, exchanges = App(settings), Exchanges()
    refresher = Refresher(
        settings, app._warehouse, lambda: AzureClients(settings, transport=exchanges.transport(settings))
    )
    started = now()
    report = refresher.refresh(demand)
    ended = now()
    app.close()
    rows = sum(result.row_count or 0 for result in report.results)
    print(f"{name}: {len(report.results)} pieces, {rows:,} rows, {len(exchanges.sent)} requests")
    show("all of it", ended[0] - started[0], "s", baseline=f"{ended[1] - started[1]:.1f} s of processor time")
    assert not report.failures, report.failures[0]
    if hours:
        assert (report.generation, report.unchanged) == (None, len(report.results)), "something changed"
        tell("start to the first request", started, min(exchanges.sent))
        tell("last reply to the end", max(exchanges.replied), ended, "< 1,000")


def tell(name: str, start: tuple[float, float], end: tuple[float, float], aim: str = "") -> None:
    """Print the time between two instants, and the processor time, which tells more on a busy machine."""
    show(name, 1000 * (end[0] - start[0]), "ms", aim=aim)
    show("  processor time of it", 1000 * (end[1] - start[1]), "ms")


def main() -> None:
    """Print the times of three refreshes."""
    with local_azure(RESOURCES) as environment, tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as home:
        os.environ.update({name: value for name, value in environment.items() if name.startswith("AZURE_")})
        refresh(environment, home, 0, Demand(), "filled")
        refresh(environment, home, 7, Demand(retry_refused=True), "again, what is due after 7 hours")
        refresh(environment, home, 8, Demand(force=True), "again, all of it")
