"""The tables [[alerts]] and [channels.NAME]: faults told together without secrets, quiet hours, digests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.alert_rules import AlertRule
from finops_lake.config import Settings, load_settings
from finops_lake.errors import ConfigError

CHANNEL = '[channels.ops]\nkind = "json"\n'


def load(home: Path, text: str, **environment: str) -> Settings:
    (home / "config.toml").write_text(text)
    return load_settings({"FINOPS_LAKE_HOME": str(home), **environment})


def rule(**values: object) -> AlertRule:
    return AlertRule.model_validate({"name": "r", "kind": "failed_refresh", "channels": ["ops"], **values})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_rules_and_channels_are_read(tmp_path: Path) -> None:
    text = f"""{CHANNEL}address_file = "ops.webhook"
[[alerts]]
name = "waste"
kind = "waste"
threshold = 100.10
currency = "eur"
channels = "ops"
tags = ["team=web"]
mute_until = 2026-12-31
quiet_hours = "22:00-07:00"
time_zone = "Europe/Berlin"
digest = "Monday at 08:00"
"""
    settings = load(tmp_path, text)
    (found,) = settings.alerts
    assert (found.threshold, found.currency, found.channels) == (Decimal("100.10"), "EUR", ("ops",))
    assert (found.mute_until, found.digest and found.digest.weekday) == (date(2026, 12, 31), 0)
    assert settings.channels["ops"].address_file == Path("ops.webhook")
    assert load(tmp_path, text, FINOPS_LAKE_ALERTS="off").alerts == ()


def test_address_of_a_variable_is_not_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, CHANNEL, FINOPS_LAKE_WEBHOOK_OPS="https://hunter2")
    address = settings.channels["ops"].address
    assert address is not None
    assert address.get_secret_value() == "https://hunter2"
    assert "hunter2" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_all_faults_are_told_at_once_with_their_place_and_without_what_may_be_an_address(tmp_path: Path) -> None:
    text = """
