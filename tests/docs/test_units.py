"""The units of operations.md: they parse, and call a command that exists."""

from __future__ import annotations

import configparser
import os
import plistlib
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from finops_lake.config import Schedule
from finops_lake.extract.catalog import EXTRACTORS
from finops_lake.schedule.jobs import DEFAULTS, jobs_of

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def block(heading: str, language: str) -> str:
    section = TEXT.split(f"\n{heading}\n")[1]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def test_schedule_shown_is_the_default_one() -> None:
    schedule = Schedule.model_validate(tomllib.loads(block("## Schedule", "toml"))["schedule"])
    shown = {name: when for name, when in schedule.moments.items() if name in DEFAULTS}
    assert shown == DEFAULTS
    assert "disks" in {job.name for job in jobs_of(schedule, EXTRACTORS)}
    commented = set(re.findall(r"^# (\w+) = ", block("## Schedule", "toml"), re.MULTILINE))
    assert commented == set(Schedule.model_fields)


def test_systemd_unit_has_its_sections() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(block("### systemd", "ini"))
    assert parser.sections() == ["Unit", "Service", "Install"]
    assert parser["Service"]["ExecStart"].endswith("finops-lake schedule")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "finops-lake"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "finops-lake.service"
    unit.write_text(block("### systemd", "ini").replace("%h/.local/bin/finops-lake", str(program)))
    told = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_launchd_plist_can_be_read() -> None:
    plist = plistlib.loads(block("### launchd", "xml").encode())
    assert plist["ProgramArguments"][1:] == ["schedule"]
    assert plist["Umask"] == 0o77
    assert plist["Label"] in TEXT.split("### launchd")[1].split("```")[0]


def test_windows_task_can_be_read() -> None:
    task = ElementTree.fromstring(block("### Windows", "xml"))  # noqa: S314 - our own page
    assert task.findtext(f".//{TASK}Exec/{TASK}Arguments") == "schedule --once"
    assert task.findtext(f".//{TASK}Settings/{TASK}StartWhenAvailable") == "true"
    order = [child.tag.removeprefix(TASK) for child in task]
    assert order == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
