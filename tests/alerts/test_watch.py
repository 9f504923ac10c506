"""Rules over a lake that was refreshed from the local Azure, as far as the webhook's door."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.answers.audit import AuditQuestion, answer_audit
from finops_lake.answers.budgets import BudgetQuestion, answer_budgets
from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.errors import StoppedError, UnreachableError
from finops_lake.journal import Alert
from finops_lake.refresh.publishing import publish
from tests.alerts.receiver import Receiver, receiving
from tests.conftest import NOW
from tests.lake.samples import ROOT

LOOK = """import os
from finops_lake.app import App
from finops_lake.config import load_settings
print(len(App(load_settings(os.environ)).watch.tell().alerts))
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Rules:
    """A home of one's own, whose rules can be set and looked at."""

    def __init__(self, home: Path, receiver: Receiver) -> None:
        self.home = home
        self.receiver = receiver

    def environment(self, now: datetime = NOW) -> dict[str, str]:
        return {
            "FINOPS_LAKE_HOME": str(self.home),
            "FINOPS_LAKE_NOW": now.isoformat(),
            "FINOPS_LAKE_WEBHOOK_OPS": self.receiver.address,
        }

    def set(self, *rules: Mapping[str, Any]) -> None:
        lines = ["[channels.ops]", 'kind = "json"']
        for number, rule in enumerate(rules):
            lines += ["[[alerts]]", f'name = "{rule.get("name", f"rule {number}")}"', 'channels = ["ops"]']
            lines += [f"{key} = {json.dumps(value)}" for key, value in rule.items() if key != "name"]
        (self.home / "config.toml").write_text("\n".join(lines) + "\n")

    def app(self, now: datetime = NOW) -> App:
        return App(load_settings(self.environment(now)))

    def look(self, *, now: datetime = NOW, error: Any = None) -> tuple[tuple[Alert, ...], list[str]]:
        app = self.app(now)
        try:
            return app.watch.look(error)
        finally:
            app.close()


@pytest.fixture
def rules(own_home: Path, receiver: Receiver) -> Rules:
    return Rules(own_home, receiver)


def test_budget_rules_tell_what_the_budgets_answer_says(rules: Rules) -> None:
    rules.set({"kind": "budget_threshold", "threshold": 60}, {"kind": "budget_breach"})
    alerts, notes = rules.look()
    app = rules.app()
    answer = answer_budgets(app.lake, BudgetQuestion())
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    app.close()
    exceeded = {row["budget_name"] for row in rows if row["status"] == "exceeded"}
    reached = {row["budget_name"] for row in rows if max(map(Decimal, row["actual_thresholds"]), default=0) >= 60}
    told = {kind: {one.title.split()[1] for one in alerts if one.kind == kind and " reached" in one.title} for kind in
            ("budget_threshold", "budget_breach")}  # fmt: skip
    assert exceeded
    assert told["budget_threshold"] == reached | exceeded
    assert {one.title for one in alerts if one.kind == "budget_breach" and one.step == 2} == {
        f"Budget {name} is exceeded" for name in exceeded
    }
    assert notes == []
    assert rules.look() == ((), []), "nothing is told twice"


def test_new_waste_is_what_came_after_the_rule(rules: Rules) -> None:
    rules.set({"kind": "waste", "threshold": 1, "currency": "EUR", "name": "w"})
    assert rules.look()[0] == ()
    app = rules.app()
    answer = answer_audit(app.lake, AuditQuestion(budgets=False, limit=10_000))
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    mine = [row for row in rows if row["counted_saving"] and row["billing_currency"] == "EUR"]
    with app.journal.alert_book() as book:
        known = book.known("w")
        assert {row["check_name"] + "|" + row["resource_id"] for row in mine} == set(known)
        assert sum(one.amount or 0 for one in known.values()) == sum(row["counted_saving"] for row in mine)
    app.close()
    forgotten = mine[0]
    _forget(rules, f"{forgotten['check_name']}|{forgotten['resource_id']}")
    ((alert,), _) = rules.look()
    assert alert.amount == forgotten["counted_saving"]
    assert alert.resource_id == forgotten["resource_id"]
    assert forgotten["reason"][:40] in alert.detail