[channels.ops]
kind = "slack"
address = "https://hunter2/a"
[channels.bad]
kind = "https://hunter2/b"
[channels."https://hunter2/c"]
kind = "nothing"
[[alerts]]
name = "a"
kind = "anomaly"
channels = ["ops", "https://hunter2/d"]
[[alerts]]
name = "a"
kind = "waste"
channels = ["ops"]
threshold = 0
currency = "euros"
quiet_hours = "22-7"
digest = "sometimes"
time_zone = "Mars"
grows_by = 1
colour = 1
[[alerts]]
name = "c"
kind = "budget_threshold"
channels = []
tags = ["a=b"]
threshold = -1
currency = "EUR"
[[alerts]]
name = "d"
kind = "stale_refresh"
channels = ["ops"]
subscriptions = ["x"]
threshold = true
"""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, FINOPS_LAKE_WEBHOOK_OPS="https://hunter2/e", FINOPS_LAKE_WEBHOOK_X="https://hunter2/f")
    told = "\n".join(caught.value.faults)
    assert "hunter2" not in told
    for expected in (
        "config.toml: channels.ops.address: it is a secret; set FINOPS_LAKE_WEBHOOK_OPS, or address_file",
        "config.toml: channels: name 3 may have a-z",
        "config.toml: channels.bad.kind: Input should be 'json', 'slack' or 'teams'",
        "config.toml: alerts 1: channels: name 2 is no table [channels.NAME]",
        "config.toml: alerts 1.threshold: needed is an amount above 0",
        "config.toml: alerts 1.currency: the currency of the threshold is needed",
        "config.toml: alerts 2: name: another rule has it already",
        "config.toml: alerts 2.threshold: needed is an amount above 0, a month",
        "config.toml: alerts 2.currency: the currency",
        "config.toml: alerts 2.quiet_hours: needed are two times of a day",
        "config.toml: alerts 2.digest: needed is 'immediate'",
        "config.toml: alerts 2.time_zone: there is no such time zone",
        "config.toml: alerts 2.grows_by: ",
        "config.toml: alerts 2.colour: there is no such setting",
        "config.toml: alerts 3.channels: ",
        "config.toml: alerts 3.tags: what kind budget_threshold tells of has no tags",
        "config.toml: alerts 3.threshold: needed is percent",
        "config.toml: alerts 3.currency: the threshold of kind budget_threshold is no money",
        "config.toml: alerts 4.subscriptions: a table is overdue for all subscriptions alike",
        "config.toml: alerts 4.threshold: a number is needed",
        "FINOPS_LAKE_WEBHOOK_X: there is no such setting",
    ):
        assert expected in told
    assert len(caught.value.faults) == 21


@pytest.mark.parametrize("text", ["channels = 'https://hunter2'\n", "[channels]\nops = 'https://hunter2'\n"])
def test_address_in_place_of_a_table_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "", FINOPS_LAKE_CHANNELS="https://hunter2", FINOPS_LAKE_ALERTS="https://hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-23T20:59", None),
        ("2026-11-23T21:00", "2026-11-24T06:00"),  # 22:00 in Berlin
        ("2026-11-23T23:30", "2026-11-24T06:00"),  # 00:30, the next day
        ("2026-11-24T05:59", "2026-11-24T06:00"),
        ("2026-11-24T06:00", None),
        ("2026-03-28T22:00", "2026-03-29T05:00"),  # the night in which summer time begins is an hour shorter
        ("2026-10-24T21:00", "2026-10-25T06:00"),  # and longer where it ends
    ],
)
def test_quiet_hours_go_over_midnight_and_follow_summer_time(now: str, until: str | None) -> None:
    berlin = rule(quiet_hours="22:00-07:00", time_zone="Europe/Berlin")
    assert berlin.quiet_until(at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("01:00-02:30", "2026-03-29T00:30", "2026-03-29T01:30"),  # 02:30 is skipped: it is 03:30 then
        ("01:00-02:30", "2026-10-25T00:15", "2026-10-25T00:30"),  # 02:15, for the first time
        ("01:00-02:30", "2026-10-25T01:15", "2026-10-25T01:30"),  # 02:15, for the second
        ("01:00-02:30", "2026-10-25T00:45", None),  # 02:45, between the two
    ],
)
def test_quiet_hours_that_end_in_an_hour_which_is_skipped_or_comes_twice(
    hours: str, now: str, until: str | None
) -> None:
    berlin = rule(quiet_hours=hours, time_zone="Europe/Berlin")
    assert berlin.quiet_until(at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("digest", "now", "due"),
    [
        ("daily at 08:00", "2026-11-23T06:59", "2026-11-23T07:00"),
        ("daily 08:00", "2026-11-23T07:00", "2026-11-24T07:00"),
        ("monday at 08:00", "2026-11-23T06:59", "2026-11-23T07:00"),
        ("monday at 08:00", "2026-11-23T07:00", "2026-11-30T07:00"),
        ("sunday at 00:00", "2026-11-28T22:59", "2026-11-28T23:00"),
        ("daily at 08:00", "2026-10-24T20:00", "2026-10-25T07:00"),
        ("daily at 02:30", "2026-03-28T12:00", "2026-03-29T01:30"),
        ("daily at 02:30", "2026-10-25T00:30", "2026-10-25T01:30"),  # it is 02:30 twice; the second is a due time, too
    ],
)
def test_digest_is_due_at_its_time_of_day(digest: str, now: str, due: str) -> None:
    berlin = rule(digest=digest, time_zone="Europe/Berlin")
    assert berlin.digest is not None
    assert berlin.digest.following(at(now), berlin.zone) == at(due)


def test_mute_holds_to_the_end_of_its_last_day() -> None:
    muted = rule(mute_until="2026-11-23")
    assert muted.is_muted(at("2026-11-23T23:59"))
    assert not muted.is_muted(at("2026-11-24T00:00"))
