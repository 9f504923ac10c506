"""The official MCP Inspector, which knows nothing of us, in its command-line mode; skipped where npm lacks it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from finops_lake.server.catalog import TOOLS
from tests.conftest import Refreshed
from tests.server.npm import program
from tests.server.test_http import TOKEN, serving
from tests.server.test_stdio import environment_of, script

VERSION = "2.12.0"


@pytest.fixture(scope="module")
def inspector(request: pytest.FixtureRequest) -> list[str]:
    """Return the command of the Inspector."""
    return [*program(request.config, "@modelcontextprotocol/inspector", VERSION, "mcp-inspector"), "--cli"]


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


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_over_http_with_a_token_the_inspector_is_as_content(
    inspector: list[str], refreshed: Refreshed, tmp_path: Path, era: str
) -> None:
    header = ["--header", f"Authorization: Bearer {TOKEN}", "--stored-auth-only", "--format", "json", "-q"]

    def ask(url: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*inspector, "--server-url", url, "--transport", "http", "--protocol-era", era, *words, *header],
            env={"PATH": "", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    with serving(refreshed, refreshed.settings.home, FINOPS_LAKE_HTTP_TOKEN=TOKEN) as server:
        listed = ask(server.url, "--method", "tools/list", "--strict")
        read = ask(server.url, "--method", "resources/read", "--uri", "finops-lake://schema/marts.charges")
        prompt = ask(server.url, "--method", "prompts/get", "--prompt-name", "monthly_report")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert len(json.loads(listed.stdout)["result"]["tools"]) == len(TOOLS)
    assert "billed_cost" in read.stdout, read.stderr
    assert "cost report of October 2026" in prompt.stdout, prompt.stderr