def _forget(rules: Rules, cause: str) -> None:
    """Have the rule not know a finding, as if it had come only now."""
    app = rules.app()
    with app.journal.alert_book() as book:
        assert book._connection.execute("delete from alert_causes where cause = ?", [cause]).rowcount == 1
    app.close()


def test_another_currency_is_never_compared_and_said_so(rules: Rules) -> None:
    rules.set({"kind": "waste", "threshold": 1, "currency": "CHF", "name": "w"})
    alerts, notes = rules.look()
    assert alerts == ()
    assert notes == ["Rule w is about CHF; what is in EUR, USD needs its own."]


def test_anomaly_is_told_unless_it_is_muted(rules: Rules) -> None:
    rule = {"kind": "anomaly", "threshold": 1, "currency": "EUR"}
    rules.set({**rule, "name": "a"})
    alerts, _ = rules.look()
    assert alerts
    assert all(one.amount is not None and one.amount >= 1 and one.billing_currency == "EUR" for one in alerts)
    app = rules.app()
    names = dict(app.lake.query("select sub_account_id, sub_account_name from marts.subscriptions").rows)
    app.close()
    assert all(names[one.sub_account_id] == one.sub_account_name for one in alerts)
    (rules.home / "mutes.toml").write_text('[[mute]]\nuntil = 2026-12-31\nreason = "known"\nservice = "*"\n')
    rules.set({**rule, "name": "b"})
    assert rules.look() == ((), [])
    (rules.home / "mutes.toml").write_text("[[mute]]\n")
    alerts_again, notes = rules.look()
    assert len(alerts_again) == len(alerts)
    assert "No anomaly is muted" in notes[0]


def test_commitment_is_told_before_its_end_and_once_more_at_its_last_days(rules: Rules) -> None:
    rules.set({"kind": "commitment", "threshold": 366})
    alerts, _ = rules.look()
    app = rules.app()
    rows = app.lake.query(
        "select distinct commitment_name, expiry_date from marts.commitments"
        " where days_left between 0 and 366 and state = 'succeeded' and not coalesce(is_renewed, false)"
    ).rows
    app.close()
    assert rows
    assert {one.cause for one in alerts} == {f"{name}|{day}" for name, day in rows}


def test_overdue_tables_are_one_alert_and_depend_on_the_clock(rules: Rules) -> None:
    rules.set({"kind": "stale_refresh", "threshold": 24})
    assert rules.look()[0] == ()
    ((alert,), _) = rules.look(now=NOW + timedelta(days=3))
    assert "of the lake are overdue" in alert.title
    assert "by " in alert.detail
    assert rules.look(now=NOW + timedelta(days=3, hours=1))[0] == ()


def test_refresh_that_failed_wholly_is_told_once_and_again_after_a_day_of_success(rules: Rules) -> None:
    rules.set({"kind": "failed_refresh"})
    error = UnreachableError("Azure cannot be reached.", next_step="Look at the network.")
    (alert,), _ = rules.look(error=error)
    assert (alert.title, alert.severity) == ("The refresh failed", "high")
    assert alert.detail == "Azure cannot be reached. Look at the network."
    assert rules.look(error=error)[0] == ()
    assert rules.look()[0] == ()
    assert rules.look(error=error, now=NOW + timedelta(hours=1))[0] == ()
    rules.look(now=NOW + timedelta(hours=2))
    assert len(rules.look(error=error, now=NOW + timedelta(hours=25))[0]) == 1


def test_without_a_lake_a_failed_refresh_is_told_all_the_same(tmp_path: Path, receiver: Receiver) -> None:
    home = tmp_path / "empty"
    home.mkdir()
    rules = Rules(home, receiver)
    rules.set({"kind": "failed_refresh"}, {"kind": "budget_breach"}, {"kind": "stale_refresh"})
    app = rules.app()
    told = app.watch.after_refresh(UnreachableError("Azure cannot be reached."))
    app.close()
    assert [one.title for one in told.alerts] == ["The refresh failed"]
    assert [one["title"] for one in receiver.alerts] == ["The refresh failed"]


