"""After an upgrade: the program on a lake that its earlier version wrote, each time as a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finops_lake.commands import exits
from tests.cli.conftest import Home
from tests.older import ITS_MART, NEW_COLUMN, NEW_MART, leave_as_older


@pytest.fixture(scope="module")
def left_as_older(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled home that finops-lake 0.0.9 wrote last, to be copied."""
    folder = tmp_path_factory.mktemp("older")
    leave_as_older(shutil.copytree(home.folder, folder / "home"), folder)
    return folder / "home"


@pytest.fixture
def older(home: Home, left_as_older: Path, tmp_path: Path) -> Home:
    folder = shutil.copytree(left_as_older, tmp_path / "home")
    return Home(folder, {**home.environment, "FINOPS_LAKE_HOME": str(folder)}, home.refresh)


def test_a_command_says_what_to_do_and_that_helps(older: Home) -> None:
    for arguments in (["commitments"], ["sql", f"from marts.{NEW_MART}"]):
        told = older.run(*arguments)
        assert told.returncode == exits.FAILED
        assert told.stdout == ""
        assert "The lake was last written by finops-lake 0.0.9, an earlier version than this one" in told.stderr
        assert "finops-lake refresh" in told.stderr
        assert "Binder" not in told.stderr
        assert told.stderr.count("\n") == 1, "one line"
    column = older.run("sql", f"select {NEW_COLUMN} from marts.{ITS_MART}")
    assert column.returncode == exits.USAGE
    assert "last written by finops-lake 0.0.9" in column.stderr
    assert older.run("cost").returncode == exits.OK

    assert older.run("refresh").returncode == exits.OK
    assert older.run("commitments").returncode == exits.OK
    assert older.run("sql", f"from marts.{NEW_MART}").returncode == exits.OK


def test_a_refresh_helps_even_if_azure_refuses_the_sign_in(older: Home) -> None:
    tomorrow = "2026-11-24T12:00:00+00:00"
    refused = older.run("refresh", AZURE_CLIENT_SECRET="wrong", FINOPS_LAKE_NOW=tomorrow)
    assert refused.returncode == exits.SIGN_IN, refused.stderr
    assert older.run("commitments").returncode == exits.OK


def test_with_refresh_a_command_does_it_by_itself(older: Home) -> None:
    answered = older.run("commitments", "--refresh", "--max-wait", "0", AZURE_CLIENT_SECRET="wrong")
    assert answered.returncode == exits.OK, answered.stderr
    assert "last written" not in answered.stderr
