"""Peak memory while a large Parquet export becomes a lake: `python -m tests.bench files_large` (takes minutes)."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from finops_lake.app import App
from finops_lake.config import load_settings
from tests.bench.bench_files import in_folder
from tests.bench.timing import show

ROWS = int(os.environ.get("BENCH_FILE_ROWS", "10000000"))


def load(folder: Path) -> None:
    """Load and publish, and print the peak of this process."""
    settings = load_settings({"FINOPS_LAKE_HOME": str(folder / "home")})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    report = App(settings).file_refresher().refresh([f"{folder}/focus.parquet"])
    seconds = time.perf_counter() - started
    assert sum(result.row_count or 0 for result in report.results) == ROWS, report
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    show("peak memory", peak / 1024, "MB", aim="< 2,000 MB", baseline=f"{before / 1024:,.0f} MB before")
    show("file to published lake", ROWS / seconds, "rows/s")


def main() -> None:
    """Print the peak memory of one large load."""
    print(f"files_large: {ROWS:,} FOCUS rows")
    in_folder(load, ROWS, has_csv=False)
