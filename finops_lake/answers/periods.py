"""What users call a period, as UTC days, both inclusive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from finops_lake.answers.answer import Period
from finops_lake.errors import InputError
from finops_lake.source import first_of_month, months_back, next_month

NAMED: Mapping[str, Callable[[date], Period]] = {
    "current_month": lambda today: Period(first_of_month(today), today),
    "last_month": lambda today: _whole_month(first_of_month(today) - timedelta(days=1)),
    "last_7_days": lambda today: _last_days(today, 7),
    "last_30_days": lambda today: _last_days(today, 30),
    "last_90_days": lambda today: _last_days(today, 90),
    "current_year": lambda today: Period(today.replace(month=1, day=1), today),
    "last_12_months": lambda today: Period(months_back(today, 12)[-1], today),
}
"""`last_N_days` ends today and so includes days that are not complete yet."""


def period_of(
    today: date,
    *,
    name: str | None = None,
    days: int | None = None,
    start: str | date | None = None,
    end: str | date | None = None,
) -> Period:
    """Return the period asked for; explicit dates win over days, days over a name; default: the current month.

    A start alone runs to today; an end alone starts with its month; an end in the future means today. Raises
    InputError for a malformed or reversed range, or one that lies in the future.
    """
    if start is not None or end is not None:
        last = _day("end_date", end) if end is not None else today
        first = _day("start_date", start) if start is not None else first_of_month(min(last, today))
        if first > today:
            raise InputError("start_date", first.isoformat(), f"it must not lie after today, {today.isoformat()} (UTC)")
        if first > last:
            raise InputError("start_date", first.isoformat(), f"it must not lie after the end date {last.isoformat()}")
        return Period(first, min(last, today))
    if days is not None:
        if not 1 <= days <= 3660:
            raise InputError("time_range_days", days, "a whole number of days from 1 to 3660 is needed")
        return _last_days(today, days)
    if name is not None:
        if name not in NAMED:
            raise InputError("time_period", name, f"allowed are {', '.join(NAMED)}")
        return NAMED[name](today)
    return NAMED["current_month"](today)


def _day(field: str, value: str | date) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InputError(field, value, "a day as YYYY-MM-DD is needed, such as 2026-11-03") from error


def _last_days(today: date, count: int) -> Period:
    return Period(today - timedelta(days=count - 1), today)


def _whole_month(day: date) -> Period:
    first = first_of_month(day)
    return Period(first, next_month(first) - timedelta(days=1))
