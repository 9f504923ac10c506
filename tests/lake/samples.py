"""Small sources, views and rows to fill a lake with; also imported by the processes that tests start."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from finops_lake.errors import Outcome
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched, Source

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
ONE, TWO = "/subscriptions/one", "/subscriptions/two"

COSTS = Source(
    table="costs",
    comment="Cost by day and service.",
    schema=pa.schema([("day", pa.date32()), ("service", pa.string()), ("cost", pa.decimal128(38, 24))]),
    key=("day", "service"),
    max_age=timedelta(hours=4),
    columns={"day": "UTC day.", "service": "Service on the bill.", "cost": "Cost before tax."},
    monthly=True,
    metrics=("actual", "amortized"),
)
DISKS = Source(
    table="disks",
    comment="Managed disks.",
    schema=pa.schema([("id", pa.string()), ("size_gb", pa.int64()), ("tags", pa.map_(pa.string(), pa.string()))]),
    key=("id",),
    max_age=timedelta(hours=1),
    columns={"id": "ARM id.", "size_gb": "Size.", "tags": "Tags."},
)
SOURCES = (COSTS, DISKS)

SQL = {
    "staging/costs.sql": """\
-- Cost with our names.
-- grain: one row per scope, metric, day and service
-- columns:
--   x_scope_id: Scope that was asked.
--   billing_month: Month that was asked.
--   metric: actual or amortized.
select _scope_id as x_scope_id, _month as billing_month, _metric as metric, day, service, cost
from raw.costs
""",
    "staging/disks.sql": """\
-- Disks with our names.
-- columns:
--   disk_id: ARM id, lower-cased.
select lower(id) as disk_id, size_gb, _scope_id, _loaded_at as loaded_at from raw.disks
""".replace("--   disk_id", "--   loaded_at: Instant of the load.\n--   disk_id"),
    "marts/charges.sql": """\
-- Both readings side by side.
-- stored: x_scope_id, billing_month
-- columns:
--   billed: Actual cost.
--   effective: Amortized cost.
select
    x_scope_id, billing_month, service,
    sum(cost) filter (where metric = 'actual') as billed,
    sum(cost) filter (where metric = 'amortized') as effective,
from staging.costs
group by all
""",
    "marts/cost_by_month.sql": """\
-- Cost by month, what the month
-- cost in all.
-- grain: one row per month
-- columns:
--   billed: Actual cost
--     of the month.
select billing_month, sum(billed) as billed from marts.charges group by all
""",
    "audits/_columns.sql": """\
-- columns:
--   verdict: waste or fine.
""",
    "audits/big_disks.sql": """\
-- Big disks cost much.
-- title: Big disks
-- severity: high
-- population: staging.disks
-- fix: Use smaller ones.
select disk_id, if(size_gb > coalesce(getvariable('big_gb'), 100), 'waste', 'fine') as verdict from staging.disks
""",
}


def write_sql(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write the views of SQL, changed and completed by `files`, and return the folder."""
    for name, text in (SQL | (files or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


CONTENT = (
    "from duckdb_columns() select schema_name, table_name, column_name, data_type, comment where not internal"
    " order by all",
    "from duckdb_views() select schema_name, view_name, sql, comment where not internal order by all",
    "from meta.lake order by all",
    "from meta.headers order by all",
    "from meta.lineage order by all",
    "from meta.tables order by all",
    "from meta.stored order by all",
    "from meta.made order by all",
)


def content(warehouse: Warehouse) -> list[list[tuple[object, ...]]]:
    """Return all that an empty lake holds, rows of raw tables aside."""
    with duckdb.connect(str(warehouse.files.warehouse), read_only=True) as connection:
        return [connection.execute(sql).fetchall() for sql in CONTENT]


def warehouse(
    home: Path, *, sql: Path | None = None, origin: str = "azure", sources: tuple[Source, ...] = SOURCES
) -> Warehouse:
    """Return a writer for `home`; its views come from a folder beside it unless `sql` says otherwise."""
    folder = sql or write_sql(home.parent / "sql")
    return Warehouse(home, sources, folder, origin=origin, clock=lambda: NOW)


def cost_rows(month: date, amounts: dict[str, str], days: int = 1) -> pa.Table:
    """Return a row per service and day."""
    rows = [(month + timedelta(days=day), name, Decimal(cost)) for day in range(days) for name, cost in amounts.items()]
    return pa.Table.from_arrays(
        [
            pa.array(list(column), field.type)
            for column, field in zip(zip(*rows, strict=True), COSTS.schema, strict=True)
        ]
        if rows
        else [pa.array([], field.type) for field in COSTS.schema],
        schema=COSTS.schema,
    )


def disk_rows(*sizes: int) -> pa.Table:
    """Return a disk of each size."""
    columns = [[f"/Disks/D{size}" for size in sizes], list(sizes), [[("env", "dev")] for _ in sizes]]
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, DISKS.schema, strict=True)], schema=DISKS.schema
    )


def result_of(chunk: Chunk, outcome: Outcome = Outcome.LOADED, rows: int | None = None, **more: object) -> ChunkResult:
    """Return what became of a chunk."""
    complete = outcome is Outcome.LOADED
    return ChunkResult(chunk, outcome, NOW - timedelta(seconds=5), NOW, complete, rows, **more)  # type: ignore[arg-type]


def load_costs(
    writer: Warehouse,
    amounts: dict[str, str],
    *,
    scope: str = ONE,
    month: date = NOVEMBER,
    metric: str = "actual",
    days: int = 1,
) -> None:
    """Load one month of one reading."""
    rows = cost_rows(month, amounts, days)
    chunk = Chunk("costs", scope, month, metric)
    writer.load(COSTS, Fetched(rows), result_of(chunk, rows=rows.num_rows))


def load_disks(writer: Warehouse, *sizes: int, scope: str = ONE) -> None:
    """Load the disks of one scope."""
    writer.load(DISKS, Fetched(disk_rows(*sizes)), result_of(Chunk("disks", scope), rows=len(sizes)))


def publish_costs(home: Path, amount: str, **more: object) -> int:
    """Load one amount of one service and publish; returns the generation."""
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": amount}, **more)  # type: ignore[arg-type]
        return writer.publish()


def run_python(code: str, *arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, which can import the tests' modules."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, **options)  # type: ignore[call-overload]


def start_python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start `code` in a process of its own; its output is a pipe."""
    command = [sys.executable, "-u", "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
