"""get_budget_status over a lake of one million charges: 33 budgets of Azure, 2 local ones."""

from __future__ import annotations

import json
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pyarrow as pa
from mcp.client import Client

from finops_lake.allocation.views import rule_views
from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.errors import Outcome
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.lake.writer import Warehouse
from finops_lake.server.build import build_server
from finops_lake.source import Chunk, ChunkResult, Fetched
from tests.bench.bench_cost import NOW, SUBSCRIPTIONS, build
from tests.bench.timing import show

CONFIG = """
[[budgets]]
name = "everything"
amount = 5000000
currency = "EUR"
[[budgets]]
name = "services"
amount = 100000
currency = "EUR"
filter = [{ dimension = "service", values = ["Service 1", "Service 2"] }]
"""


def budgets_of(scope: str, number: int) -> pa.Table:
    """Return the rows of one subscription's budgets: all of it by month and year, a group, and a filtered one."""

    def budget(name: str, within: str = scope, grain: str = "Monthly", wanted: str | None = None) -> dict[str, Any]:
        parts = {"dimensions": {"name": "ServiceName", "operator": "In", "values": [wanted]}} if wanted else None
        return {
            "id": f"{within}/providers/Microsoft.Consumption/budgets/{name}",
            "name": name,
            "category": "Cost",
            "time_grain": grain,
            "amount": Decimal(300_000),
            "period_start_date": date(2026, 1, 1),
            "period_end_date": date(2035, 12, 31),
            "current_spend_amount": Decimal(100_000),
            "current_spend_unit": "EUR",
            "filter": json.dumps(parts) if parts else None,
        }

    rows = [budget("all"), budget("year", grain="Annually"), budget("group", f"{scope}/resourceGroups/rg1")]
    rows += [budget("machines", wanted="Service 1")] if number < 3 else []
    return pa.Table.from_pylist(rows, schema=EXTRACTORS["budgets"].source.schema)


def load_budgets(home: Path) -> None:
    """Load the budgets, and print what finding the budgets of every charge takes."""
    (home / "config.toml").write_text(CONFIG)
    settings = load_settings({"FINOPS_LAKE_HOME": str(home)})
    warehouse = Warehouse(home, SOURCES, origin="bench", clock=lambda: NOW)
    warehouse.add_views(*rule_views(settings.allocation_path, settings.budgets))
    with warehouse.lock(0):
        with warehouse.open():
            for number in range(SUBSCRIPTIONS):
                scope = f"/subscriptions/00000000-0000-0000-0000-{number:012}"
                rows = budgets_of(scope, number)
                result = ChunkResult(Chunk("budgets", scope), Outcome.LOADED, NOW, NOW, True, row_count=rows.num_rows)
                warehouse.load(EXTRACTORS["budgets"].source, Fetched(rows), result)
            started = time.process_time()
        show("budgets: marts.budget_coverage made anew", (time.process_time() - started) * 1000, "ms of processor time")
        warehouse.publish()


def main() -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder:
        build(Path(folder))
        load_budgets(Path(folder))
        anyio.run(ask, Path(folder))


async def ask(home: Path) -> None:
    """Print the time of the first answer from a new state of the lake, and of later ones, through the server."""
    environment = {"FINOPS_LAKE_HOME": str(home), "FINOPS_LAKE_NOW": NOW.isoformat()}
    app = App(load_settings(environment | {"FINOPS_LAKE_REFRESH_ON_DEMAND": "false"}))
    async with Client(build_server(app)) as client:

        async def taken() -> tuple[float, float]:
            elapsed, used = time.perf_counter(), time.process_time()
            result = await client.call_tool("get_budget_status", {})
            assert not result.is_error, result.content
            return (time.perf_counter() - elapsed) * 1000, (time.process_time() - used) * 1000

        await client.call_tool("query_lake", {"sql": "select count(*) from marts.charges"})
        for name, times in (("the first", 1), ("a later one", 16)):
            measured = [await taken() for _ in range(times)]
            show(f"get_budget_status, {name}: elapsed", min(one for one, _ in measured), "ms", aim="<= 30 ms")
            show(f"get_budget_status, {name}: processor time", min(one for _, one in measured), "ms")
    app.close()
