"""From the journal to real webhooks: once, again after failures, heeding quiet hours and digests."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.alerts.sending import LEASE_SECONDS, Sender, Sent
from finops_lake.config import Settings, load_settings
from finops_lake.journal import Alert, Delivery, Journal
from tests.alerts.receiver import Receiver, Reply, leaks, receiving
from tests.lake.samples import ROOT

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CONFIG = """[channels.ops]
kind = "json"
[channels.team]
kind = "json"
[[alerts]]
name = "r"
kind = "failed_refresh"
channels = ["ops"]
[[alerts]]
name = "quiet"
kind = "failed_refresh"
channels = ["ops"]
quiet_hours = "22:00-07:00"
"""

DELIVER = """import os, sys
from finops_lake.alerts.sending import Sender
from finops_lake.config import load_settings
from finops_lake.journal import Journal
settings = load_settings(os.environ)
print("ready", flush=True)
sys.stdin.readline()
Sender(settings, Journal(settings.home)).deliver()
"""


def environment(home: Path, receiver: Receiver | None, now: datetime = NOW, **more: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(CONFIG)
    address = {} if receiver is None else {"FINOPS_LAKE_WEBHOOK_OPS": receiver.address}
    return {"FINOPS_LAKE_HOME": str(home), "FINOPS_LAKE_NOW": now.isoformat(), **address, **more}


def settings_for(home: Path, receiver: Receiver | None, now: datetime = NOW, **more: str) -> Settings:
    return load_settings(environment(home, receiver, now, **more))


def alert(number: int, **values: object) -> Alert:
    one = Alert(
        f"id-{number}", NOW, "r", "waste", "high", "c", Decimal(1), f"title {number}", "detail", Decimal("12.50"), "EUR"
    )
    return replace(one, **{"deliveries": (Delivery("ops"),), **values})  # type: ignore[arg-type]


def note(home: Path, *alerts: Alert) -> Journal:
    journal = Journal(home)
    with journal.alert_book() as book:
        for one in alerts:
            assert book.add(one)
    return journal


def deliver(settings: Settings, *, wall: float | None = None, seconds: float = 20.0) -> list[Sent]:
    at = time.time() if wall is None else wall
    return Sender(settings, Journal(settings.home), wall=lambda: at, sleep=lambda _: None).deliver(seconds)


def states(journal: Journal) -> dict[str, str]:
    return {one.alert_id: one.status for _, one in journal.alerts()}


def test_alerts_are_sent_together_once_and_noted(tmp_path: Path) -> None:
    with receiving() as receiver:
        journal = note(tmp_path, *map(alert, range(3)))
        settings = settings_for(tmp_path, receiver)
        assert deliver(settings) == [Sent("ops", 1)]
        assert deliver(settings) == []
    assert [one["alert_id"] for one in receiver.alerts] == ["id-0", "id-1", "id-2"]
    assert receiver.alerts[0]["amount"] == "12.5"
    assert states(journal) == {"id-0": "sent", "id-1": "sent", "id-2": "sent"}


def test_many_alerts_are_several_messages(tmp_path: Path) -> None:
    with receiving() as receiver:
        note(tmp_path, *map(alert, range(23)))
        assert deliver(settings_for(tmp_path, receiver)) == [Sent("ops", 3)]
    assert [len(request.body["alerts"]) for request in receiver.requests] == [10, 10, 3]


def test_failing_webhook_is_tried_again_with_the_same_message(tmp_path: Path) -> None:
    with receiving([Reply(500)] * 3) as receiver:
        journal = note(tmp_path, alert(1))
        settings = settings_for(tmp_path, receiver)
        assert deliver(settings) == [Sent("ops", 0, 1, "answered 500")]
        assert states(journal) == {"id-1": "failed"}
        note(tmp_path, alert(2))
        assert deliver(settings) == [Sent("ops", 2)]
    keys = [request.headers["Idempotency-Key"] for request in receiver.requests]
    assert keys[0] == keys[1] == keys[2] == keys[3] != keys[4]
    assert [one["alert_id"] for request in receiver.requests[3:] for one in request.body["alerts"]] == ["id-1", "id-2"]
    ((_, one), _) = journal.alerts()
    assert one.deliveries[0].attempts == 2


def test_long_retry_after_holds_further_messages_back(tmp_path: Path) -> None:
    with receiving([Reply(429, {"Retry-After": "7200"})]) as receiver:
        note(tmp_path, alert(1))
        deliver(settings_for(tmp_path, receiver))
        assert deliver(settings_for(tmp_path, receiver, NOW + timedelta(hours=1))) == []
        assert deliver(settings_for(tmp_path, receiver, NOW + timedelta(hours=2))) == [Sent("ops", 1)]


def test_quiet_hours_hold_back_their_rule_alone(tmp_path: Path) -> None:
    evening = NOW.replace(hour=23)
    with receiving() as receiver:
        journal = note(tmp_path, alert(1), alert(2, rule="quiet"))
        deliver(settings_for(tmp_path, receiver, evening))
        assert states(journal) == {"id-1": "sent", "id-2": "waiting"}
        deliver(settings_for(tmp_path, receiver, NOW.replace(day=24, hour=6, minute=59)))
        assert len(receiver.requests) == 1
        deliver(settings_for(tmp_path, receiver, NOW.replace(day=24, hour=7)))
    assert [one["alert_id"] for one in receiver.alerts] == ["id-1", "id-2"]


def test_failed_message_waits_for_the_end_of_quiet_hours_too(tmp_path: Path) -> None:
    with receiving([Reply(500)] * 3) as receiver:
        note(tmp_path, alert(1, rule="quiet"))
        deliver(settings_for(tmp_path, receiver, NOW.replace(hour=21)))
        assert deliver(settings_for(tmp_path, receiver, NOW.replace(hour=22))) == []
        assert deliver(settings_for(tmp_path, receiver, NOW.replace(day=24))) == [Sent("ops", 1)]


def test_digest_groups_what_came_up(tmp_path: Path) -> None:
    due = NOW + timedelta(hours=5)
    with receiving() as receiver:
        note(tmp_path, *(alert(number, deliveries=(Delivery("ops", not_before=due),)) for number in range(4)))
        assert deliver(settings_for(tmp_path, receiver, due - timedelta(seconds=1))) == []
        assert deliver(settings_for(tmp_path, receiver, due)) == [Sent("ops", 1)]
    assert len(receiver.alerts) == 4


def test_channel_without_address_fails_until_it_has_one_and_hinders_no_other(tmp_path: Path) -> None:
    with receiving() as receiver:
        journal = note(tmp_path, alert(1, deliveries=(Delivery("ops"), Delivery("team"))))
        more = {"FINOPS_LAKE_WEBHOOK_TEAM": receiver.address}
        sent = deliver(settings_for(tmp_path, None, **more))
        assert [(one.channel, one.sent, one.failed) for one in sent] == [("ops", 0, 1), ("team", 1, 0)]
        ((_, one),) = journal.alerts()
        assert (one.status, [delivery.status for delivery in one.deliveries]) == ("failed", ["failed", "sent"])
        assert "no address; set FINOPS_LAKE_WEBHOOK_OPS" in (one.deliveries[0].reason or "")
        assert deliver(settings_for(tmp_path, receiver)) == [Sent("ops", 1)]


def test_channel_that_hangs_costs_a_bounded_time(tmp_path: Path) -> None:
    answered = threading.Event()
    with receiving() as slow, receiving() as quick:
        slow.on_request = lambda: answered.wait(60)
        note(tmp_path, alert(1, deliveries=(Delivery("ops"), Delivery("team"))))
        settings = settings_for(tmp_path, slow, FINOPS_LAKE_WEBHOOK_TEAM=quick.address)
        sent = deliver(settings, seconds=3.0)
        answered.set()
        assert [one.channel for one in sent] == ["team"]
        for thread in threading.enumerate():
            if thread.name.startswith("alerts-"):
                thread.join(10)


def test_what_cannot_be_sent_is_given_up_with_its_reason(tmp_path: Path) -> None:
    with receiving([Reply(404)]) as receiver:
        journal = note(tmp_path, alert(1), alert(2, deliveries=(Delivery("gone"),)))
        deliver(settings_for(tmp_path, receiver))
        assert states(journal) == {"id-1": "failed", "id-2": "dropped"}
        deliver(settings_for(tmp_path, receiver, NOW + timedelta(days=8)))
    reasons = {one.alert_id: one.deliveries[0].reason for _, one in journal.alerts()}
    assert reasons == {
        "id-1": "answered 404; given up after a week",
        "id-2": "the channel is no longer configured",
    }
    assert len(receiver.requests) == 1


def started(home: Path, receiver: Receiver) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", DELIVER],
        env={**environment(home, receiver), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_send_each_alert_once(tmp_path: Path) -> None:
    with receiving([Reply(after=0.05)] * 100) as receiver:
        note(tmp_path, *(alert(number) for number in range(60)))
        processes = [started(tmp_path, receiver) for _ in range(2)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert [process.communicate(timeout=60) and process.returncode for process in processes] == [0, 0]
    assert sorted(one["alert_id"] for one in receiver.alerts) == sorted(f"id-{number}" for number in range(60))


def test_killed_while_sending_it_is_sent_again_with_the_same_id(tmp_path: Path) -> None:
    arrived = threading.Event()
    with receiving([Reply(after=2.0)]) as receiver:
        receiver.on_request = arrived.set
        journal = note(tmp_path, alert(1))
        process = started(tmp_path, receiver)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert arrived.wait(30)
        process.kill()
        process.communicate(timeout=20)
        note(tmp_path, alert(2))
        settings = settings_for(tmp_path, receiver)
        deliver(settings)
        assert states(journal) == {"id-1": "waiting", "id-2": "sent"}, "it may still be on its way"
        deliver(settings, wall=time.time() + LEASE_SECONDS + 1)
    first, _, again = receiver.requests
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"] == again.body["message_id"]
    assert first.body["alerts"] == again.body["alerts"]
    assert states(journal) == {"id-1": "sent", "id-2": "sent"}


@pytest.mark.parametrize("status", [200, 302, 403, 500])
def test_address_is_nowhere_in_the_home_or_the_log(
    tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    with caplog.at_level("DEBUG"), receiving([Reply(status)] * 3) as receiver:
        settings = settings_for(home, receiver)
        note(home, alert(1))
        sent = deliver(settings)
    assert receiver.requests
    assert leaks(home, caplog.text, repr(sent), repr(settings)) == []