def test_rule_about_an_unknown_subscription_is_told_and_the_others_go_on(rules: Rules) -> None:
    rules.set({"kind": "budget_breach", "subscriptions": ["Nobody"], "name": "a"}, {"kind": "budget_breach"})
    alerts, notes = rules.look()
    assert {one.rule for one in alerts} == {"rule 1"}
    assert notes[0].startswith("Rule a finds nothing: subscriptions: 'Nobody'; ")


def test_trial_notes_nothing_and_shows_when_each_would_go(rules: Rules) -> None:
    rules.set(
        {"kind": "budget_breach", "name": "now"},
        {"kind": "budget_breach", "name": "later", "digest": "daily at 12:00"},
        {"kind": "budget_breach", "name": "quiet", "quiet_hours": "08:00-10:00"},
        {"kind": "budget_breach", "name": "muted"},
    )
    text = (rules.home / "config.toml").read_text()
    (rules.home / "config.toml").write_text(text + "mute_until = 2026-11-30\n")
    app = rules.app()
    rows, _ = app.watch.planned()
    again, _ = app.watch.planned()
    assert app.journal.alerts() == ()
    app.close()
    assert rows == again
    assert {(row["rule"], row["when"]) for row in rows} == {
        ("now", "now"),
        ("later", "after 2026-11-23 12:00 UTC"),
        ("quiet", "after 2026-11-23 10:00 UTC (quiet hours)"),
        ("muted", "never: the rule is muted"),
    }
    assert rules.receiver.requests == []


def test_two_processes_that_look_at_once_tell_each_alert_once(rules: Rules) -> None:
    rules.set({"kind": "budget_breach"}, {"kind": "budget_threshold"})
    environment = {**rules.environment(), "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen([sys.executable, "-c", LOOK], env=environment, stdout=subprocess.PIPE, encoding="utf-8")
        for _ in range(2)
    ]
    counts = [int(process.communicate(timeout=120)[0]) for process in processes]
    ids = [one["alert_id"] for one in rules.receiver.alerts]
    assert sum(counts) == len(ids) == len(set(ids)) > 0


def test_decided_and_then_killed_it_is_sent_by_the_next_one(rules: Rules) -> None:
    rules.set({"kind": "budget_breach"})
    alerts, _ = rules.look()
    assert rules.receiver.requests == []
    app = rules.app()
    told = app.watch.after_refresh()
    app.close()
    assert told.alerts == ()
    assert {one["alert_id"] for one in rules.receiver.alerts} == {one.alert_id for one in alerts}


def test_lake_shows_alerts_at_once_and_keeps_them_when_the_journal_is_lost(rules: Rules) -> None:
    rules.set({"kind": "budget_breach"})
    app = rules.app()
    told = app.watch.after_refresh()
    sql = "select alert_id, status, deliveries[1].status from marts.alerts order by all"
    expected = sorted((one.alert_id, "sent", "sent") for one in told.alerts)
    assert app.lake.query(sql).rows == expected
    assert app.lake.query_user_sql(sql, max_rows=None, timeout=20).rows == expected
    warehouse = app._warehouse("loopback")
    with warehouse.lock(0):
        publish(warehouse, app.journal, timedelta(days=90), audited=False)
    assert app.journal.alerts() == ()
    app.close()
    for path in rules.home.glob("journal.*"):
        path.unlink()
    app = rules.app()
    assert app.lake.query(sql).rows == expected
    assert app.watch.after_refresh().alerts == ()
    app.close()


def test_nothing_of_alerts_hurts_a_refresh(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    rules.set({"kind": "budget_breach"})
    app = rules.app()
    monkeypatch.setattr("finops_lake.alerts.watch.candidates_of", lambda rule, sight: 1 / 0)
    told = app.watch.after_refresh()
    assert told.lines == ("Alerts could not be told, by a defect of finops-lake (ZeroDivisionError).",)
    monkeypatch.undo()
    (rules.home / "journal.sqlite").unlink(missing_ok=True)
    for name in ("journal.sqlite-wal", "journal.sqlite-shm"):
        (rules.home / name).unlink(missing_ok=True)
    (rules.home / "journal.sqlite").mkdir()
    told = app.watch.after_refresh(StoppedError("x"))
    assert told.lines[0].startswith("Alerts could not be told: The journal")
    app.close()
