"""The official MCP Inspector, which knows nothing of us, in its command-line mode; skipped where npm lacks it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from finops_lake.server.catalog import TOOLS
from tests.conftest import Refreshed
from tests.server.test_stdio import environment_of, script

VERSION = "2.12.0"


@pytest.fixture(scope="module")
def inspector(request: pytest.FixtureRequest) -> list[str]:
    """Return the command of the Inspector, installed once into pytest's cache folder."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm and node are not on this machine")
    folder = Path(request.config.cache.mkdir(f"inspector-{VERSION}"))  # type: ignore[union-attr]
    command = folder / "node_modules" / "@modelcontextprotocol" / "inspector" / "package.json"
    if not command.is_file():
        package = f"@modelcontextprotocol/inspector@{VERSION}"
        arguments = [npm, "install", package, "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            done = subprocess.run(arguments, capture_output=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm could not fetch the Inspector in time")
        if done.returncode:
            pytest.skip(f"npm could not fetch the Inspector: {done.stderr.decode(errors='replace')[-300:]}")
    entry = json.loads(command.read_text(encoding="utf-8"))["bin"]["mcp-inspector"]
    return [node, str(command.parent / entry), "--cli"]


def inspected(
    command: list[str], refreshed: Refreshed, home: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the Inspector against `finops-lake serve`, with a home folder of its own."""
    environment = environment_of(refreshed.azure, home)
    ours = [name for name in environment if name.startswith(("FINOPS_LAKE_", "AZURE_"))]
    passed_on = [word for name in ours for word in ("-e", f"{name}={environment[name]}")]
    return subprocess.run(
        [*command, *arguments, *passed_on, "--format", "json", "-q", "--", script(), "serve"],
        env={**environment, "HOME": str(home), "USERPROFILE": str(home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_finds_no_fault_with_the_schemas(
    inspector: list[str], refreshed: Refreshed, own_home: Path, era: str
) -> None:
    done = inspected(inspector, refreshed, own_home, "--method", "tools/list", "--strict", "--protocol-era", era)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "Error" not in done.stderr
    assert len(json.loads(done.stdout)["result"]["tools"]) == len(TOOLS)


def test_the_inspector_calls_a_tool(inspector: list[str], refreshed: Refreshed, own_home: Path) -> None:
    call = ("--method", "tools/call", "--tool-name", "get_cost", "--tool-args-json")
    done = inspected(inspector, refreshed, own_home, *call, '{"group_by": "SERVICE"}')
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    assert result["structuredContent"]["columns"] == ["service_name", "billing_currency", "billed_cost"]
    done = inspected(inspector, refreshed, own_home, *call, '{"limt": 1}')
    assert done.returncode == 5
    assert "Did you mean 'limit'?" in done.stdout
