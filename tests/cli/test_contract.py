"""The contract for scripts: variables, files, commands and JSON that stay as they are."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.answers.answer import jsonable
from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.answers.budgets import BudgetQuestion, answer_budgets
from finops_lake.answers.cost import CostQuestion, answer_cost
from finops_lake.answers.periods import period_of
from finops_lake.answers.status import answer_status
from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.demo.server import LocalAzure
from tests.cli.conftest import MONTHS, NOW, PROGRAM, SIZES, Home, Simulator
from tests.conftest import TODAY
from tests.test_main_job import pieces


def test_simulator_prints_the_environment_that_points_at_it(simulator: Simulator) -> None:
    assert set(simulator.environment) >= {
        "FINOPS_LAKE_ARM_ENDPOINT",
        "FINOPS_LAKE_ARM_SCOPE",
        "FINOPS_LAKE_CA_BUNDLE",
        "AZURE_AUTHORITY_HOST",
    }
    assert Path(simulator.environment["FINOPS_LAKE_CA_BUNDLE"]).is_file()
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+", simulator.environment["FINOPS_LAKE_ARM_ENDPOINT"])
    assert all(line.startswith("export ") for line in simulator.printed.splitlines())


def test_refresh_fills_the_published_file_of_the_home(home: Home) -> None:
    assert home.refresh.returncode == 0, home.refresh.stderr
    assert (home.folder / "finops.duckdb").is_file()


def test_refresh_prints_the_envelope_of_its_tool(home: Home) -> None:
    envelope = json.loads(home.refresh.stdout)
    assert home.refresh.stderr == ""
    assert envelope["counts"]["loaded"] == pieces(SIZES["subscriptions"], MONTHS) + 2, "prices in two currencies"
    assert envelope["counts"]["denied"] == envelope["scopes"]["missing_count"] == envelope["left"] == 0
    assert envelope["running"] is False
    assert envelope["generation"] == 1
    assert ["subscriptions", "loaded", 1, SIZES["subscriptions"], 1] in envelope["rows"]


def test_cost_prints_the_envelope_of_its_tool_and_equals_the_ledger(home: Home, truth: LocalAzure) -> None:
    done = home.run("cost", "--period", "last_month", "--group-by", "service", "--json")
    envelope = json.loads(done.stdout)
    lake = App(load_settings(home.environment)).lake
    period = period_of(TODAY, name="last_month")
    assert (done.returncode, done.stderr) == (0, "")
    assert envelope == answer_cost(lake, CostQuestion(period)).as_dict()
    found = {(row[0], row[1]): Decimal(row[2]) for row in envelope["rows"]}
    assert all(isinstance(row[2], str) for row in envelope["rows"])
    assert found == truth.truth.totals(("service_name", "currency"), "ActualCost", period.start, period.end)


def test_audit_budgets_and_status_print_the_envelopes_of_their_tools(home: Home) -> None:
    settings = load_settings(home.environment)
    app = App(settings)
    lake, watched = app.lake, jsonable(app.watched())
    expected = {
        "audit": answer_audit(lake, AuditQuestion()).as_dict(),
        "budgets": answer_budgets(lake, BudgetQuestion()).as_dict(),
        "status": {**answer_status(lake, settings.utc_now()).as_dict(), "refresh": None, **watched},
    }
    for command, envelope in expected.items():
        done = home.run(command, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == envelope
        assert envelope["rows"]


def test_sql_prints_an_array_of_objects_with_decimals_as_text(home: Home, truth: LocalAzure) -> None:
    done = home.run(
        "sql",
        "select billing_currency, sum(billed_cost) as billed_cost, max(charge_period_start) as last_day"
        " from marts.charges group by all order by all",
        "--json",
    )
    ledger = truth.truth.totals(("currency",))
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads(done.stdout)
    assert {row["billing_currency"]: Decimal(row["billed_cost"]) for row in rows} == {
        currency: amount for (currency,), amount in ledger.items()
    }
    assert {(type(row["billed_cost"]), row["last_day"]) for row in rows} == {(str, TODAY.isoformat())}


def test_fixed_clock_decides_what_today_is(home: Home) -> None:
    envelope = json.loads(home.run("cost", "--json", FINOPS_LAKE_NOW="2026-11-07T00:30:00+02:00").stdout)
    assert envelope["period"] == {"start": "2026-11-01", "end": "2026-11-06"}


def test_subscriptions_of_the_settings_limit_refresh_and_answers(
    home: Home, simulator: Simulator, truth: LocalAzure, tmp_path: Path
) -> None:
    wanted = truth.subscription_ids[0]
    more = {"FINOPS_LAKE_SUBSCRIPTIONS": wanted}
    refreshed = home.run(
        "refresh", "--months", "1", FINOPS_LAKE_HOME=str(tmp_path), AZURE_SUBSCRIPTION_ID=wanted
    )  # the predecessor's name
    counted = home.run("sql", "select distinct scope_id from meta.chunks", "--csv", FINOPS_LAKE_HOME=str(tmp_path))
    answered = json.loads(home.run("cost", "--json", **more).stdout)
    assert refreshed.returncode == 0, refreshed.stderr
    assert set(counted.stdout.split()) == {"scope_id", "/", f"/subscriptions/{wanted}"}
    assert answered["scopes"]["included_count"] == 1
    assert json.loads(home.run("cost", "-s", "all", "--json", **more).stdout)["scopes"]["included_count"] == 3


def test_refreshing_again_asks_for_nothing_that_is_fresh(home: Home) -> None:
    done = home.run("refresh")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing was asked" in done.stderr


def test_published_file_opens_in_the_duckdb_shell(home: Home, tmp_path: Path) -> None:
    shell = shutil.which("duckdb", path=str(Path(PROGRAM).parent))
    if shell is None:
        pytest.skip("the package duckdb-cli is not installed")
    copy = shutil.copy(home.folder / "finops.duckdb", tmp_path)
    done = subprocess.run(
        [shell, "-readonly", "-csv", str(copy), "select count(*) as charges from marts.charges"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    ours = home.run("sql", "select count(*) as charges from marts.charges", "--csv")
    assert list(csv.reader(io.StringIO(done.stdout))) == list(csv.reader(io.StringIO(ours.stdout)))


def test_clock_of_the_simulator_is_the_one_it_prints(simulator: Simulator) -> None:
    assert simulator.environment["FINOPS_LAKE_NOW"] == NOW
