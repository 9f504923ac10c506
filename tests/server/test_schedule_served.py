"""The schedule inside real `finops-lake serve` processes, on the machine's own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.demo.server import LocalAzure
from finops_lake.journal import Journal
from finops_lake.planner.due import Demand
from tests.conftest import set_sign_in
from tests.server.test_stdio import environment_of, script

pytestmark = pytest.mark.anyio

SCHEDULE = '[schedule]\njitter_seconds = 0\ncost = "off"\nprices = "off"\nbudgets = "off"\ncommitments = "off"\n'


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAzure]:
    """A local Azure of the machine's own day, since the servers go by the machine's clock."""
    with LocalAzure(today=datetime.now(UTC).date(), subscriptions=2, resources=2, days=40) as azure:
        set_sign_in(monkeypatch, azure)
        yield azure
        assert azure.crashes == []


@pytest.fixture
def served(azure: LocalAzure, tmp_path: Path) -> StdioServerParameters:
    """How a client starts a server of one home whose inventory is scheduled, and was never read."""
    (tmp_path / "config.toml").write_text(SCHEDULE)
    environment = environment_of(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1")
    del environment["FINOPS_LAKE_NOW"]  # the clock has to move
    return StdioServerParameters(command=script(), args=["serve"], env=environment)


async def until(found: Callable[[], bool]) -> None:
    """Look again and again, for as long as a loaded machine may take."""
    with anyio.fail_after(60):
        while not found():
            await anyio.sleep(0.05)


def outcomes(home: Path, *, ended: bool = True) -> list[str | None]:
    return [run.outcome for run in Journal(home).runs("inventory") if run.finished_at or not ended]


async def test_two_servers_of_one_home_run_a_job_once(
    azure: LocalAzure, served: StdioServerParameters, tmp_path: Path
) -> None:
    async with Client(stdio_client(served)) as one, Client(stdio_client(served)) as other:
        await one.list_tools()
        await other.list_tools()
        await until(lambda: bool(outcomes(tmp_path)))
        status = (await other.call_tool("get_lake_status", {})).structured_content
    assert outcomes(tmp_path, ended=False) == ["loaded"]
    disks = [item for item in azure.requests if item.operation == "disks"]
    assert len(disks) == len(azure.subscription_ids)
    assert status is not None
    assert [(job["job"], job["last_outcome"]) for job in status["schedule"] if job["job"] == "inventory"] == [
        ("inventory", "loaded")
    ]


async def test_a_scheduled_refresh_gives_way_to_a_question(
    azure: LocalAzure, served: StdioServerParameters, tmp_path: Path
) -> None:
    assert served.env is not None
    # without a lake everything would be asked for
    App(load_settings(served.env)).refresher().refresh(Demand(tables=frozenset({"budgets"})))
    throttled = azure.faults.add("throttled", operation="disks", times=None, retry_after=120)
    async with Client(stdio_client(served)) as client:
        await until(lambda: bool(throttled.hits))
        result = await client.call_tool("get_cost", {"max_wait_seconds": 50})
        assert not result.is_error
        answer = result.structured_content
    assert answer is not None
    assert answer["rows"], "the answer did not wait for the two minutes of the schedule's throttle"
    assert outcomes(tmp_path)[-1:] == ["stopped"]
    assert [item for item in azure.requests if item.operation == "query"]
