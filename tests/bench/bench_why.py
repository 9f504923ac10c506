"""Every tool but the audit and refresh_lake over a lake of one million charges, inside the server.

Two subscriptions more have lines of bills with reservations, which the Cost Management query of the others cannot tell.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pyarrow as pa
from mcp.server.mcpserver import MCPServer

from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.errors import Outcome
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.lake.writer import Warehouse
from finops_lake.server.build import build_server
from finops_lake.source import Chunk, ChunkResult, Fetched, months_back, next_month
from tests.bench.bench_cost import CHARGES, NOW, SUBSCRIPTIONS, build

Arguments = dict[str, Any]
CALLS: tuple[tuple[str, Arguments, Arguments, str], ...] = (
    ("get_cost", {}, {"start_date": "2026-11-01", "end_date": "2026-11-20"}, "30"),
    ("get_cost", {"group_by": ["resource_group"]}, {}, "30"),
    ("explain_cost_change", {}, {"start_date": "2026-11-01", "end_date": "2026-11-18"}, "60"),
    (
        "explain_cost_change",
        {"time_period": "last_month", "group_by": ["resource_group"]},
        {"time_period": "last_month", "group_by": ["location"]},
        "60",
    ),
    ("get_cost_anomalies", {}, {"start_date": "2026-10-20", "end_date": "2026-11-18"}, "60"),
    ("get_cost_forecast", {}, {"dimensions": ["Service=Service 3"]}, "60"),
    ("get_cost_forecast", {"group_by": ["service"], "months": 13}, {"group_by": ["location"], "months": 13}, "60"),
    ("get_tag_coverage", {}, {"start_date": "2026-11-01", "end_date": "2026-11-18"}, "60"),
    ("get_budget_status", {}, {"status": ["ok"]}, "30"),
    ("get_commitments", {}, {"start_date": "2026-11-01", "end_date": "2026-11-20"}, "30"),
    ("get_lake_status", {}, {}, "30"),
    ("describe_lake", {}, {"search": "disk"}, "30"),
    ("describe_lake", {"table": "marts.charges"}, {"table": "marts.cost_days"}, "30"),
    (
        "query_lake",
        {"sql": "select service_name, sum(billed_cost) from charges where billing_month = '2026-11-01' group by all"},
        {"sql": "select count(*) from charges"},
        "30",
    ),
)
"""Each tool with a question, another question to it that is asked before, and the aim in milliseconds."""

RUNS = 9
BUDGETS = 3
RESERVATIONS = 40
BILLED = 2
LINES = 5_000
"""Reservations, subscriptions with lines of bills, and lines of each of their months."""


def main() -> None:
    """Print the times of answers; with a folder as argument the lake is kept there for another run."""
    with tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 and Path(sys.argv[1]).is_absolute() else Path(folder)
        if not (home / "finops.duckdb").exists():
            build(home)
            add_listings(home)
            add_bills(home)
        anyio.run(inside_the_server, home)


def add_listings(home: Path) -> None:
    """Load what the charges are of: subscriptions, resources with two tags each, and some budgets."""
    warehouse = Warehouse(home, SOURCES, origin="bench", clock=lambda: NOW)
    with warehouse.lock(0):
        with warehouse.open():
            for number in range(SUBSCRIPTIONS):
                scope = f"/subscriptions/00000000-0000-0000-0000-{number:012}"
                for table, rows in (("resources", _resources(scope)), ("budgets", _budgets(scope))):
                    source = EXTRACTORS[table].source
                    listed = [dict.fromkeys(source.schema.names) | row for row in rows]
                    result = ChunkResult(Chunk(table, scope), Outcome.LOADED, NOW, NOW, True, len(listed))
                    warehouse.load(source, Fetched(pa.Table.from_pylist(listed, source.schema)), result)
        warehouse.publish()


def add_bills(home: Path) -> None:
    """Load reservations, and bills half of whose lines they cover."""
    warehouse = Warehouse(home, SOURCES, origin="bench", clock=lambda: NOW)
    listed = EXTRACTORS["reservations"].source
    lines = EXTRACTORS["cost_details"].source
    held = [
        dict.fromkeys(listed.schema.names) | {"id": _reservation(number), "display_name": f"reservation {number}"}
        for number in range(RESERVATIONS)
    ]
    with warehouse.lock(0):
        with warehouse.open():
            result = ChunkResult(Chunk(listed.table, "/"), Outcome.LOADED, NOW, NOW, True, len(held))
            warehouse.load(listed, Fetched(pa.Table.from_pylist(held, listed.schema)), result)
            for number in range(BILLED):
                scope = f"/subscriptions/00000000-0000-0000-0000-{SUBSCRIPTIONS + number:012}"
                for month in months_back(NOW.date(), 13):
                    bill = _bill(scope, month, lines.schema)
                    for metric in lines.metrics:
                        chunk = Chunk(lines.table, scope, month, metric)
                        result = ChunkResult(chunk, Outcome.LOADED, NOW, NOW, True, LINES)
                        warehouse.load(lines, Fetched(bill), result)
        warehouse.publish()


def _reservation(number: int) -> str:
    return f"/providers/Microsoft.Capacity/reservationOrders/o{number}/reservations/{number:08}"


def _bill(scope: str, month: date, schema: pa.Schema) -> pa.Table:
    """Return a month's lines, each machine's on every day: of ten, five are covered, one is unused, four on demand."""
    days = (min(next_month(month) - timedelta(days=1), NOW.date()) - month).days + 1
    rows = []
    for number in range(LINES):
        machine, day = divmod(number, days)
        of_ten, benefit = machine % 10, machine % RESERVATIONS
        row = {
            "date": month + timedelta(days=day),
            "subscription_id": scope.rpartition("/")[2],
            "billing_currency": "EUR",
            "charge_type": "UnusedReservation" if of_ten == 5 else "Usage",
            "pricing_model": "Reservation" if of_ten < 6 else "OnDemand",
            "quantity": Decimal(24),
            "cost_in_billing_currency": Decimal(number % 997 + 1),
            "unit_price": Decimal(machine % 97 + 1),
            "meter_category": f"Service {machine % 5}",
            "meter_id": f"meter{machine % 20}",
            "resource_location": ("westeurope", "northeurope")[machine % 2],
        }
        if of_ten < 6:
            row |= {"benefit_id": _reservation(benefit), "benefit_name": f"reservation {benefit}"}
        if of_ten != 5:
            row["resource_id"] = (
                f"{scope}/resourceGroups/rg{benefit}/providers/Microsoft.Compute/virtualMachines/machine{machine}"
            )
        rows.append(row)
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _resources(scope: str) -> list[Mapping[str, Any]]:
    kind = "Microsoft.Compute/virtualMachines"
    return [
        {
            "id": f"{scope}/resourceGroups/rg{number % 40}/providers/{kind}/vm{number}",
            "name": f"vm{number}",
            "type": kind,
            "tags": json.dumps({"env": ("prod", "dev", "Prod")[number % 3], "team": f"team{number % 7}"}),
        }
        for number in range(CHARGES // SUBSCRIPTIONS // 13 // 23 * 3 // 4)
    ]


def _budgets(scope: str) -> list[Mapping[str, Any]]:
    """Return a budget of the subscription, one of a resource group, and one with a filter."""
    groups = ("", "/resourceGroups/rg1", "")
    names = {"name": "ServiceName", "operator": "In", "values": ["Service 3"]}
    return [
        {
            "id": f"{scope}{groups[number]}/providers/Microsoft.Consumption/budgets/budget{number}",
            "name": f"budget{number}",
            "category": "Cost",
            "time_grain": "Monthly",
            "amount": Decimal(100_000),
            "period_start_date": date(2026, 1, 1),
            "period_end_date": date(2027, 12, 31),
            "current_spend_amount": Decimal(90_000),
            "current_spend_unit": "EUR",
            "filter": json.dumps({"dimensions": names}) if number == BUDGETS - 1 else None,
            "notifications": "[]",
        }
        for number in range(BUDGETS)
    ]


async def inside_the_server(home: Path) -> None:
    """Print for each tool the least time of a new question, its processor time, and that of the same asked again."""
    environment = {"FINOPS_LAKE_HOME": str(home), "FINOPS_LAKE_NOW": NOW.isoformat()}
    app = App(load_settings(environment | {"FINOPS_LAKE_REFRESH_ON_DEMAND": "false"}))
    server = build_server(app)
    print("  milliseconds: elapsed (processor time)    first after a publication      new question        asked again")
    for tool, arguments, before, aim in CALLS:
        rounds = [await _round(server, app, tool, arguments, before) for _ in range(RUNS)]
        cells = []
        for place in range(3):
            elapsed = min(one[place][0] for one in rounds[1:])
            used = min(one[place][1] for one in rounds[1:])
            cells.append(f"{elapsed:7.1f} ({used:6.1f})")
        words = ", ".join(f"{name}={value}" for name, value in arguments.items())
        print(f"  {tool + ' ' + words:.48}".ljust(52), *cells, f"aim <= {aim}", sep="   ", flush=True)
    app.close()


async def _round(
    server: MCPServer, app: App, tool: str, arguments: Arguments, before: Arguments
) -> list[tuple[float, float]]:
    """Return elapsed and processor milliseconds of a first, a new and a repeated question."""
    _forget(app)
    first = await _asked(server, tool, arguments)
    _forget(app)
    await _asked(server, tool, before)
    return [first, await _asked(server, tool, arguments), await _asked(server, tool, arguments)]


def _forget(app: App) -> None:
    """Have the reader ask anew what it keeps between publications."""
    for kept in ("_kept", "_made"):
        setattr(app.lake, kept, ((None, None), {}))


async def _asked(server: MCPServer, tool: str, arguments: Arguments) -> tuple[float, float]:
    started, worked = time.perf_counter(), time.process_time()
    result = await server.call_tool(tool, arguments)
    times = ((time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000)
    assert not getattr(result, "is_error", False), result
    return times


if __name__ == "__main__":
    main()
