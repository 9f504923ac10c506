"""What a person sees: tables on stdout, words on stderr."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.demo.server import LocalAzure
from tests.cli.conftest import PROGRAM, Home, clean_environment

ESCAPE = "\x1b"


@pytest.mark.parametrize("command", ["status", "cost", "audit", "budgets", "sql"])
def test_tables_in_a_pipe_are_plain_and_words_go_to_stderr(home: Home, command: str) -> None:
    done = home.run(command, *(["select 1 as one"] if command == "sql" else []))
    assert done.returncode == 0
    assert done.stdout
    assert done.stderr
    assert ESCAPE not in done.stdout + done.stderr
    assert "As of" not in done.stdout
    if command != "sql":
        assert "As of 2026-11-23 12:00 UTC" in done.stderr


def test_money_has_two_decimals_and_stands_to_the_right(home: Home) -> None:
    envelope = json.loads(home.run("cost", "--json").stdout)
    lines = home.run("cost").stdout.splitlines()
    service, currency, amount = envelope["rows"][0]
    (line,) = (line for line in lines if line.startswith(service) and line.endswith(currency))
    shown = line.split()[-2]
    assert re.fullmatch(r"[\d,]+\.\d\d", shown)
    assert abs(float(shown.replace(",", "")) - float(amount)) < 0.01
    ends = {len(line[:-3].rstrip()) for line in lines if line.endswith(("EUR", "USD"))}
    assert len(ends) == 1, "amounts end in the same column"


def test_totals_stand_below_one_for_each_currency(home: Home) -> None:
    envelope = json.loads(home.run("cost", "--json").stdout)
    totals = [line for line in home.run("cost").stdout.splitlines() if line.startswith("Total")]
    assert [line.split()[-1] for line in totals] == [total["billing_currency"] for total in envelope["totals"]]


def test_csv_holds_plain_rows_in_full(home: Home) -> None:
    envelope = json.loads(home.run("audit", "--json").stdout)
    done = home.run("audit", "--csv")
    header, *rows = csv.reader(io.StringIO(done.stdout))
    place = header.index("monthly_saving")
    assert header == envelope["columns"]
    assert [row[place] or None for row in rows] == [row[place] for row in envelope["rows"]]
    assert "As of" in done.stderr


def test_resources_are_shortened_in_tables_only(home: Home) -> None:
    table = home.run("cost", "--group-by", "resource", "--limit", "3").stdout
    envelope = json.loads(home.run("cost", "-g", "resource", "--limit", "3", "--json").stdout)
    ids = [row[0] for row in envelope["rows"] if row[0]]
    assert ids
    for resource_id in ids:
        group, name = resource_id.split("/")[4], resource_id.split("/")[-1]
        assert f"{group}/{name}" in table
        assert resource_id not in table


def test_cut_off_rows_are_said(home: Home) -> None:
    done = home.run("cost", "--limit", "1")
    assert re.search(r"1 of \d+ rows are shown", done.stderr)


def test_filters_are_heeded(home: Home, truth: LocalAzure) -> None:
    done = home.run(
        *("cost", "--filter", "service=virtual machines", "--granularity", "monthly", "--metric", "amortized"),
        *("--start", "2026-10-01", "--end", "2026-10-31", "--json"),
    )
    envelope = json.loads(done.stdout)
    assert {row[envelope["columns"].index("service_name")] for row in envelope["rows"]} == {"Virtual Machines"}
    assert {row[0] for row in envelope["rows"]} == {"2026-10-01"}
    ledger = truth.truth.totals(("service_name", "currency"), "AmortizedCost", date(2026, 10, 1), date(2026, 10, 31))
    expected = {currency: amount for (service, currency), amount in ledger.items() if service == "Virtual Machines"}
    assert {total["billing_currency"]: Decimal(total["effective_cost"]) for total in envelope["totals"]} == expected


def test_audit_says_how_to_mend_it(home: Home) -> None:
    done = home.run("audit", "--check", "disks")
    assert "Unattached managed disks" in done.stdout
    assert "Looked at" in done.stdout
    assert "delete the disk" in done.stderr
    assert "stopped vms" not in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
def test_budgets_show_forecasts_differences_and_thresholds_in_100_columns(home: Home) -> None:
    envelope = json.loads(home.run("budgets", "--json").stdout)
    rows = {
        row["budget_name"]: row
        for row in (dict(zip(envelope["columns"], one, strict=True)) for one in envelope["rows"])
    }
    printed = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_terminal(["budgets"], home.environment, 100))
    blocks = [block.splitlines() for block in printed.split("\n\n")]
    standing, forecasts, spent, counted = (
        {name: line for line in block for name in rows if line.startswith(f"{name} ")} for block in blocks[:4]
    )
    assert max(len(line) for line in printed.splitlines() if "/" not in line) <= 100
    assert set(standing) == set(counted) == set(spent) == set(rows)
    row = rows["production-monthly"]
    assert row["lake_forecast"] is not None
    assert row["break_date"] is not None
    shown = {
        name: f"{Decimal(row[name]):,.2f}" for name in row if name.endswith(("forecast", "_low", "_high", "spend"))
    }
    day = date.fromisoformat(row["break_date"])
    for text in (f"{row['days_left']} d", shown["spend"], shown["lake_forecast"], f"{day:%b %d}", "EUR"):
        assert text in standing["production-monthly"]
    for name in ("lake_forecast", "lake_forecast_low", "lake_forecast_high", "azure_forecast"):
        assert shown[name] in forecasts["production-monthly"]
    for text in (shown["azure_spend"], shown["lake_spend"], row["difference_reason"]):
        assert text in spent["production-monthly"]
    assert re.search(r" 80 % +100 %", counted["production-monthly"]), "Actual and Forecasted stand apart"


def test_consoles_that_lack_a_character_get_a_question_mark(home: Home) -> None:
    environment = clean_environment(**home.environment, PYTHONUTF8="0", PYTHONIOENCODING="cp1252")
    for arguments in (["sql", "select 'Ł→€' as word"], ["sql", "select 'Ł→€' as word", "--json"], ["cost"]):
        done = subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        text = done.stdout.decode("cp1252")
        if "--json" in arguments:
            assert json.loads(text) == [{"word": "Ł→€"}]
        elif arguments[0] == "sql":
            assert "??€" in text


def test_names_cannot_drive_the_terminal(home: Home) -> None:
    done = home.run("sql", "select chr(27) || '[2Jgone' || chr(10) || 'x' as name, '[red]x[/red]' as markup")
    assert ESCAPE not in done.stdout
    assert "[2Jgone x" in done.stdout
    assert "[red]x[/red]" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize("width", [60, 200])
def test_tables_fit_the_terminal(home: Home, width: int) -> None:
    for arguments in (["audit"], ["budgets"], ["sql", "from marts.charges limit 1"]):
        printed = on_terminal(arguments, home.environment, width)
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed)
        if arguments[0] != "sql":
            assert ESCAPE in printed, "colours on a terminal"
            words_too_long = [line for line in plain.splitlines() if len(line) > width and " " in line.strip()]
            assert words_too_long == []
        elif width == 60:
            assert "-- row 1" in plain


def on_terminal(arguments: list[str], environment: dict[str, str], width: int) -> str:
    """Return what the program writes to a terminal of so many columns."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    variables = {**clean_environment(**environment), "TERM": "xterm-256color"}
    del variables["COLUMNS"]
    process = subprocess.Popen([PROGRAM, *arguments], env=variables, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    chunks = []
    while True:
        try:
            chunk = os.read(ours, 65_536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(ours)
    assert process.wait(30) == 0
    return b"".join(chunks).decode().replace("\r\n", "\n")


def test_module_runs_as_the_program_does(home: Home, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "finops_lake", "sql", "select 1 as one", "--csv"],
        env=clean_environment(**home.environment),
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "one\n1\n")


def test_audit_ends_a_pipeline_with_a_code_of_its_own(home: Home) -> None:
    narrowed = ("audit", "--check", "disks", "--severity", "high", "--min-saving", "1 EUR")
    done = home.run(*narrowed, "--fail-on", "high")
    assert done.returncode == 6
    found = json.loads(home.run(*narrowed, "--json").stdout)["row_count"]
    assert found > 1
    assert f"--fail-on high: {found} findings of unattached_disks." in done.stderr
    assert "would leave the bill in a month" in done.stdout
    assert home.run(*narrowed, "--fail-on", "1000000 EUR", "--json").returncode == 0
    wrong = home.run("audit", "--fail-on", "grave")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--fail-on: 'grave' cannot be used" in wrong.stderr
