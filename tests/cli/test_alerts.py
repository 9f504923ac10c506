"""`finops-lake alerts`, and what a refresh tells: the installed program, a real webhook, a real local Azure."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from finops_lake.answers.alerts import COLUMNS
from finops_lake.answers.answer import jsonable
from finops_lake.demo.server import LocalAzure
from tests.alerts.receiver import Receiver, Reply, leaks, receiving
from tests.cli.conftest import Home

CONFIG = """[channels.ops]
kind = "json"
[[alerts]]
name = "breach"
kind = "budget_breach"
channels = ["ops"]
[[alerts]]
name = "failed"
kind = "failed_refresh"
channels = ["ops"]
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def alerting(home: Home, receiver: Receiver, tmp_path: Path) -> Home:
    """A copy of the filled home, with rules and a webhook."""
    folder = shutil.copytree(home.folder, tmp_path / "home")
    (folder / "config.toml").write_text(CONFIG)
    more = {"FINOPS_LAKE_HOME": str(folder), "FINOPS_LAKE_WEBHOOK_OPS": receiver.address}
    return replace(home, folder=folder, environment={**home.environment, **more})


def test_alerts_are_shown_before_sent_and_listed_after(alerting: Home, receiver: Receiver) -> None:
    planned = json.loads(alerting.run("alerts", "--dry-run", "--json").stdout)
    assert planned
    assert {row["when"] for row in planned} == {"now"}
    assert receiver.requests == []
    sent = alerting.run("alerts", "send")
    assert (sent.returncode, sent.stdout) == (0, "")
    assert "Alerts: 1 message sent to ops." in sent.stderr
    assert {one["title"] for one in receiver.alerts} == {row["title"] for row in planned}
    listed = json.loads(alerting.run("alerts", "--json").stdout)
    rows = [dict(zip(listed["columns"], row, strict=True)) for row in listed["rows"]]
    assert tuple(listed["columns"]) == COLUMNS
    assert {row["alert_id"] for row in rows} == {one["alert_id"] for one in receiver.alerts}
    assert {row["status"] for row in rows} == {"sent"}
    assert listed["counts"] == {"failed": 0, "waiting": 0, "sent": len(rows), "muted": 0, "dropped": 0}
    again = alerting.run("alerts", "send")
    assert (again.returncode, again.stderr, len(receiver.requests)) == (0, "Nothing is to be sent.\n", 1)
    plain = list(csv.DictReader(io.StringIO(alerting.run("alerts", "--csv", "--rule", "breach").stdout)))
    assert {row["rule"] for row in plain} == {"breach"}
    seen = json.loads(alerting.run("sql", "select alert_id, status from marts.alerts", "--json").stdout)
    assert {row["alert_id"] for row in seen} == {row["alert_id"] for row in rows}


