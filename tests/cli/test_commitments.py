"""`finops-lake commitments`: the envelope of its tool, and tables for people."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from finops_lake.answers.commitments import COLUMNS, CommitmentQuestion, answer_commitments
from finops_lake.answers.periods import period_of
from finops_lake.app import App
from finops_lake.config import load_settings
from tests.cli.conftest import NOW, Home, run_program
from tests.conftest import TODAY


def test_commitments_prints_the_envelope_of_its_tool(home: Home) -> None:
    done = home.run("commitments", "--period", "last_month", "--json")
    lake = App(load_settings(home.environment)).lake
    assert (done.returncode, done.stderr) == (0, "")
    envelope = json.loads(done.stdout)
    assert (
        envelope
        == answer_commitments(lake, CommitmentQuestion(period_of(TODAY, name="last_month"), limit=100)).as_dict()
    )
    assert len(envelope["rows"]) == 5


def test_commitments_prints_what_ends_what_to_buy_and_what_is_eligible(home: Home) -> None:
    done = home.run("commitments")
    assert done.returncode == 0, done.stderr
    assert "5 commitments, 2 about to end" in done.stdout
    assert "2026-12-14 (soon)" in done.stdout
    assert "To buy: of offers with the same key at most one" in done.stdout
    assert "Eligible for hybrid benefit" in done.stdout
    assert "names no commitments and prices" in done.stderr
    assert "Saved  Currency" in done.stdout
    assert "0.00" not in done.stdout.partition("To buy")[0], "what the bill does not tell is empty, not 0"


def test_commitments_prints_plain_rows_as_csv(home: Home) -> None:
    rows = list(csv.reader(io.StringIO(home.run("commitments", "--csv", "--limit", "2").stdout)))
    assert rows[0] == list(COLUMNS)
    assert len(rows) == 3


def test_wrong_options_are_named_and_an_empty_home_says_what_to_do(home: Home, tmp_path: Path) -> None:
    wrong = home.run("commitments", "--period", "last_mont")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--period: 'last_mont' cannot be used; did you mean last_month?" in wrong.stderr
    empty = run_program("commitments", environment={"FINOPS_LAKE_HOME": str(tmp_path), "FINOPS_LAKE_NOW": NOW})
    assert empty.returncode not in (0, 2)
    assert "finops-lake refresh" in empty.stderr
