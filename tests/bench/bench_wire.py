"""From the wire to the lake: 10 subscriptions and 13 months from a local Azure in another process, not throttled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.planner.due import Demand
from tests.bench.timing import show

TODAY = "2026-11-23"
SERVER = """
import json, sys, time
from datetime import date
from finops_lake.demo.server import LocalAzure
from finops_lake.extract.cost_query import query_body
from finops_lake.source import Chunk, months_back
today = date.fromisoformat(sys.argv[1])
with LocalAzure(today=today, subscriptions=10, resources=int(sys.argv[2])) as azure:
    months = months_back(today, 13)
    bodies = [query_body(Chunk("cost_daily", "/", month, metric), "Daily", ("ResourceId", "ServiceName"))
              for month in months for metric in ("ActualCost", "AmortizedCost")]
    bodies += [query_body(Chunk("x", "/", month, "ActualCost"), None, ("ResourceId", "ResourceLocation"))
               for month in months]
    azure.warm(bodies)
    print(json.dumps(azure.environment()), flush=True)
    sys.stdin.read()
"""


@contextmanager
def local_azure(resources: int) -> Iterator[dict[str, str]]:
    """Run a warmed-up local Azure in another process and give its environment."""
    command = [sys.executable, "-c", SERVER, TODAY, str(resources)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Sample this process's resident memory; the list's only item ends as the peak in MB (0 where unknown)."""
    peak, stop = [0.0], threading.Event()
    status = Path("/proc/self/status")

    def sample() -> None:
        while not stop.wait(0.02):
            line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
            peak[0] = max(peak[0], int(line.split()[1]) / 1024)

    thread = threading.Thread(target=sample)
    if status.exists():
        thread.start()
    yield peak
    stop.set()
    if thread.ident:
        thread.join()


def main() -> None:
    """Print rows per second, without and with the making of an empty lake, and the peak of memory."""
    with local_azure(120) as environment, tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder:
        os.environ.update({name: value for name, value in environment.items() if name.startswith("AZURE_")})
        app = App(load_settings({**environment, "FINOPS_LAKE_HOME": folder, "FINOPS_LAKE_NOW": f"{TODAY}T09:00:00Z"}))
        with peak_memory() as peak:
            began = time.perf_counter()
            warehouse = app._warehouse()
            with warehouse.lock(0), warehouse.open():
                pass
            started = time.perf_counter()
            cpu = time.process_time()
            report = app.refresher().refresh(Demand())
            ended = time.perf_counter()
            cpu = time.process_time() - cpu
        rows = sum(result.row_count or 0 for result in report.results)
        seconds = ended - started
        print(f"wire: {len(report.results)} chunks, {rows:,} rows, 10 subscriptions x 13 months, {seconds:.1f} s")
        assert not report.failures, report.failures[0]
        show("tables and views of an empty lake, once per version", started - began, "s")
        show("rows from wire to published lake", rows / seconds, "rows/s", aim=">= 100,000")
        show("  processor time of it", cpu, "s")
        show("rows from nothing to published lake", rows / (ended - began), "rows/s")
        show("peak resident memory of the refreshing process", peak[0], "MB", aim="< 500 MB")
        app.close()
