"""The installed `finops-lake serve`, as a real client process sees it over stdio."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from finops_lake.demo.server import LocalAzure
from finops_lake.server.catalog import TOOLS
from tests.conftest import MONTHS, NOW, Refreshed
from tests.server.calls import ERAS, text_of, totals

pytestmark = pytest.mark.anyio

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


def script() -> str:
    """Return the installed finops-lake of this Python."""
    found = shutil.which("finops-lake", path=sysconfig.get_path("scripts"))
    assert found is not None, "install the package first: pip install -e .[test]"
    return found


def environment_of(azure: LocalAzure, home: Path, **more: str) -> dict[str, str]:
    """Return the whole environment of a server process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FINOPS_LAKE_", "AZURE_"))}
    return {
        **kept,
        **azure.environment(),
        "FINOPS_LAKE_HOME": str(home),
        "FINOPS_LAKE_NOW": NOW.isoformat(),
        "FINOPS_LAKE_HISTORY_MONTHS": str(MONTHS),
        **more,
    }


def served(azure: LocalAzure, home: Path, **more: str) -> StdioServerParameters:
    """Return how a client starts the server."""
    return StdioServerParameters(command=script(), args=["serve"], env=environment_of(azure, home, **more))


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_process_gets_the_truth(refreshed: Refreshed, own_home: Path, era: str) -> None:
    async with Client(stdio_client(served(refreshed.azure, own_home)), mode=era) as client:
        assert len((await client.list_tools()).tools) == len(TOOLS)
        result = await client.call_tool("get_cost", {})
        assert not result.is_error
        assert result.structured_content is not None
        truth = refreshed.azure.truth.totals(("currency",), "ActualCost", NOW.date().replace(day=1), NOW.date())
        assert totals(result.structured_content) == {key[0]: amount for key, amount in truth.items() if amount}
        for name in ("run_finops_audit", "get_budget_status", "get_lake_status"):
            assert not (await client.call_tool(name, {})).is_error
        wrong = await client.call_tool("get_cost", {"subscription_id": "nobody"})
        assert wrong.is_error
        assert text_of(wrong).startswith("subscription_id: 'nobody'")


async def test_a_client_process_refreshes_an_empty_lake_with_progress(azure: LocalAzure, tmp_path: Path) -> None:
    values: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        values.append(progress)

    async with Client(stdio_client(served(azure, tmp_path))) as client:
        result = await client.call_tool("get_cost", {"max_wait_seconds": 60}, progress_callback=note)
    assert not result.is_error
    assert result.structured_content is not None
    truth = azure.truth.totals(("currency",), "ActualCost", azure.today.replace(day=1), azure.today)
    expected: dict[str, Decimal] = {str(key[0]): amount for key, amount in truth.items() if amount}
    assert totals(result.structured_content) == expected
    assert values
    assert values == sorted(set(values))
    assert azure.writes == []


async def test_nothing_of_azure_arrow_or_duckdb_is_loaded_for_the_list_of_tools(
    refreshed: Refreshed, own_home: Path, tmp_path: Path
) -> None:
    """Python itself lists every import on stderr, until the server has answered."""
    log = tmp_path / "imports.txt"
    parameters = served(refreshed.azure, own_home, PYTHONPROFILEIMPORTTIME="1")
    with log.open("w+") as stderr:
        async with Client(stdio_client(parameters, errlog=stderr)) as client:
            await client.list_tools()
            imports = log.read_text()
    loaded = {line.rpartition("|")[2].strip() for line in imports.splitlines() if line.startswith("import time:")}
    assert "mcp.server.mcpserver" in loaded
    assert "finops_lake.server.build" in loaded
    heavy = {"azure", "pyarrow", "msal", "apscheduler", "pandas", "numpy"}
    assert {name for name in loaded if name.partition(".")[0] in heavy} == set()
    assert {name for name in loaded if name.startswith(("finops_lake.extract", "finops_lake.demo"))} == set()


def test_stdout_carries_nothing_but_the_protocol(refreshed: Refreshed, own_home: Path) -> None:
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "get_lake_status", "arguments": {}}},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "get_cost", "arguments": {"x": 1}}},
    ]
    with _started(refreshed.azure, own_home) as process:
        replies = [_exchange(process, message) for message in messages]
        process.stdin.close()  # type: ignore[union-attr]
        assert process.stdout is not None
        assert process.stdout.read() == b""
        assert process.wait(30) == 0
    assert replies[2]["result"]["isError"] is False
    assert replies[3]["result"]["isError"] is True


def test_a_server_ends_with_its_client_though_a_refresh_waits_for_azure(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("throttled", times=None, retry_after=120)
    ask = {"name": "get_cost", "arguments": {"max_wait_seconds": 2}}
    with _started(azure, tmp_path) as process:
        _exchange(process, {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO})
        _exchange(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        reply = _exchange(process, {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": ask})
        assert "The first refresh is running" in reply["result"]["content"][0]["text"]
        process.stdin.close()  # type: ignore[union-attr]
        ended = time.monotonic()
        assert process.wait(60) == 0
        assert time.monotonic() - ended < 30, "Azure's two minutes are not waited for"


def test_a_faulty_configuration_is_told_on_stderr(tmp_path: Path) -> None:
    environment = {**os.environ, "FINOPS_LAKE_HOME": str(tmp_path), "FINOPS_LAKE_WORKERS": "none"}
    done = subprocess.run(
        [script(), "serve"], env=environment, capture_output=True, timeout=60, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode != 0
    assert done.stdout == b""
    assert b"FINOPS_LAKE_WORKERS" in done.stderr
    assert b"Traceback" not in done.stderr


def _started(azure: LocalAzure, home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [script(), "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment_of(azure, home),
    )


def _exchange(process: subprocess.Popen[bytes], message: dict[str, Any]) -> dict[str, Any]:
    """Send a message and return its reply; notifications have none."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    while "id" in message:
        reply: dict[str, Any] = json.loads(process.stdout.readline())
        if reply.get("id") == message["id"]:
            return reply
    return {}
