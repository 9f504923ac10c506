"""`finops-lake demo`: everything on an invented Azure, whatever the user's own settings say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from finops_lake.demo.server import LocalAzure
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.writer import Warehouse
from tests.cli.conftest import NOW, clean_environment, run_program
from tests.conftest import NOW as INSTANT
from tests.conftest import TODAY

SIZES = ("--subscriptions", "3", "--resources", "2", "--months", "2")
OTHERS = {
    "AZURE_TENANT_ID": "somebody-elses",
    "AZURE_CLIENT_ID": "theirs",
    "AZURE_CLIENT_SECRET": "secret",
    "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",
    "AZURE_AUTHORITY_HOST": "https://login.invalid",
    "FINOPS_LAKE_ARM_ENDPOINT": "https://management.invalid",
    "FINOPS_LAKE_SUBSCRIPTIONS": "Theirs",
    "HTTPS_PROXY": "http://proxy.invalid:3128",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A small demo in the environment of somebody who works with a real Azure."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {**OTHERS, "FINOPS_LAKE_HOME": str(folder / "home"), "FINOPS_LAKE_NOW": NOW}
    done = run_program("demo", *SIZES, environment=environment, cwd=folder)
    done.args = environment
    return done


def test_demo_fills_the_home_and_ends_well(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stderr
    assert (Path(demo.args["FINOPS_LAKE_HOME"]) / "finops.duckdb").is_file()
    assert "Traceback" not in demo.stderr


def test_demo_shows_cost_waste_budgets_and_what_could_not_be_read(demo: subprocess.CompletedProcess[str]) -> None:
    for heading in ("Cost by service", "Findings", "Budgets at risk", "Could not be read", "Try next:"):
        assert f"\n{heading}" in demo.stdout
    assert re.search(r"October 2026 +November so far", demo.stdout)
    assert re.search(r"Contoso Development: .*cost_daily.* \(denied\)", demo.stdout)
    assert "Ask for the role Cost Management Reader" in demo.stdout
    assert "FINOPS_LAKE_METRICS=true has the demo look at metrics, too" in demo.stdout


def test_demo_shows_the_ledgers_totals(demo: subprocess.CompletedProcess[str]) -> None:
    twin = LocalAzure(today=TODAY, subscriptions=3, resources=2, days=(TODAY - date(2026, 10, 1)).days + 1)
    readable = twin.subscription_ids[:2]
    totals = {
        month: sum(
            amount
            for (subscription, currency), amount in twin.truth.totals(first=first, last=last).items()
            if currency == "EUR" and subscription in readable
        )
        for month, first, last in (("last", date(2026, 10, 1), date(2026, 10, 31)), ("this", date(2026, 11, 1), TODAY))
    }
    shown = re.search(r"^All services +([\d,.]+) +([\d,.]+) +EUR$", demo.stdout, re.MULTILINE)
    assert shown is not None
    assert shown.groups() == (f"{totals['last']:,.2f}", f"{totals['this']:,.2f}")


def test_snippet_for_clients_is_json_that_starts_the_server_on_this_home(
    demo: subprocess.CompletedProcess[str],
) -> None:
    snippet = json.loads(demo.stdout[demo.stdout.index('{\n  "mcpServers"') :])
    server = snippet["mcpServers"]["finops-lake"]
    assert Path(server["command"]).is_file()
    assert server["args"] == ["serve"]
    assert server["env"] == {"FINOPS_LAKE_HOME": demo.args["FINOPS_LAKE_HOME"]}


@pytest.mark.skipif(os.name != "posix", reason="runs the lines in sh")
def test_next_steps_run_as_they_are_printed(demo: subprocess.CompletedProcess[str], tmp_path: Path) -> None:
    steps = [line.strip() for line in demo.stdout.splitlines() if re.match(r"  \S*(finops-lake|duckdb) ", line)]
    assert len(steps) == 5
    (limits,) = re.findall(r"^  unset (.*)$", demo.stdout, re.MULTILINE)
    assert limits == "FINOPS_LAKE_SUBSCRIPTIONS"
    for step in steps:
        if shutil.which(step.split()[0]):
            ended = subprocess.run(  # noqa: S602 - through a shell, as a person runs it
                f"unset {limits}; {step}",
                shell=True,
                env=clean_environment(**demo.args),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=tmp_path,
                check=False,
            )
            assert ended.returncode == 0, (step, ended.stderr)
    assert (tmp_path / "parquet" / "charges.parquet").is_file()


def test_demo_runs_again_on_its_own_lake_and_refuses_another_tenant(demo: subprocess.CompletedProcess[str]) -> None:
    again = run_program("demo", *SIZES, environment=demo.args)
    other = run_program("demo", *SIZES, "--seed", "2", environment=demo.args)
    assert (again.returncode, other.returncode) == (0, 1)
    assert _without_size(again.stdout) == _without_size(demo.stdout)
    assert "holds a demo with other subscriptions" in other.stderr
    assert "finops-lake demo --home FOLDER" in other.stderr


def _without_size(report: str) -> str:
    return re.sub(r"\([\d.]+ MB\)", "", report)


def test_demo_never_touches_a_lake_of_a_real_azure(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, SOURCES, origin="public", clock=lambda: INSTANT)
    with warehouse.lock(0):
        with warehouse.open():
            pass
        warehouse.publish()
    before = (tmp_path / "warehouse.duckdb").read_bytes()
    done = run_program("demo", *SIZES, environment={"FINOPS_LAKE_HOME": str(tmp_path)})
    assert done.returncode == 1
    assert "holds data of a real Azure (public)" in done.stderr
    assert (tmp_path / "warehouse.duckdb").read_bytes() == before


def test_demo_without_a_home_gets_one_of_its_own_and_names_it(tmp_path: Path) -> None:
    variables = {"XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    done = run_program(
        "demo", "--subscriptions", "1", "--resources", "0", "--months", "1", environment=variables, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    (published,) = tmp_path.rglob("finops.duckdb")
    assert published.parent.name == "demo"
    assert "FINOPS_LAKE_HOME=" in done.stdout
    assert str(published.parent) in done.stdout
    assert "Could not be read" not in done.stdout
