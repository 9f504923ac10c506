"""A FOCUS export from its file to the lake, against DuckDB's own insert of the same file into an equal table."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.extract.focus_charges import SOURCE
from finops_lake.lake.origin import FILES_ORIGIN
from finops_lake.lake.writer import Warehouse
from finops_lake.refresh.collecting import Collector
from tests.bench.timing import show

ROWS = int(os.environ.get("BENCH_FILE_ROWS", "200000"))
RUNS = 3
BLOCK = 1_000_000


def header(column: str) -> str:
    """Return a column's name as FOCUS files write it."""
    prefix, name = ("x_", column[2:]) if column.startswith("x_") else ("", column)
    return prefix + "".join(part.title() for part in name.split("_"))


def value(place: int, column: str, kind: str, rows: int) -> str:
    """Return SQL for one column of row r: amounts of ten decimals, instants of March, texts of 1 to 2,000 kinds."""
    if kind.startswith("decimal"):
        return f"cast((hash(r, {place}) % 1000000000000) / 1e10 as decimal(38, 18))"
    if kind.startswith("date"):
        return f"timestamp '2026-03-01' + interval (r * 31 // {rows}) day"
    kinds = (1, 5, 200, 2000)[place % 4]
    return f"'{column}-' || (hash(r, {place}) % {kinds}) || '-abcdefgh'"


def make(folder: Path, rows: int, *, has_csv: bool) -> None:
    """Write the same rows as Parquet and CSV; beyond a million they repeat."""
    block = min(rows, BLOCK)
    columns = ", ".join(
        f'{value(place, field.name, str(field.type), block)} as "{header(field.name)}"'
        for place, field in enumerate(SOURCE.schema)
    )
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy (select {columns} from range({block}) t(r)) to '{folder}/block.parquet'")
        blocks = ", ".join([f"'{folder}/block.parquet'"] * (rows // block))
        connection.execute(f"copy (from read_parquet([{blocks}])) to '{folder}/focus.parquet'")
        if has_csv:
            connection.execute(f"copy (from '{folder}/focus.parquet') to '{folder}/focus.csv'")


def warehouse_of(home: Path) -> Warehouse:
    """Return the warehouse of a home, which holds files only."""
    return App(load_settings({"FINOPS_LAKE_HOME": str(home)}))._warehouse(FILES_ORIGIN)


def bare(folder: Path, file: str) -> float:
    """Return the seconds that DuckDB's own insert takes, until the database is closed and checkpointed."""
    path = folder / "bare.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.5.0"}) as connection:
        connection.register("rows", SOURCE.schema.empty_table())
        connection.execute("create table equal as from rows")
    columns = ", ".join(f'"{header(name)}"' for name in SOURCE.schema.names)
    reader = "read_parquet" if file.endswith("parquet") else "read_csv"
    started = time.perf_counter()
    with duckdb.connect(str(path)) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"insert into equal select {columns} from {reader}('{folder}/{file}')")
    return time.perf_counter() - started


def ours(folder: Path, file: str) -> tuple[float, float]:
    """Return the seconds from the file to the closed lake, and those through publication."""
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    warehouse = warehouse_of(home)
    settings = load_settings({"FINOPS_LAKE_HOME": str(home)})
    with warehouse.lock(0):
        with warehouse.open():
            pass  # tables and views are made
        started = time.perf_counter()
        collected = Collector(settings, warehouse).collect([f"{folder}/{file}"])
        loaded = time.perf_counter() - started
        warehouse.publish()
    assert sum(result.row_count or 0 for result in collected.results) == ROWS, collected
    return loaded, time.perf_counter() - started


def compare(folder: Path, file: str, aim: str) -> None:
    """Print rows per second of both, alternating, and their ratio."""
    pairs = [(bare(folder, file), *ours(folder, file)) for _ in range(RUNS)]
    theirs, loaded, published = (statistics.median(column) for column in zip(*pairs, strict=True))
    against = f"DuckDB's own insert {ROWS / theirs:,.0f} rows/s"
    show(f"{file} to lake", ROWS / loaded, "rows/s", baseline=against)
    show("  of DuckDB's own", 100 * theirs / loaded, "%", aim=aim)
    show("  through publication", ROWS / published, "rows/s")


def in_folder(work: Callable[[Path], None], rows: int, *, has_csv: bool) -> None:
    """Have the files made by a process of its own, whose memory is not ours, and work with them."""
    with tempfile.TemporaryDirectory() as name:
        code = f"import tests.bench.bench_files as b; b.make(b.Path({name!r}), {rows}, has_csv={has_csv})"
        subprocess.run([sys.executable, "-c", code], check=True)
        work(Path(name))


def both(folder: Path) -> None:
    """Compare Parquet and CSV."""
    compare(folder, "focus.parquet", ">= 60 %")
    compare(folder, "focus.csv", ">= 50 %")


def main() -> None:
    """Print how fast files become a lake."""
    print(f"files: {ROWS:,} FOCUS rows of {len(SOURCE.schema)} columns")
    in_folder(both, ROWS, has_csv=True)
