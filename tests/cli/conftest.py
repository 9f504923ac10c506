"""The command line as a script uses it: the installed program, an Azure in another process, a home filled once."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from finops_lake.demo.server import LocalAzure
from tests.conftest import TODAY
from tests.prepared import PROGRAMS

PROGRAM = str(Path(sys.executable).with_name("finops-lake"))
SIZES = {"subscriptions": 3, "resources": 3}
MONTHS = 2
NOW = f"{TODAY}T12:00:00+00:00"

Run = Callable[..., subprocess.CompletedProcess[str]]


def clean_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without any setting of ours, or Azure's, of a developer's machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FINOPS_LAKE_", "AZURE_"))}
    ours = {"FINOPS_LAKE_CACHE": str(PROGRAMS), "PYTHONUTF8": "1", "PYTHONWARNINGS": "error", "COLUMNS": "100"}
    return {**kept, **ours, **more}


def run_program(
    *arguments: str, environment: Mapping[str, str], text: str | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installed program to its end."""
    return subprocess.run(
        [PROGRAM, *arguments],
        env=clean_environment(**environment),
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        cwd=cwd,
        check=False,
    )


@dataclass(frozen=True)
class Simulator:
    """A local Azure in a process of its own: what it printed, and the variables in it."""

    process: subprocess.Popen[str]
    printed: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run `finops-lake azure-simulator` for the whole session, and end it as a terminal does."""
    printed = tmp_path_factory.mktemp("simulator") / "environment.sh"
    arguments = [
        *("azure-simulator", "--port", "0", "--today", TODAY.isoformat(), "--months", str(MONTHS)),
        *("--subscriptions", str(SIZES["subscriptions"]), "--resources", str(SIZES["resources"])),
    ]
    with (
        printed.open("w") as out,
        subprocess.Popen(
            [PROGRAM, *arguments], env=clean_environment(), stdout=out, stderr=subprocess.PIPE, encoding="utf-8"
        ) as process,
    ):
        assert process.stderr is not None
        words = process.stderr.readline()
        assert words.startswith("Local Azure of"), words
        yield Simulator(process, printed.read_text(), environment_in(printed.read_text()))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def environment_in(printed: str) -> dict[str, str]:
    """Return the variables that a shell would set."""
    matches = re.findall(r"^export (\w+)=(.*)$", printed, re.MULTILINE)
    return {name: "".join(shlex.split(value)) for name, value in matches}


@dataclass(frozen=True)
class Home:
    """A home that `finops-lake refresh` filled from the simulator, and what it printed."""

    folder: Path
    environment: dict[str, str]
    refresh: subprocess.CompletedProcess[str]

    def run(self, *arguments: str, text: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the program on this home."""
        return run_program(*arguments, environment={**self.environment, **more}, text=text)


@pytest.fixture(scope="session")
def home(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A lake of 3 subscriptions and 2 months; tests only read it."""
    folder = tmp_path_factory.mktemp("script") / "home"
    environment = {
        **simulator.environment,
        "FINOPS_LAKE_HOME": str(folder),
        "FINOPS_LAKE_NOW": NOW,
        "FINOPS_LAKE_HISTORY_MONTHS": str(MONTHS),
    }
    return Home(folder, environment, run_program("refresh", "--json", environment=environment))


@pytest.fixture(scope="session")
def truth() -> LocalAzure:
    """The simulator's twin in this process, not serving: the same ledger."""
    first = TODAY.replace(month=TODAY.month - MONTHS + 1, day=1)
    return LocalAzure(today=TODAY, days=(TODAY - first).days + 1, **SIZES)


@pytest.fixture
def own_azure(azure: LocalAzure, tmp_path: Path) -> Home:
    """An empty home of one's own beside a local Azure in this process, whose faults can be switched."""
    environment = {
        **azure.environment(),
        "FINOPS_LAKE_HOME": str(tmp_path / "home"),
        "FINOPS_LAKE_NOW": NOW,
        "FINOPS_LAKE_HISTORY_MONTHS": "1",
        "FINOPS_LAKE_MAX_RETRIES": "0",
    }
    nothing = subprocess.CompletedProcess[str]([], 0)
    return Home(tmp_path / "home", environment, nothing)
