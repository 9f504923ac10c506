"""Why cost changed, on the terminal: tables, CSV and the tool's JSON say the same."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

from finops_lake.answers.reasons import EFFECTS
from tests.cli.conftest import Home


def test_explain_shows_what_its_json_says(home: Home) -> None:
    done = home.run("explain", "--limit", "4")
    envelope = json.loads(home.run("explain", "--limit", "4", "--json").stdout)
    assert done.returncode == 0
    assert "2026-11-01 to 2026-11-19, against 2026-10-01 to 2026-10-19" in done.stdout
    for total in envelope["totals"]:
        shown = f"{Decimal(total['difference']):,.2f}"
        assert any(line.startswith("Total") and shown in line for line in done.stdout.splitlines())
    assert "others)" in done.stdout
    assert all(one["reason"] in done.stdout for one in envelope["resources"])
    assert "4 of" in done.stderr


def test_explain_as_csv_has_every_effect(home: Home) -> None:
    rows = list(csv.DictReader(io.StringIO(home.run("explain", "-g", "resource_group", "--csv").stdout)))
    assert rows
    for row in rows:
        assert sum(Decimal(row[name]) for name in EFFECTS) == Decimal(row["difference"])


def test_explain_names_its_own_options_when_a_word_is_wrong(home: Home) -> None:
    done = home.run("explain", "--compare-to", "never")
    assert done.returncode == 2
    assert "--compare-to: 'never' cannot be used; allowed are previous_period" in done.stderr
    done = home.run("explain", "--base-start", "2026-10-01")
    assert "--base-end: None cannot be used; both ends" in done.stderr


def test_anomalies_show_what_their_json_says(home: Home) -> None:
    done = home.run("anomalies", "--min-cost", "2.5")
    envelope = json.loads(home.run("anomalies", "--min-cost", "2.5", "--json").stdout)
    assert done.returncode == 0
    word = "anomaly" if envelope["row_count"] == 1 else "anomalies"
    assert f"{envelope['row_count']} {word} among {envelope['looked_at']} services" in done.stdout
    assert "Bought or given back" in done.stdout
    header = home.run("anomalies", "--csv").stdout.splitlines()[0]
    assert header.split(",") == envelope["columns"]


def test_anomalies_name_their_own_options_when_a_word_is_wrong(home: Home) -> None:
    for amount in ("much", "-1", "nan"):
        done = home.run("anomalies", "--min-cost", amount)
        assert done.returncode == 2
        assert f"--min-cost: '{amount}' cannot be used" in done.stderr


def test_forecast_shows_what_its_json_says(home: Home) -> None:
    done = home.run("forecast", "--months", "2", "-g", "service")
    envelope = json.loads(home.run("forecast", "--months", "2", "-g", "service", "--json").stdout)
    assert done.returncode == 0
    assert "Forecast from complete days up to 2026-11-19" in done.stdout
    for total in envelope["totals"]:
        shown = f"{Decimal(total['forecast_cost']):,.2f}"
        assert any("Total" in line and shown in line for line in done.stdout.splitlines())
    rows = list(csv.DictReader(io.StringIO(home.run("forecast", "--csv").stdout)))
    assert rows
    assert all(Decimal(row["low_95"]) <= Decimal(row["forecast_cost"]) <= Decimal(row["high_95"]) for row in rows)


def test_forecast_names_its_own_options_when_a_word_is_wrong(home: Home) -> None:
    done = home.run("forecast", "--months", "14")
    assert done.returncode == 2
    assert "--months: 14 cannot be used" in done.stderr
