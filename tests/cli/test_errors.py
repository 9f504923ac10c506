"""What goes wrong is told in words that name the value and what would do, with an exit code of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner

from finops_lake.cli import COMMANDS, cli, main
from finops_lake.commands import exits
from tests.cli.conftest import PROGRAM, Home, clean_environment, run_program


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cost", "-s", "Contoso Produktion"], "--subscription: 'Contoso Produktion' cannot be used; did you mean"),
        (["cost", "--start", "2026-11-31"], "--start: '2026-11-31' cannot be used; a day as YYYY-MM-DD is needed"),
        (["cost", "--start", "2026-11-05", "--end", "2026-11-01"], "--start: '2026-11-05' cannot be used; it must not"),
        (["cost", "--end", "yesterday"], "--end: 'yesterday' cannot be used; a day as YYYY-MM-DD"),
        (["cost", "--days", "0"], "--days: 0 cannot be used; a whole number of days from 1"),
        (["cost", "--period", "next_month"], "--period: 'next_month' cannot be used; did you mean current_month?"),
        (["cost", "--group-by", "servce"], "--group-by: 'servce' cannot be used; did you mean service?"),
        (["cost", "--granularity", "hourly"], "--granularity: 'hourly' cannot be used; allowed are total"),
        (["cost", "--metric", "lst_cost"], "--metric: 'lst_cost' cannot be used; did you mean list_cost"),
        (["cost", "--tag", "env:prod"], "--tag: 'env:prod' cannot be used; Key=Value is needed"),
        (["cost", "--filter", "colour=red"], "--filter: 'colour' cannot be used; did you mean"),
        (["audit", "--check", "cats"], "--check: 'cats' cannot be used; allowed are all, vms, disks"),
        (["budgets", "--status", "broke"], "--status: 'broke' cannot be used; allowed are exceeded"),
        (["export", "chargs", "--to", "x"], "MART: 'chargs' cannot be used; did you mean charges?"),
        (["sql", "delete from marts.charges"], "sql: 'delete from marts.charges' cannot be used; give one SELECT"),
        (["sql", "select 1; select 2"], "here are 2 statements"),
        (["sql", "select nothing from marts.charges"], "'nothing'"),
        (["sql", "select * from read_csv('/etc/passwd')"], "tables and views of the lake can be read here, no files"),
        (["sql", "--file", "no-such-file.sql"], "--file: 'no-such-file.sql' cannot be used"),
    ],
)  # fmt: skip
def test_bad_input_is_named_with_what_is_allowed(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    code = main(arguments)
    printed = capsys.readouterr()
    assert code == exits.USAGE
    assert printed.out == ""
    assert printed.err.startswith("Error: ")
    assert told in printed.err
    assert printed.err.count("\n") == 1, "one line"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["cost", "--limit", "0"],
        ["cost", "--colour"],
        ["export"],
        ["sql"],
        ["sql", "select 1", "--file", "x"],
        ["refresh", "--months", "0"],
        ["azure-simulator", "--port", "70000"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == exits.USAGE
    assert "Error: " in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage: " in result.stdout
    context = click.Context(cli)
    found = cli.get_command(context, command)
    assert found is not None
    assert all(getattr(option, "help", None) for option in found.params if isinstance(option, click.Option))


def test_help_names_every_command_and_exit_code() -> None:
    text = CliRunner().invoke(cli, ["--help"]).stdout
    assert all(f"\n  {command} " in text for command in COMMANDS)
    assert all(f"\n    {code} " in text for code in exits.MEANINGS)


@pytest.mark.parametrize("command", ["cost", "audit", "budgets", "status"])
def test_empty_lake_says_how_to_fill_it(tmp_path: Path, command: str) -> None:
    done = run_program(command, environment={"FINOPS_LAKE_HOME": str(tmp_path)})
    assert done.returncode == exits.EMPTY
    assert "Run finops-lake refresh (or finops-lake demo to look around)." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_faults_of_the_configuration_are_listed_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('workers = 0\ncolour = "red"\n')
    done = run_program(
        "cost",
        environment={"FINOPS_LAKE_HOME": str(tmp_path), "FINOPS_LAKE_CLOUD": "moon", "FINOPS_LAKE_SPEED": "9"},
    )
    assert done.returncode == exits.USAGE
    assert "(4 to mend)" in done.stderr
    assert "config.toml: workers: 0" in done.stderr
    assert "config.toml: colour: there is no such setting" in done.stderr
    assert "FINOPS_LAKE_CLOUD: 'moon'" in done.stderr
    assert "FINOPS_LAKE_SPEED: there is no such setting" in done.stderr


def test_bad_words_are_told_before_anything_is_refreshed(tmp_path: Path) -> None:
    done = run_program("cost", "--refresh", "-g", "weather", environment={"FINOPS_LAKE_HOME": str(tmp_path / "home")})
    assert done.returncode == exits.USAGE
    assert done.stderr.startswith("Error: --group-by: 'weather' cannot be used")


def test_output_that_cannot_be_written_is_told(home: Home) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs a device that is always full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "cost", "--json"],
            env=clean_environment(**home.environment),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert (done.returncode, done.stderr) == (exits.FAILED, "Error: No space left on device\n")


def test_lake_of_a_newer_version_asks_for_an_upgrade(home: Home, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home.folder, copy)
    for path in [copy / "warehouse.duckdb", copy / "finops.duckdb", *(copy / "generations").iterdir()]:
        with duckdb.connect(str(path)) as connection:
            connection.execute("update meta.lake set value = '99' where key = 'schema_version'")
    for command in ("cost", "refresh"):
        done = home.run(command, FINOPS_LAKE_HOME=str(copy))
        assert done.returncode == exits.FAILED
        assert done.stderr.rstrip().endswith("Upgrade finops-lake.")


def test_home_that_cannot_be_made_is_named(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = home.run("refresh", FINOPS_LAKE_HOME=str(tmp_path / "file" / "home"))
    assert done.returncode == exits.FAILED
    assert done.stderr.startswith("Error: Preparing the lake failed")
    assert "FINOPS_LAKE_HOME" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files, which POSIX can")
def test_full_disk_loses_nothing_and_says_so(home: Home, tmp_path: Path) -> None:
    import resource

    copy = tmp_path / "home"
    shutil.copytree(home.folder, copy)
    environment = {**home.environment, "FINOPS_LAKE_HOME": str(copy), "FINOPS_LAKE_COST_SOURCE": "usage_details"}
    largest = (copy / "warehouse.duckdb").stat().st_size - 4096
    done = subprocess.run(
        [PROGRAM, "refresh", "--force"],
        env=clean_environment(**environment),
        capture_output=True,
        encoding="utf-8",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)),
        check=False,
    )
    assert done.returncode == exits.FAILED, done.stderr
    assert "no space is left" in done.stderr
    question = ("sql", "select count(*) as charges from marts.charges", "--csv")
    assert home.run(*question, FINOPS_LAKE_HOME=str(copy)).stdout == home.run(*question).stdout


def test_lake_of_another_azure_is_not_added_to(home: Home, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home.folder, copy)
    done = run_program("refresh", environment={"FINOPS_LAKE_HOME": str(copy)})
    assert done.returncode == exits.FAILED
    assert "Set FINOPS_LAKE_HOME to another folder" in done.stderr


def test_defects_are_told_in_a_line_and_in_full_with_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.tell(KeyError("gone"), verbose=False) == exits.FAILED
    short = capsys.readouterr().err
    assert short.startswith("Error: A defect of finops-lake: KeyError: 'gone'.")
    exits.tell(KeyError("gone"), verbose=True)
    assert "KeyError" in capsys.readouterr().err


def test_verbose_logs_to_stderr_before_or_after_the_command(home: Home) -> None:
    for arguments in (["-v", "sql", "select zero"], ["sql", "select zero", "-v"]):
        done = home.run(*arguments)
        assert done.returncode == exits.USAGE
        assert "Traceback" in done.stderr
        assert done.stderr.rstrip().splitlines()[-1].startswith("Error: ")
