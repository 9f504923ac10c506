"""Why, what is odd, what comes: the three tools over a lake of one million charges, through the MCP server."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio
from mcp.client import Client

from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.server.build import build_server
from tests.bench.bench_cost import NOW, build
from tests.bench.timing import show

CALLS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("get_cost", {}, ""),
    ("explain_cost_change", {}, "<= 30 ms"),
    ("explain_cost_change", {"time_period": "last_month", "group_by": ["resource_group"]}, "<= 30 ms"),
    ("get_cost_anomalies", {}, "<= 60 ms"),
    ("get_cost_forecast", {}, "<= 60 ms"),
    ("get_cost_forecast", {"group_by": ["service"], "months": 13}, "<= 60 ms"),
)
RUNS = 16


def main() -> None:
    """Print the time of warm answers."""
    with tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder:
        build(Path(folder))
        anyio.run(through_the_server, Path(folder))


async def through_the_server(home: Path) -> None:
    """Print the median of each call by an MCP client in this process, the least, and the processor time it takes."""
    environment = {"FINOPS_LAKE_HOME": str(home), "FINOPS_LAKE_NOW": NOW.isoformat()}
    app = App(load_settings(environment | {"FINOPS_LAKE_REFRESH_ON_DEMAND": "false"}))
    async with Client(build_server(app)) as client:
        for tool, arguments, aim in CALLS:
            times, used = [], []
            for _ in range(RUNS):
                started, worked = time.perf_counter(), time.process_time()
                result = await client.call_tool(tool, arguments)
                times.append((time.perf_counter() - started) * 1000)
                used.append((time.process_time() - worked) * 1000)
                assert not result.is_error, result.content
            words = ", ".join(f"{name}={value}" for name, value in arguments.items())
            least = f"least {min(times):.1f}; processor time {min(used):.1f} on both cores together"
            show(f"{tool} {words}"[:58], statistics.median(times[1:]), "ms", aim=aim, baseline=least)
    app.close()


if __name__ == "__main__":
    main()
