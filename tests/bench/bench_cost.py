"""Answers over a lake of one million charges: 10 subscriptions, 13 months."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import anyio
import pyarrow as pa
from mcp.client import Client

from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.answers.budgets import BudgetQuestion, answer_budgets
from finops_lake.answers.cost import CostQuestion, answer_cost
from finops_lake.answers.periods import period_of
from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.errors import Outcome
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from finops_lake.server.build import build_server
from finops_lake.source import Chunk, ChunkResult, Fetched, months_back, next_month
from tests.bench.timing import median_ms, show

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHARGES = 1_000_000
SUBSCRIPTIONS = 10
SERVICES = [f"Service {number}" for number in range(24)]


def month_of_cost(scope: str, month: date, rows: int) -> pa.Table:
    """Return `rows` made-up rows of one subscription and month."""
    last = min(next_month(month) - timedelta(days=1), NOW.date())
    days = (last - month).days + 1
    resources = max(rows // days, 1)
    ids = [
        f"{scope}/resourcegroups/rg{number % 40}/providers/microsoft.compute/virtualmachines/vm{number}"
        for number in range(resources)
    ]
    amounts = pa.array([Decimal(random.randrange(10**9)).scaleb(-7) for _ in range(997)], pa.decimal128(38, 24))
    take = pa.array([number % 997 for number in range(rows)])
    return pa.table(
        {
            "usage_date": pa.array([month + timedelta(days=number // resources % days) for number in range(rows)]),
            "resource_id": pa.array([ids[number % resources] for number in range(rows)]),
            "subscription_id": pa.array([scope.rpartition("/")[2]] * rows),
            "service_name": pa.array([SERVICES[number % resources % 24] for number in range(rows)]),
            "currency": pa.array(["EUR"] * rows),
            "cost": amounts.take(take),
            "cost_usd": amounts.take(take),
        },
        schema=EXTRACTORS["cost_daily"].source.schema,
    )


def build(home: Path) -> None:
    """Load the lake as a refresh would, chunk by chunk."""
    random.seed(1)
    warehouse = Warehouse(home, SOURCES, origin="bench", clock=lambda: NOW)
    rows = CHARGES // SUBSCRIPTIONS // 13
    source = EXTRACTORS["cost_daily"].source
    with warehouse.lock(0):
        with warehouse.open():
            for number in range(SUBSCRIPTIONS):
                scope = f"/subscriptions/00000000-0000-0000-0000-{number:012}"
                for month in months_back(NOW.date(), 13):
                    table = month_of_cost(scope, month, rows)
                    for metric in source.metrics:
                        chunk = Chunk("cost_daily", scope, month, metric)
                        result = ChunkResult(chunk, Outcome.LOADED, NOW, NOW, complete=True, row_count=rows)
                        warehouse.load(source, Fetched(table), result)
        warehouse.publish()


def main() -> None:
    """Print the time of warm answers."""
    with tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder:
        build(Path(folder))
        lake = LakeReader(Path(folder))
        count = lake.query("select count(*) from marts.charges").rows[0][0]
        print(f"cost: {count:,} charges, {Path(folder, 'finops.duckdb').stat().st_size / 1e6:.0f} MB")
        month = period_of(NOW.date())
        year = period_of(NOW.date(), name="last_12_months")
        bare = median_ms(lambda: lake.query("select 1"))
        questions = {
            "this month by service": (CostQuestion(month), "<= 25 ms"),
            "last 12 months by service": (CostQuestion(year), "<= 25 ms"),
            "last 12 months by service, monthly": (CostQuestion(year, granularity="monthly"), ""),
            "last 12 months by resource, largest 100": (CostQuestion(year, group_by=("resource",)), ""),
            "last 12 months of one service and region": (
                CostQuestion(year, dimensions=("Service=Service 3",), group_by=("resource_group",)),
                "",
            ),
        }
        for name, (question, aim) in questions.items():
            figure = median_ms(lambda question=question: answer_cost(lake, question))  # type: ignore[misc]
            show(f"get_cost: {name}", figure, "ms", aim=aim, baseline=f"{figure / bare:.0f} x an empty query")
        show("run_finops_audit: all checks, no inventory", median_ms(lambda: answer_audit(lake, AuditQuestion())), "ms")
        show("get_budget_status: no budgets", median_ms(lambda: answer_budgets(lake, BudgetQuestion())), "ms")
        lake.close()
        anyio.run(through_the_server, Path(folder))


async def through_the_server(home: Path) -> None:
    """Print the time of the same question asked by an MCP client in this process."""
    environment = {"FINOPS_LAKE_HOME": str(home), "FINOPS_LAKE_NOW": NOW.isoformat()}
    app = App(load_settings(environment | {"FINOPS_LAKE_REFRESH_ON_DEMAND": "false"}))
    async with Client(build_server(app)) as client:
        times = []
        for _ in range(16):
            started = time.perf_counter()
            result = await client.call_tool("get_cost", {})
            times.append((time.perf_counter() - started) * 1000)
            assert not result.is_error, result.content
    app.close()
    show("get_cost through the MCP server: this month", statistics.median(times[1:]), "ms", aim="<= 25 ms")
