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