def test_refresh_sends_and_its_answer_and_exit_code_stay_the_same(alerting: Home, receiver: Receiver) -> None:
    done = alerting.run("refresh", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "counts" in json.loads(done.stdout)
    assert receiver.alerts
    told = alerting.run("refresh")
    assert (told.returncode, told.stdout) == (0, "")
    assert len(receiver.requests) == 1


def test_failing_webhook_is_told_and_counted_and_hurts_nothing(alerting: Home, receiver: Receiver) -> None:
    receiver.replies += [Reply(403, body=b"no_service")] * 2
    done = alerting.run("refresh")
    assert done.returncode == 0
    assert "Alerts: ops: answered 403, no_service; tried again after the next refresh." in done.stderr
    status = alerting.run("status")
    assert f"{len(receiver.alerts)} failed; see finops-lake alerts." in status.stderr
    section = json.loads(alerting.run("status", "--json").stdout)["alerts"]
    assert section == {"rules": 2, "waiting": 0, "failed": len(receiver.alerts)}
    listed = alerting.run("alerts", "--status", "failed")
    assert "ops failed (answered 403, no_service)" in listed.stdout
    assert alerting.run("alerts", "send").returncode == 1
    assert alerting.run("refresh").returncode == 0
    assert json.loads(alerting.run("status", "--json").stdout)["alerts"]["failed"] == 0


def test_test_says_what_came_back_from_each_channel(alerting: Home, receiver: Receiver) -> None:
    (alerting.folder / "config.toml").write_text(CONFIG + '[channels.none]\nkind = "teams"\n')
    done = alerting.run("alerts", "test", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == [
        {"channel": "ops", "kind": "json", "outcome": "sent", "detail": "answered 200"},
        {
            "channel": "none",
            "kind": "teams",
            "outcome": "failed",
            "detail": "no address; set FINOPS_LAKE_WEBHOOK_NONE, or address_file (mode 0600)",
        },
    ]
    (request,) = receiver.requests
    assert request.body["is_test"] is True
    assert alerting.run("alerts", "test", "--channel", "ops").returncode == 0
    unknown = alerting.run("alerts", "test", "--channel", "opps")
    assert (unknown.returncode, unknown.stderr) == (
        2,
        "Error: --channel: 'opps' cannot be used; there are ops, none.\n",
    )
    assert json.loads(alerting.run("alerts", "--json").stdout)["rows"] == [], "a test is no alert"


def test_without_rules_it_is_said(home: Home) -> None:
    listed = home.run("alerts")
    assert listed.returncode == 0
    assert "There is no rule [[alerts]] in config.toml" in listed.stderr
    for arguments in (("alerts", "--dry-run"), ("alerts", "send"), ("alerts", "test")):
        assert home.run(*arguments).returncode == 2


def test_refresh_that_fails_wholly_is_told_and_still_fails(
    own_azure: Home, azure: LocalAzure, receiver: Receiver
) -> None:
    own_azure.folder.mkdir()
    (own_azure.folder / "config.toml").write_text(CONFIG)
    more = {"AZURE_CLIENT_SECRET": "wrong", "FINOPS_LAKE_WEBHOOK_OPS": receiver.address}
    done = own_azure.run("refresh", **more)
    assert done.returncode == 5
    assert [one["title"] for one in receiver.alerts] == ["The refresh failed"]
    assert own_azure.run("refresh", **more).returncode == 5
    assert len(receiver.requests) == 1
    listed = json.loads(own_azure.run("alerts", "--json", **more).stdout)
    ((_, rule, *_),) = listed["rows"]
    assert (rule, listed["counts"]["sent"]) == ("failed", 1), "although there is no lake yet"


def test_schedule_tells_what_a_run_could_not_read(own_azure: Home, azure: LocalAzure, receiver: Receiver) -> None:
    own_azure.folder.mkdir()
    off = "".join(f'{name} = "off"\n' for name in ("cost", "prices", "inventory", "commitments"))
    (own_azure.folder / "config.toml").write_text(f"{CONFIG}[schedule]\njitter_seconds = 0\n{off}")
    azure.faults.add("denied", operation="budgets", subscription=azure.subscription_ids[0], times=None)
    done = own_azure.run("schedule", "--once", FINOPS_LAKE_WEBHOOK_OPS=receiver.address)
    assert done.returncode == 3, done.stderr
    denied = [one for one in receiver.alerts if one["rule"] == "failed"]
    assert [one["sub_account_id"] for one in denied] == [f"/subscriptions/{azure.subscription_ids[0]}"]
    assert denied[0]["title"].endswith("could not be read in full (denied)")
    assert denied[0]["detail"].startswith("budgets:")


@pytest.mark.parametrize("status", [200, 307, 500])
def test_address_is_nowhere_on_disk_or_on_the_screen(alerting: Home, receiver: Receiver, status: int) -> None:
    """Not in the lake, its copies, the journal, nor in the most talkative log."""
    receiver.replies += [Reply(status)] * 3
    runs: list[subprocess.CompletedProcess[str]] = [
        alerting.run("-vv", *arguments, FINOPS_LAKE_LOG_FORMAT=form)
        for form in ("text", "json")
        for arguments in (("refresh", "--force", "--tables", "disks"), ("alerts", "test"), ("alerts",), ("status",))
    ]
    assert receiver.requests
    assert leaks(alerting.folder, *(run.stdout + run.stderr for run in runs)) == []


def test_json_is_as_the_answer_says(alerting: Home) -> None:
    envelope = json.loads(alerting.run("alerts", "--json", "--limit", "1").stdout)
    assert envelope == jsonable(envelope)
    assert alerting.run("alerts", "--status", "lost").returncode == 2
