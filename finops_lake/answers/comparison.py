"""Which two periods a comparison is about: the asked one, and the one it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches

from finops_lake.answers.answer import Period
from finops_lake.errors import InputError
from finops_lake.source import first_of_month, next_month


@dataclass(frozen=True)
class Comparison:
    """The period to explain and its base, in UTC days, both ends inclusive; `how` says how the base was chosen."""

    base: Period
    period: Period
    how: str

    @property
    def has_equal_lengths(self) -> bool:
        """Whether both have the same number of days."""
        return days_of(self.base) == days_of(self.period)


def days_of(period: Period) -> int:
    """Return the number of days of a period."""
    return (period.end - period.start).days + 1


def previous_period(period: Period) -> Period:
    """Return the period before: the same days of the month before for one within a month that starts it.

    Whole months give the same number of whole months before; any other period gives as many days just before it.
    """
    if period.start.day != 1:
        return Period(period.start - timedelta(days=days_of(period)), period.start - timedelta(days=1))
    count = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month + 1
    return Period(_months_before(period.start, count), _same_day(period, count))


def same_period_last_month(period: Period) -> Period:
    """Return the same days of the month before; one that the month does not have is its last day."""
    return Period(_months_before(period.start, 1), _same_day(period, 1))


def same_period_last_year(period: Period) -> Period:
    """Return the same days of the year before."""
    return Period(_months_before(period.start, 12), _same_day(period, 12))


WAYS: Mapping[str, Callable[[Period], Period]] = {
    "previous_period": previous_period,
    "same_period_last_month": same_period_last_month,
    "same_period_last_year": same_period_last_year,
}
"""What a period can be compared with, by name."""

ALIASES: Mapping[str, str] = {
    "previous": "previous_period",
    "prior_period": "previous_period",
    "last_month": "same_period_last_month",
    "previous_month": "same_period_last_month",
    "month_over_month": "same_period_last_month",
    "last_year": "same_period_last_year",
    "previous_year": "same_period_last_year",
    "year_over_year": "same_period_last_year",
}


def way_of(name: str) -> str:
    """Return what to compare with by any of its names; InputError names the nearest."""
    word = name.strip().lower().replace(" ", "_")
    word = ALIASES.get(word, word)
    if word not in WAYS:
        near = get_close_matches(word, [*WAYS, *ALIASES], n=1)
        hint = f"did you mean {ALIASES.get(near[0], near[0])}? Allowed are" if near else "allowed are"
        raise InputError("compare_to", name, f"{hint} {', '.join(WAYS)}, or explicit days")
    return word


def comparison_of(
    period: Period,
    compare_to: str | None = None,
    *,
    start: date | str | None = None,
    end: date | str | None = None,
    settled: date | None = None,
) -> Comparison:
    """Return the comparison asked for; explicit days win over a name; default: the previous period.

    The period ends with `settled`, the last day whose cost is complete, where at least one of its days is; the base is
    chosen for the days that are left. Raises InputError for unknown words, reversed or overlapping periods.
    """
    if settled is not None and period.start <= settled < period.end:
        period = Period(period.start, settled)
    if start is None and end is None:
        how = way_of(compare_to or "previous_period")
        base = WAYS[how](period)
    else:
        base, how = explicit_period(start, end), "given"
    if base.start <= period.end and period.start <= base.end:
        raise InputError("compare_to", f"{base.start} to {base.end}", "the two periods must not share a day")
    return Comparison(base, period, how)


def explicit_period(start: date | str | None, end: date | str | None) -> Period:
    """Return the period to compare with by its two days; InputError for one alone, no day, or a reversed one."""
    if start is None or end is None:
        field = "compare_start_date" if start is None else "compare_end_date"
        raise InputError(field, None, "both ends of the period to compare with are needed, as YYYY-MM-DD")
    first, last = _day("compare_start_date", start), _day("compare_end_date", end)
    if first > last:
        raise InputError("compare_start_date", first.isoformat(), f"it must not lie after {last.isoformat()}")
    return Period(first, last)


def _day(field: str, value: str | date) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InputError(field, value, "a day as YYYY-MM-DD is needed, such as 2026-11-03") from error


def _months_before(day: date, count: int) -> date:
    month = day.year * 12 + day.month - 1 - count
    first = date(month // 12, month % 12 + 1, 1)
    last = next_month(first) - timedelta(days=1)
    return min(first.replace(day=min(day.day, last.day)), last)


def _same_day(period: Period, count: int) -> date:
    """Return the end of a period so many months before; the end of a month stays one."""
    if period.end == next_month(first_of_month(period.end)) - timedelta(days=1):
        return next_month(first_of_month(_months_before(period.end, count))) - timedelta(days=1)
    return _months_before(period.end, count)
