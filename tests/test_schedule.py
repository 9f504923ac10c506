"""When jobs are due, worked out by apscheduler's triggers, with the clock passed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.config import Schedule, load_settings
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import ConfigError, StoppedError
from finops_lake.extract.catalog import EXTRACTORS
from finops_lake.journal import Journal
from finops_lake.planner.due import Demand
from finops_lake.schedule.jobs import DEFAULTS, due_at, group_of, jobs_of, next_at, trigger_of, zone_of
from finops_lake.when import Every, when_of
from tests.conftest import settings_for

NOW = datetime(2026, 11, 23, 9, 17, 30, tzinfo=UTC)  # a Monday


def trigger(text: str, zone: str = "UTC"):
    when = when_of(text)
    assert when is not None
    return trigger_of(when, zone_of(Schedule(time_zone=zone)))


@pytest.mark.parametrize(
    ("text", "due", "following"),
    [
        ("every 4h", "2026-11-23T08:00", "2026-11-23T12:00"),
        ("30 minutes", "2026-11-23T09:00", "2026-11-23T09:30"),
        ("every day", "2026-11-23T00:00", "2026-11-24T00:00"),
        ("*/5 * * * *", "2026-11-23T09:15", "2026-11-23T09:20"),
        ("0 6 * * 0", "2026-11-22T06:00", "2026-11-29T06:00"),
        ("0 6 * * 7", "2026-11-22T06:00", "2026-11-29T06:00"),
        ("0 6 * * 1-5", "2026-11-23T06:00", "2026-11-24T06:00"),
        ("0 6 * * 5-7", "2026-11-22T06:00", "2026-11-27T06:00"),
        ("0 6 * * sun,mon", "2026-11-23T06:00", "2026-11-29T06:00"),
        ("30 4 1 jan *", "2026-01-01T04:30", "2027-01-01T04:30"),
    ],
)
def test_latest_and_next_instant(text: str, due: str, following: str) -> None:
    assert due_at(trigger(text), NOW) == datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert next_at(trigger(text), NOW) == datetime.fromisoformat(following).replace(tzinfo=UTC)


def test_instant_itself_is_due_and_not_next() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert due_at(trigger("every 4h"), noon) == noon
    assert next_at(trigger("every 4h"), noon) == noon + timedelta(hours=4)


def test_cron_fields_follow_their_time_zone_through_summer_time() -> None:
    berlin = trigger("0 6 * * *", "Europe/Berlin")
    assert next_at(berlin, datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert next_at(berlin, datetime(2026, 12, 1, tzinfo=UTC)) == datetime(2026, 12, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("soon", "needed is an interval"),
        (5, "needed is an interval"),
        ("0m", "a minute at least"),
        ("* * * *", "needed is an interval"),
        ("60 * * * *", "minute '60': needed are numbers from 0 to 59"),
        ("0 5-3 * * *", "hour '5-3'"),
        ("0 0 * foo *", "month 'foo': needed are numbers from 1 to 12 or jan to dec"),
        ("0 0 * * 8", "weekday '8'"),
        ("*/0 * * * *", "minute '\\*/0'"),
        ("0 0 30 2 *", "has a day 30"),
        ("0 0 1 * mon", "not both"),
    ],
)
def test_what_cannot_be_a_time_is_refused_with_what_can(text: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        when_of(text)


@pytest.mark.parametrize("text", ["off", "OFF", False, "never"])
def test_off_is_off(text: object) -> None:
    assert when_of(text) is None


def test_each_table_is_in_one_job_and_leaves_its_group_for_a_line_of_its_own() -> None:
    jobs = jobs_of(Schedule.model_validate({"disks": "every 2h", "budgets": "off"}), EXTRACTORS)
    tables = [table for job in jobs for table in job.tables]
    assert sorted(tables) == sorted(set(EXTRACTORS) - {"subscriptions", "budgets"})
    assert {job.name: job.when for job in jobs}["disks"] == Every(7200)
    assert group_of("cost_daily") == group_of("usage_details") == "cost"
    assert group_of("focus_charges") == "exports"
    assert group_of("retail_prices") == "prices"
    assert {group_of(table) for table in EXTRACTORS} <= set(DEFAULTS)


def test_names_that_do_not_exist_are_told_together() -> None:
    with pytest.raises(ConfigError) as told:
        jobs_of(Schedule.model_validate({"inventry": "1h", "wait_second": "1h"}), EXTRACTORS)
    assert told.value.faults == [
        "schedule.inventry: there is no such group or raw table; did you mean inventory?",
        "schedule.wait_second: there is no such group or raw table; did you mean wait_seconds?",
    ]


def test_faults_of_the_table_are_told_with_those_of_other_settings(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('workers = 0\n[schedule]\ncost = "61 * * * *"\ntime_zone = "Mars"\n')
    with pytest.raises(ConfigError) as told:
        load_settings({"FINOPS_LAKE_HOME": str(tmp_path)})
    places = [fault.removeprefix(f"{tmp_path / 'config.toml'}: ").split(":")[0] for fault in told.value.faults]
    assert places == ["workers", "schedule.time_zone", "schedule.cost"]


def test_job_that_ran_elsewhere_is_not_due_and_one_that_was_stopped_is(azure: LocalAzure, tmp_path: Path) -> None:
    settings = settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1")
    App(settings).refresher().refresh(Demand())
    schedule, journal = App(settings).schedule, Journal(tmp_path)
    now = settings.utc_now()
    assert {one.next_at for one in schedule.standing()} == {now}
    cost = next(job for job in schedule.jobs if job.name == "cost")
    number = journal.start_run("cost", now.replace(minute=0), now)
    assert number is not None
    journal.finish_run(number, now, "loaded")
    assert not schedule.is_due(cost)
    journal.finish_run(number, now, "stopped")
    assert schedule.is_due(cost)
    (run,) = [run for run in schedule.run_due() if run.name == "cost"]
    assert (run.outcome, run.detail) == ("loaded", "nothing was stale")
    assert not schedule.is_due(cost)


def test_run_looks_half_the_way_ahead(azure: LocalAzure, tmp_path: Path) -> None:
    """Loaded at 9:00 and stale at 15:00: what runs at 12:00 every 4 hours leaves it, every 12 hours does not."""
    App(settings_for(azure, tmp_path)).refresher().refresh(Demand(tables=frozenset({"budgets"})))
    for every, asked in (("4h", "nothing was stale"), ("12h", "3 pieces asked for")):
        (tmp_path / "config.toml").write_text(
            f'[schedule]\nbudgets = "{every}"\n'
            + "".join(f'{group} = "off"\n' for group in ("cost", "inventory", "commitments", "prices")),
            encoding="utf-8",
        )
        settings = settings_for(azure, tmp_path, FINOPS_LAKE_NOW="2026-11-23T12:00:00Z")
        (run,) = App(settings).schedule.run_due()
        assert run.detail == asked
        (tmp_path / "journal.sqlite").unlink()


def test_refresh_that_is_stopped_keeps_what_is_loaded(
    azure: LocalAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finops_lake.refresh.intake.GATHER_SECONDS", 0.0)  # so that it is asked early
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_WORKERS="1"))
    stops = iter([False, True])
    with pytest.raises(StoppedError, match="Stopped after"):
        app.refresher().refresh(Demand(tables=frozenset({"disks"})), is_stopped=lambda: next(stops))
    loaded = app.lake.query("select count(*) from meta.loads").rows[0][0]
    app.close()
    assert loaded > 0


def test_prices_and_metrics_are_refreshed_by_the_clock_where_they_are_switched_on(tmp_path: Path) -> None:
    home = {"FINOPS_LAKE_HOME": str(tmp_path)}

    def planned(**more: str) -> dict[str, frozenset[str]]:
        return {job.name: job.tables for job in App(load_settings({**home, **more})).schedule.jobs}

    on = planned(FINOPS_LAKE_METRICS="true")
    assert on["prices"] == {"retail_prices"}
    assert "resource_metrics" in on["inventory"]
    off = planned(FINOPS_LAKE_RETAIL_PRICES="false")
    assert "prices" not in off
    assert "resource_metrics" not in off["inventory"]
    (tmp_path / "config.toml").write_text('[schedule]\nresource_metrics = "every day"\n')
    assert "resource_metrics" not in planned(), "a line for what is switched off is no fault"
    assert planned(FINOPS_LAKE_METRICS="true")["resource_metrics"] == {"resource_metrics"}
