"""`finops-lake tags` and `cost --convert-to`: the envelopes of their tools, and tables for people."""

from __future__ import annotations

import json
from decimal import Decimal

from finops_lake.answers.periods import period_of
from finops_lake.answers.tag_coverage import CoverageQuestion, answer_coverage
from finops_lake.app import App
from finops_lake.config import load_settings
from tests.cli.conftest import Home
from tests.conftest import TODAY


def test_tags_prints_the_envelope_of_its_tool(home: Home) -> None:
    done = home.run("tags", "env", "--period", "last_month", "--json")
    lake = App(load_settings(home.environment)).lake
    question = CoverageQuestion(period_of(TODAY, name="last_month"), ("env",))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == answer_coverage(lake, question).as_dict()


def test_tags_prints_coverage_and_what_to_tag(home: Home) -> None:
    done = home.run("tags", "ENV")
    assert done.returncode == 0, done.stderr
    assert "Tag coverage" in done.stdout
    assert "The dearest resources to tag" in done.stdout
    assert "Cannot be tagged" in done.stdout


def test_a_key_that_nothing_carries_is_wrong_usage(home: Home) -> None:
    done = home.run("tags", "envv")
    assert done.returncode == 2
    assert "KEY: 'envv' cannot be used; did you mean env?" in done.stderr


def test_a_conversion_without_rates_converts_nothing_and_says_so(home: Home) -> None:
    plain = json.loads(home.run("cost", "--period", "last_month", "--json").stdout)
    done = home.run("cost", "--period", "last_month", "--convert-to", "CHF", "--json")
    envelope = json.loads(done.stdout)
    assert {total["billing_currency"]: Decimal(total["billed_cost"]) for total in envelope["totals"]} == {
        total["billing_currency"]: Decimal(total["billed_cost"]) for total in plain["totals"]
    }
    assert any(note.startswith("NOT CONVERTED") for note in envelope["notes"])
