"""The tables [[alerts]] and [channels.NAME] of config.toml: what somebody is told of, when, and where to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from finops_lake.when import known_zone

Kind = Literal["budget_threshold", "budget_breach", "anomaly", "waste", "commitment", "failed_refresh", "stale_refresh"]

UNITS: Mapping[str, str] = {
    "budget_threshold": "percent of the amount, from 0 to 1000",
    "budget_breach": "days ahead, from 0 to 366",
    "anomaly": "an amount above 0, of cost more or less than usual",
    "waste": "an amount above 0, a month",
    "commitment": "days ahead, from 0 to 366",
    "stale_refresh": "hours overdue, from 0 to 8784",
}
"""What the threshold of each kind counts; failed_refresh has none."""

DEFAULTS: Mapping[str, Decimal] = {"commitment": Decimal(30), "stale_refresh": Decimal(24)}
LIMITS: Mapping[str, Decimal] = {
    "budget_threshold": Decimal(1000),
    "budget_breach": Decimal(366),
    "commitment": Decimal(366),
    "stale_refresh": Decimal(8784),
}
OF_MONEY = frozenset(("anomaly", "waste"))
"""Kinds whose threshold is money, which needs a currency, and whose resources have tags."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANNEL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)")
_DIGEST = re.compile(rf"(daily|{'|'.join(WEEKDAYS)})(?:\s+at)?\s+([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class QuietHours:
    """From one wall-clock time of a day until another, of the next day where it is the earlier one."""

    start: time
    end: time

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the instant at which the quiet hours end that `now` lies in; None when it lies in none."""
        local = now.astimezone(zone)
        at = local.time().replace(tzinfo=None)
        over_midnight = self.end <= self.start
        is_in = (at >= self.start or at < self.end) if over_midnight else self.start <= at < self.end
        if not is_in:
            return None
        day = local.date() + timedelta(days=1) if over_midnight and at >= self.start else local.date()
        return first_after(now, day, self.end, zone)


@dataclass(frozen=True)
class Digest:
    """One message a day, or a week (`weekday` 0 is Monday), from a wall-clock time on."""

    at: time
    weekday: int | None = None

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the first instant after `now` at which a digest is due."""
        day = now.astimezone(zone).date()
        while True:
            if self.weekday in (None, day.weekday()):
                due = first_after(now, day, self.at, zone)
                if due is not None:
                    return due
            day += timedelta(days=1)


def first_after(now: datetime, day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Return when a wall clock shows a time of a day, the first one after `now`; None when all are past.

    An hour that summer time skips is shown an hour later; one that it repeats is shown twice.
    """
    shown = [datetime.combine(day, at, zone).replace(fold=fold).astimezone(now.tzinfo) for fold in (0, 1)]
    real = [instant for instant in shown if instant.astimezone(zone).time().replace(tzinfo=None) == at]
    return min((instant for instant in real or shown[:1] if instant > now), default=None)


def _quiet_hours(value: object) -> object:
    found = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("needed are two times of a day, such as '22:00-07:00'")
    first, second = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if first == second:
        raise ValueError("both times are the same; leave it out to have no quiet hours")
    return QuietHours(first, second)


def _digest(value: object) -> object:
    if isinstance(value, str) and value.strip().lower() == "immediate":
        return None
    found = _DIGEST.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("needed is 'immediate', 'daily at 08:00', or a weekday such as 'monday at 08:00'")
    weekday = None if found[1] == "daily" else WEEKDAYS.index(found[1])
    return Digest(time(int(found[2]), int(found[3])), weekday)


def _number(value: object) -> object:
    """Return a number of the file as a decimal of its digits; money is never a float."""
    if isinstance(value, bool):
        raise ValueError("a number is needed")
    return Decimal(str(value)) if isinstance(value, (int, float)) else value


Number = Annotated[Decimal, BeforeValidator(_number), Field(allow_inf_nan=False)]
Texts = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]


class Channel(BaseModel):
    """The table [channels.NAME]: a webhook. Its address is a secret, and comes from a variable or a private file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["json", "slack", "teams"] = Field(description="json (plain, with a schema), slack or teams.")
    address_file: Path | None = Field(None, description="File of mode 0600 that holds the address.")
    ca_bundle: Path | None = Field(None, description="PEM file of authorities to trust instead of the system's.")
    address: SecretStr | None = Field(None, repr=False, description="The address, from its variable alone.")

    @field_validator("ca_bundle")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.expanduser().is_file():
            raise ValueError("there is no such file")
        return value


class AlertRule(BaseModel):
    """One table [[alerts]]. `threshold` counts what UNITS says; instants of the day are those of `time_zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][\w .-]{0,59}$", description="Its name, unique.")
    kind: Kind = Field(description="What is told.")
    channels: Texts = Field(min_length=1, description="Names of the channels it goes to.")
    threshold: Number | None = Field(None, validate_default=True, description="From where on it is told.")
    currency: str | None = Field(None, validate_default=True, description="Currency of a threshold of money.")
    grows_by: Number = Field(Decimal(2), gt=1, le=1000, description="Told again when the money grew by this factor.")
    severity: Literal["high", "medium", "low"] | None = Field(None, description="Default: by what is told.")
    subscriptions: Texts = Field((), description="Ids, names or patterns (* and ?) of subscriptions; empty: all.")
    tags: Texts = Field((), description="key or key=value, all of which a resource must carry; empty: any.")
    mute_until: date | None = Field(None, description="Last day (UTC) on which it only notes.")
    quiet_hours: Annotated[QuietHours | None, BeforeValidator(_quiet_hours)] = Field(
        None, description="Times of the day between which nothing is sent."
    )
    time_zone: str = Field("UTC", description="IANA time zone of quiet_hours and digest.")
    digest: Annotated[Digest | None, BeforeValidator(_digest)] = Field(
        None, description="immediate, or when in the day or week what came up is sent together."
    )

    @field_validator("threshold")
    @classmethod
    def _fitting(cls, value: Decimal | None, info: ValidationInfo) -> Decimal | None:
        kind = info.data.get("kind")
        if kind is None:  # said already
            return value
        if kind not in UNITS:
            if value is not None:
                raise ValueError(f"a rule of kind {kind} has no threshold")
            return None
        if value is None:
            if kind in OF_MONEY:
                raise ValueError(f"needed is {UNITS[kind]}")
            return DEFAULTS.get(kind)
        low = value <= 0 if kind in OF_MONEY else value < 0
        if low or value > LIMITS.get(kind, Decimal(10) ** 12):
            raise ValueError(f"needed is {UNITS[kind]}")
        return value

    @field_validator("currency")
    @classmethod
    def _currency(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind is None:
            return value
        if kind not in OF_MONEY:
            if value is not None:
                raise ValueError(f"the threshold of kind {kind} is no money")
            return None
        if value is None or not re.fullmatch(r"[A-Za-z]{3}", value):
            raise ValueError("the currency of the threshold is needed, such as EUR; another one takes another rule")
        return value.upper()

    @field_validator("subscriptions")
    @classmethod
    def _scoped(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("kind") == "stale_refresh":
            raise ValueError("a table is overdue for all subscriptions alike; leave it out")
        return value

    @field_validator("tags")
    @classmethod
    def _tagged(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        kind = info.data.get("kind")
        if value and kind is not None and kind not in OF_MONEY:
            raise ValueError(f"what kind {kind} tells of has no tags")
        if any(not tag.partition("=")[0].strip() for tag in value):
            raise ValueError("a tag is key or key=value")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return known_zone(value)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of quiet hours and digest."""
        return ZoneInfo(self.time_zone)

    def is_muted(self, now: datetime) -> bool:
        """Return whether it only notes what it finds."""
        return self.mute_until is not None and now.date() <= self.mute_until

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return the instant at which the quiet hours end that `now` lies in; None when it lies in none."""
        return None if self.quiet_hours is None else self.quiet_hours.until(now, self.zone)


def variable_of(channel: str) -> str:
    """Return the variable that holds a channel's address."""
    return "FINOPS_LAKE_WEBHOOK_" + channel.upper().replace("-", "_")


def faults_between(path: Path, values: dict[str, object]) -> list[str]:
    """Return the faults between the raw tables of a file, each with its place, and take addresses out of them.

    Nothing that was written where an address may stand is repeated: it may be one.
    """
    faults, channels, rules = [], values.get("channels"), values.get("alerts")
    if isinstance(channels, dict):
        for number, (name, table) in enumerate(list(channels.items()), 1):
            if not CHANNEL_NAME.fullmatch(name):
                faults.append(f"{path}: channels: name {number} may have a-z, 0-9, - and _ only, a letter first")
                del channels[name]
            elif isinstance(table, dict) and table.pop("address", None) is not None:
                faults.append(
                    f"{path}: channels.{name}.address: it is a secret; set {variable_of(name)}, or address_file"
                )
    known = channels if isinstance(channels, dict) else {}
    seen = set()
    for number, rule in enumerate(rules if isinstance(rules, list) else (), 1):
        if not isinstance(rule, dict):
            continue
        name, wanted = rule.get("name"), rule.get("channels")
        if isinstance(name, str) and name in seen:
            faults.append(f"{path}: alerts {number}: name: another rule has it already")
        seen.add(name if isinstance(name, str) else None)
        for place, channel in enumerate(wanted if isinstance(wanted, list) else (), 1):
            if not (isinstance(channel, str) and channel in known):
                faults.append(f"{path}: alerts {number}: channels: name {place} is no table [channels.NAME]")
    return faults
