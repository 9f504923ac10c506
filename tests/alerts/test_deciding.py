"""What is news: one alert per rule and cause, until it gets worse, grows, or comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from finops_lake.alert_rules import AlertRule
from finops_lake.alerts.candidate import Candidate
from finops_lake.alerts.deciding import decide
from finops_lake.journal import Alert, Known

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Memory:
    """A rule with what it knows, as the journal would keep it."""

    def __init__(self, **rule: Any) -> None:
        self.rule = AlertRule.model_validate({"name": "r", "channels": ["ops"], **rule})
        self.known: dict[str, Known] = {}
        self.is_first = True

    def look(self, *found: Candidate, at: datetime = NOW) -> tuple[Alert, ...]:
        decision = decide(self.rule, found, self.known, at, is_first=self.is_first)
        self.known |= {one.cause: one for one in decision.known}
        self.is_first = False
        return decision.alerts


def seen(cause: str, **values: Any) -> Candidate:
    return Candidate(**{"cause": cause, "title": cause, "detail": "", "severity": "medium", **values})


def saving(cause: str, amount: str, currency: str = "EUR") -> Candidate:
    return seen(cause, amount=Decimal(amount), billing_currency=currency, group=currency)


def test_threshold_is_told_once_and_the_next_one_anew() -> None:
    memory = Memory(kind="budget_threshold")
    steps = [50, 50, 80, 50, 80, 100]
    told = [bool(memory.look(seen("b|2026-11-01|Actual", step=Decimal(step)))) for step in steps]
    assert told == [True, False, True, False, False, True]
    assert memory.look(seen("b|2026-12-01|Actual", step=Decimal(50))), "the next period is another cause"


def test_ids_differ_by_step_and_are_the_same_for_the_same() -> None:
    ids = []
    for _ in range(2):
        memory = Memory(kind="budget_threshold")
        ids += [memory.look(seen("b", step=Decimal(step)))[0].alert_id for step in (50, 80)]
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]


def test_anomaly_is_told_again_when_it_grew_by_the_factor() -> None:
    memory = Memory(kind="anomaly", threshold=10, currency="EUR", grows_by="1.5")
    amounts = ["100", "149.99", "150", "200", "225"]
    told = [bool(memory.look(seen("a", amount=Decimal(amount), billing_currency="EUR"))) for amount in amounts]
    assert told == [True, False, True, False, True]


def test_what_was_wasted_before_the_rule_is_known_and_what_is_new_adds_up() -> None:
    memory = Memory(kind="waste", threshold=100, currency="EUR")
    old = saving("old", "5000")
    assert memory.look(old) == ()
    assert memory.look(old, saving("a", "60")) == ()
    (alert,) = memory.look(old, saving("a", "60"), saving("b", "40"))
    assert (alert.amount, alert.billing_currency) == (Decimal(100), "EUR")
    assert alert.title == "2 new findings waste 100.00 EUR a month"
    assert memory.look(old, saving("a", "60"), saving("b", "40")) == ()
    assert memory.look(old, saving("a", "60"), saving("b", "40"), saving("c", "99")) == ()


def test_known_waste_that_grew_counts_by_its_growth_alone() -> None:
    memory = Memory(kind="waste", threshold=100, currency="EUR")
    memory.look(saving("old", "90"))
    assert memory.look(saving("old", "179")) == (), "not twice as much"
    assert memory.look(saving("old", "185")) == (), "grown by 95 only"
    (alert,) = memory.look(saving("old", "190"))
    assert alert.amount == Decimal(100)


def test_failures_of_one_scope_are_one_alert_and_each_is_told_once() -> None:
    memory = Memory(kind="failed_refresh")
    one, other = (seen(f"{table}|/s|denied", group="/s|denied", recurs=True) for table in ("disks", "budgets"))
    (first,) = memory.look(one)
    assert first.detail.startswith("disks")
    (second,) = memory.look(one, other)
    assert second.detail.startswith("budgets:")
    assert first.alert_id != second.alert_id
    assert memory.look(one, other) == ()


@pytest.mark.parametrize(("hours", "told"), [(1, False), (23, False), (24, True), (200, True)])
def test_what_comes_and_goes_is_told_again_after_a_day_only(hours: int, told: bool) -> None:
    memory = Memory(kind="failed_refresh")
    failing = seen("disks|/s|throttled", recurs=True)
    (first,) = memory.look(failing)
    memory.look(at=NOW + timedelta(minutes=30))
    again = memory.look(failing, at=NOW + timedelta(hours=hours))
    assert bool(again) is told
    assert all(alert.alert_id != first.alert_id for alert in again)


def test_what_goes_on_failing_is_not_told_again() -> None:
    memory = Memory(kind="failed_refresh")
    told = [memory.look(seen("x", recurs=True), at=NOW + timedelta(days=day)) for day in range(5)]
    assert [bool(alerts) for alerts in told] == [True, False, False, False, False]


def test_muted_rule_notes_and_sends_nothing_and_does_not_catch_up() -> None:
    memory = Memory(kind="budget_threshold", mute_until="2026-11-23")
    (muted,) = memory.look(seen("b", step=Decimal(50)))
    assert (muted.is_muted, muted.status, muted.deliveries) == (True, "muted", ())
    later = NOW + timedelta(days=1)
    assert memory.look(seen("b", step=Decimal(50)), at=later) == ()
    (loud,) = memory.look(seen("b", step=Decimal(80)), at=later)
    assert (loud.status, [one.channel for one in loud.deliveries]) == ("waiting", ["ops"])


def test_severity_of_the_rule_wins_and_a_digest_holds_back() -> None:
    memory = Memory(kind="failed_refresh", severity="high", digest="daily at 08:00", channels=["ops", "team", "ops"])
    (alert,) = memory.look(seen("x"))
    assert alert.severity == "high"
    due = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert [(one.channel, one.not_before) for one in alert.deliveries] == [("ops", due), ("team", due)]


def test_texts_are_cleaned_and_bounded() -> None:
    memory = Memory(kind="failed_refresh")
    hostile = "\x1b[31m\u202eevil\u200b\n<!channel>" + "x" * 5000
    (alert,) = memory.look(seen("x", title=hostile, detail=hostile, sub_account_name=hostile))
    for text in (alert.title, alert.detail, alert.sub_account_name or ""):
        assert not {"\x1b", "\u202e", "\u200b", "\n"} & set(text)
    assert (len(alert.title), len(alert.detail)) == (200, 1000)


def counts(known: Mapping[str, Known]) -> int:
    return sum(one.gone_at is not None for one in known.values())


def test_what_is_gone_is_noted_so_that_its_return_can_be_told() -> None:
    memory = Memory(kind="stale_refresh")
    memory.look(seen("disks", group="", recurs=True), seen("budgets", group="", recurs=True))
    memory.look(seen("disks", group="", recurs=True))
    assert counts(memory.known) == 1
