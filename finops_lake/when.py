"""When something is to happen: intervals, cron fields and time zones, read and checked without any library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNITS = {"m": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
LEAST_SECONDS = 60

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_INTERVAL = re.compile(r"(?:every\s+)?(\d+)?\s*(minutes?|hours?|days?|[mhd])", re.IGNORECASE)
_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_ALLOWED = (
    "an interval such as 'every 4h', '30 minutes' or 'every day', five cron fields such as '0 6 * * mon-fri', or 'off'"
)


@dataclass(frozen=True)
class Every:
    """An interval in seconds, counted from midnight UTC of 1970-01-01, so that all processes agree on it."""

    seconds: int

    def __str__(self) -> str:
        for name in ("day", "hour", "minute"):
            count, rest = divmod(self.seconds, UNITS[name])
            if not rest:
                return f"every {name}" if count == 1 else f"every {count} {name}s"
        return f"every {self.seconds} seconds"


@dataclass(frozen=True)
class Cron:
    """Five cron fields; `weekdays` are the numbers it means (0: Sunday), None for all."""

    fields: tuple[str, ...]
    weekdays: tuple[int, ...] | None

    def __str__(self) -> str:
        return " ".join(self.fields)


When = Every | Cron


def known_zone(name: str) -> str:
    """Return the name of a time zone that exists; ValueError says what is allowed."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("there is no such time zone; give an IANA name such as Europe/Berlin") from error
    return name


def when_of(text: object) -> When | None:
    """Return what a text means; None for off. Raises ValueError that says what is allowed."""
    if text is False or (isinstance(text, str) and text.strip().lower() in ("off", "never", "false", "no")):
        return None
    if not isinstance(text, str):
        raise ValueError(f"needed is {_ALLOWED}")
    interval = _INTERVAL.fullmatch(text.strip())
    if interval:
        unit = interval[2].lower()
        return _every(int(interval[1] or 1) * UNITS[unit if len(unit) == 1 else unit.rstrip("s")])
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(f"needed is {_ALLOWED}")
    return _cron(fields)


def _every(seconds: int) -> Every:
    if seconds < LEAST_SECONDS:
        raise ValueError("an interval is a minute at least")
    return Every(seconds)


def _cron(fields: Sequence[str]) -> Cron:
    minute, hour, day, month, weekday = fields
    _numbers("minute", minute, 0, 59)
    _numbers("hour", hour, 0, 23)
    days = _numbers("day of the month", day, 1, 31)
    months = _numbers("month", month, 1, 12, MONTHS, 1)
    weekdays = sorted({number % 7 for number in _numbers("weekday", weekday, 0, 7, WEEKDAYS)})
    if day != "*" and weekday != "*":
        raise ValueError("limit the day of the month or the weekday, not both: cron programs differ in what both mean")
    if min(days) > max(29 if number == 2 else 30 if number in (4, 6, 9, 11) else 31 for number in months):
        raise ValueError(f"no month that is meant has a day {min(days)}")
    return Cron(tuple(fields), None if weekday == "*" else tuple(weekdays))


def _numbers(name: str, field: str, first: int, last: int, names: Sequence[str] = (), base: int = 0) -> list[int]:
    """Return the numbers that one cron field means; ValueError names the field and what it may hold."""
    found: list[int] = []
    for part in field.split(","):
        match = _PART.fullmatch(part)
        bounds = _bounds(match, first, last, names, base) if match else None
        step = int(match[4] or 1) if match else 1
        if bounds is None or not step:
            raise ValueError(f"{name} {part!r}: needed are numbers from {first} to {last}{_named(names)}")
        found += range(bounds[0], bounds[1] + 1, step)
    return found


def _bounds(match: re.Match[str], first: int, last: int, names: Sequence[str], base: int) -> tuple[int, int] | None:
    if match[1]:
        return first, last
    low = _number(match[2], names, base)
    high = _number(match[3], names, base) if match[3] else last if match[4] else low
    if low is None or high is None or not first <= low <= high <= last:
        return None
    return low, high


def _number(word: str, names: Sequence[str], base: int) -> int | None:
    if word in names:
        return names.index(word) + base
    return int(word) if word.isdecimal() else None


def _named(names: Iterable[str]) -> str:
    words = list(names)
    return f" or {words[0]} to {words[-1]}, with *, -, / and commas" if words else ", with *, -, / and commas"
