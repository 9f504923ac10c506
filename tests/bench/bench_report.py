"""A cost details report of a million lines, from its file to the published lake: peak of memory, and lines per second.

`BENCH_REPORT_ROWS` sets the lines. The file is there already: how it is ordered and fetched is not measured.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import duckdb

from finops_lake.azure_api.clients import AzureClients
from finops_lake.azure_api.reports import Report
from finops_lake.errors import Outcome
from finops_lake.extract.catalog import SOURCES
from finops_lake.extract.cost_details import SOURCE, fetch
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult
from tests.bench.bench_files import value
from tests.bench.timing import show

ROWS = int(os.environ.get("BENCH_REPORT_ROWS", "1000000"))
MONTH = date(2026, 3, 1)
NOW = datetime(2026, 4, 20, tzinfo=UTC)
NOT_OF_ENTERPRISES = re.compile(
    r"service_period_|invoice_id|previous_|resource_type|location$|service_name|service_tier|product_id|pricing_currency"
    r"|_usd$|payg_cost|exchange_|publisher_id|provider|partner_|reseller_|customer_"
)
"""Columns that only other agreements' reports have."""
CHUNK = Chunk(SOURCE.table, "/subscriptions/00000000-0000-0000-0000-000000000001", MONTH, "ActualCost")


def make(path: Path) -> None:
    """Write a report with the columns of an Enterprise Agreement, in Azure's spelling."""
    columns = []
    for place, field in enumerate(SOURCE.schema):
        if NOT_OF_ENTERPRISES.match(field.name):
            continue
        name = "".join(part.title() for part in field.name.split("_"))
        sql = value(place, field.name, str(field.type), ROWS)
        if str(field.type).startswith("date"):
            sql = f"strftime({sql}, '%m/%d/%Y')"
        elif str(field.type) == "bool":
            sql = "'True'"
        columns.append(f'{sql} as "{name}"')
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy (select {', '.join(columns)} from range({ROWS}) t(r)) to '{path}'")


class OneReport:
    """Stands where AzureClients do: gives a report that lies on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.scratch = path.parent / "home"

    @contextmanager
    def cost_report(self, *_: Any) -> Iterator[Report]:
        """Give the report, whatever is asked for."""
        with self._path.open("rb") as file:
            yield Report([file], False, NOW)


def peak() -> float:
    """Return the peak memory of this process so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def load(path: Path) -> None:
    """Load and publish, twice, and print the peak of this process after each."""
    warehouse = Warehouse(path.parent / "home", SOURCES, origin="bench", clock=lambda: NOW)
    with warehouse.lock(0):
        with warehouse.open():
            pass
        before = peak()
        for name in ("first load", "the same again"):
            started = time.perf_counter()
            fetched = fetch(cast("AzureClients", OneReport(path)), CHUNK)
            result = ChunkResult(CHUNK, Outcome.LOADED, NOW, NOW, True, fetched.rows.num_rows)
            show(f"{name}: peak memory of reading it", peak(), "MB", baseline=f"{before:,.0f} MB before")
            with warehouse.open():
                loaded = warehouse.load_all([(result, fetched)])
                del fetched
                assert loaded[0].row_count == ROWS, loaded[0].reason
                show(f"{name}: report to raw table", ROWS / (time.perf_counter() - started), "lines/s")
                show(f"{name}: peak memory then", peak(), "MB")
            show(f"{name}: with the charges above it", ROWS / (time.perf_counter() - started), "lines/s")
            show(f"{name}: peak memory then", peak(), "MB")
        warehouse.publish()


def main() -> None:
    """Make the report in a process of its own, so that its memory does not count, and load it."""
    with tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder:
        path = Path(folder) / "report.csv"
        code = f"from pathlib import Path; import tests.bench.bench_report as b; b.make(Path({str(path)!r}))"
        subprocess.run([sys.executable, "-c", code], check=True)
        print(f"report: {ROWS:,} lines, {path.stat().st_size / 1e6:,.0f} MB of CSV")
        load(path)
