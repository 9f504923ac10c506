"""The ledger of findings on a terminal: what is listed, and what is said of findings."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from tests.answers.audited import Lake, charge, disk
from tests.cli.conftest import run_program


def test_findings_are_listed_and_marked(tmp_path: Path) -> None:
    home, goes, stays = Lake(tmp_path), disk("goes"), disk("stays")
    charges = [charge(goes, "30"), charge(stays, "5")]
    home.fill([goes, stays], charges, audited=True).close()
    home.fill([stays], charges, later=timedelta(days=1), audited=True).close()
    environment = {"FINOPS_LAKE_HOME": str(tmp_path)}
    envelope = json.loads(run_program("ledger", "--json", environment=environment).stdout)
    rows = [dict(zip(envelope["columns"], row, strict=True)) for row in envelope["rows"]]
    assert [(row["resource_name"], row["state"], row["monthly_saving"]) for row in rows] == [
        ("stays", "open", "5"),
        ("goes", "gone", "30"),
    ]
    stays_id = rows[0]["finding_id"]
    marked = run_program("ledger", stays_id, "--mark", "done", "--owner", "Ada", environment=environment)
    assert (marked.returncode, "1 marked done." in marked.stderr) == (0, True)
    assert "Ada" in marked.stdout
    assert "goes" not in run_program("ledger", "--owner", "Ada", environment=environment).stdout
    for wrong, said in (
        (("ledger", "nope", "--mark", "done"), "FINDING: 'nope' cannot be used"),
        (("ledger", stays_id, "--mark", "gone"), "--mark: 'gone' cannot be used"),
        (("ledger", "--mark", "done"), "name the findings by their ids"),
        (("ledger", "--status", "lost"), "--status: 'lost' cannot be used"),
    ):
        refused = run_program(*wrong, environment=environment)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert said in refused.stderr
