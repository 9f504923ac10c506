"""Which raw tables are refreshed together, and the instants at which that is due."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from finops_lake.config import Schedule
from finops_lake.errors import ConfigError
from finops_lake.planner.planning import SWITCHED
from finops_lake.when import WEEKDAYS, Every, When

DEFAULTS: dict[str, When] = {
    "cost": Every(3600),
    "exports": Every(6 * 3600),
    "budgets": Every(6 * 3600),
    "inventory": Every(6 * 3600),
    "commitments": Every(24 * 3600),
    "prices": Every(24 * 3600),
}
"""The groups of raw tables and when each is looked at; a look asks Azure only for what is stale, or nearly."""

_WORDS = {
    "prices": ("price",),
    "budgets": ("budget",),
    "commitments": ("reservation", "savings_plan", "commitment", "advisor", "recommendation"),
    "exports": ("cost_exports", "focus_charges"),
    "cost": ("cost_", "usage_details", "charges"),
}
"""Which group a table belongs to by a word in its name, the first that fits; the others are inventory."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOOK_BACK = tuple(timedelta(hours=hours) for hours in (1, 24, 8 * 24, 32 * 24, 370 * 24))


@dataclass(frozen=True)
class Job:
    """Raw tables that are refreshed together, and when."""

    name: str
    when: When
    tables: frozenset[str]


def group_of(table: str) -> str:
    """Return the group that a raw table belongs to."""
    found = (group for group, words in _WORDS.items() if any(word in table for word in words))
    return next(found, "inventory")


def jobs_of(schedule: Schedule, tables: Iterable[str]) -> tuple[Job, ...]:
    """Return the jobs over these raw tables; a table with a line of its own leaves its group.

    Raises ConfigError with every name that is neither group nor table, each with the nearest that is.
    """
    known = [table for table in tables if table != "subscriptions"]  # every refresh looks at these first
    _check_names(schedule, [*known, *(name for name in SWITCHED if name not in known)])
    if not schedule.enabled:
        return ()
    own = {name: when for name, when in schedule.moments.items() if name in known}
    groups: dict[str, When | None] = {**DEFAULTS, **{k: v for k, v in schedule.moments.items() if k in DEFAULTS}}
    members = {
        name: frozenset(table for table in known if table not in own and group_of(table) == name) for name in groups
    }
    jobs = [Job(name, when, members[name]) for name, when in groups.items() if when is not None and members[name]]
    return (*jobs, *(Job(name, when, frozenset({name})) for name, when in own.items() if when is not None))


def _check_names(schedule: Schedule, tables: Collection[str]) -> None:
    known = [*DEFAULTS, *tables, *Schedule.model_fields]
    faults = []
    for name in schedule.moments:
        if name not in {*DEFAULTS, *tables}:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"groups are {', '.join(DEFAULTS)}"
            faults.append(f"schedule.{name}: there is no such group or raw table; {hint}")
    if faults:
        raise ConfigError(faults)


def zone_of(schedule: Schedule) -> tzinfo | None:
    """Return the time zone of cron fields; None is apscheduler's word for the machine's own."""
    return None if schedule.time_zone == "local" else ZoneInfo(schedule.time_zone)


def trigger_of(when: When, zone: tzinfo | None) -> Any:
    """Return apscheduler's trigger; intervals are counted from the epoch, so that all processes agree on them."""
    if isinstance(when, Every):
        from apscheduler.triggers.interval import IntervalTrigger

        return IntervalTrigger(seconds=when.seconds, start_date=EPOCH, timezone=UTC)
    from apscheduler.triggers.cron import CronTrigger

    minute, hour, day, month, _ = when.fields
    # apscheduler counts weekdays from Monday, cron from Sunday: names are safe
    weekdays = None if when.weekdays is None else ",".join(WEEKDAYS[number] for number in when.weekdays)
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekdays, timezone=zone)


def next_at(trigger: Any, after: datetime) -> datetime | None:
    """Return the first instant (UTC) after another at which a trigger fires; None when it never does again."""
    found: datetime | None = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    return None if found is None else found.astimezone(UTC)


def due_at(trigger: Any, now: datetime) -> datetime | None:
    """Return the latest instant (UTC) up to now at which a trigger fired; None when it did not within a year."""
    for span in LOOK_BACK:
        fired = next_at(trigger, now - span)
        if fired is not None and fired <= now:
            while (following := next_at(trigger, fired)) is not None and following <= now:
                fired = following
            return fired
    return None
