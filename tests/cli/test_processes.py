"""The program among other processes: imports kept few, pipes that close, Ctrl+C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from finops_lake.cli import COMMANDS
from finops_lake.demo.server import LocalAzure
from tests.cli.conftest import PROGRAM, Home, clean_environment, run_program

HEAVY = ("azure", "pyarrow", "duckdb", "rich", "mcp", "uvicorn", "starlette", "pydantic", "platformdirs")

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")


def test_help_and_every_command_module_load_nothing_heavy() -> None:
    script = (
        "import sys, finops_lake.cli as cli, click\n"
        "[cli.cli.get_command(click.Context(cli.cli), name) for name in cli.COMMANDS]\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean_environment(), capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "[]"
    assert COMMANDS


def test_version_is_printed() -> None:
    from finops_lake import __version__

    assert run_program("--version", environment={}).stdout == f"finops-lake {__version__}\n"


@posix_only
def test_reader_that_goes_away_is_no_failure(home: Home) -> None:
    for style in ("--csv", "--json"):
        with subprocess.Popen(
            [PROGRAM, "sql", "select i, repeat('x', 200) as filler from range(100000) as t(i)", style],
            env=clean_environment(**home.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(20) == 0


@posix_only
@pytest.mark.parametrize(
    "arguments", [["refresh", "--tables", "cost_daily"], ["cost", "--refresh", "--max-wait", "60"]]
)
def test_ctrl_c_ends_a_refresh_at_once_and_leaves_the_lake_unharmed(
    own_azure: Home, azure: LocalAzure, arguments: list[str]
) -> None:
    assert own_azure.run("refresh", "--tables", "cost_daily").returncode == 0
    count = ("sql", "select count(*) as n from marts.charges", "--json")
    before = json.loads(own_azure.run(*count).stdout)
    azure.forget_requests()
    fault = azure.faults.add("throttled", operation="query", times=None, retry_after=60)
    later = {"FINOPS_LAKE_NOW": "2026-11-23T23:00:00Z", "FINOPS_LAKE_MAX_RETRIES": "9"}
    with subprocess.Popen(
        [PROGRAM, *arguments],
        env=clean_environment(**{**own_azure.environment, **later}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        while not fault.hits:
            time.sleep(0.01)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)
    assert process.returncode == 130, err
    assert time.monotonic() - started < 40, "the throttle's minute is not waited for"
    assert "Traceback" not in out + err
    assert json.loads(own_azure.run(*count).stdout) == before
    azure.faults.clear()
    assert own_azure.run("refresh", "--tables", "cost_daily", **later).returncode == 0


def processor_seconds(pid: int) -> int:
    """Return how long a process has worked, as ps tells it: [[days-]hours:]minutes:seconds."""
    told = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    hours, minutes, seconds = (["0", *re.split("[-:]", told.strip())])[-3:]
    return (int(hours) * 60 + int(minutes)) * 60 + int(float(seconds))


@posix_only
def test_ctrl_c_ends_a_query(home: Home) -> None:
    with subprocess.Popen(
        [PROGRAM, "sql", "select count(*) from range(100000000000)"],
        env=clean_environment(**home.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        while processor_seconds(process.pid) < 4:  # starting takes one, and then only the query works
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == ""
