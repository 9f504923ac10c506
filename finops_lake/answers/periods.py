"""What users call a period, as UTC days, both inclusive."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches

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
    "today": lambda today: Period(today, today),
    "yesterday": lambda today: Period(today - timedelta(days=1), today - timedelta(days=1)),
    "current_week": lambda today: Period(_monday(today), today),
    "last_week": lambda today: Period(_monday(today) - timedelta(days=7), _monday(today) - timedelta(days=1)),
    "last_3_months": lambda today: Period(months_back(today, 3)[-1], today),
    "last_6_months": lambda today: Period(months_back(today, 6)[-1], today),
    "current_quarter": lambda today: Period(_quarter(today), today),
    "last_quarter": lambda today: Period(
        _quarter(_quarter(today) - timedelta(days=1)), _quarter(today) - timedelta(days=1)
    ),
    "last_year": lambda today: Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
}
"""`last_N_days` and `last_N_months` end today and so include days that are not complete yet; weeks start on Monday."""

ALIASES: Mapping[str, str] = {
    "this_month": "current_month",
    "month_to_date": "current_month",
    "mtd": "current_month",
    "previous_month": "last_month",
    "this_week": "current_week",
    "previous_week": "last_week",
    "this_quarter": "current_quarter",
    "quarter_to_date": "current_quarter",
    "previous_quarter": "last_quarter",
    "this_year": "current_year",
    "year_to_date": "current_year",
    "ytd": "current_year",
    "previous_year": "last_year",
}

_DATED = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})|-?[qQ](?P<quarter>[1-4]))?$")


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
        return named_period(today, name)
    return NAMED["current_month"](today)


def named_period(today: date, name: str, field: str = "time_period") -> Period:
    """Return a period by its name, or a calendar year (2026), quarter (2026-Q3) or month (2026-10), until today.

    Raises InputError naming the nearest name, and for a period that lies in the future.
    """
    word = name.strip().lower().replace(" ", "_").replace("-", "_") if not _DATED.match(name.strip()) else name.strip()
    word = ALIASES.get(word, word)
    if word in NAMED:
        return NAMED[word](today)
    dated = _DATED.match(word)
    if dated is None or not 1 <= int(dated["month"] or 1) <= 12 or int(dated["year"]) < 2000:
        near = get_close_matches(word, [*NAMED, *ALIASES], n=1)
        hint = f"did you mean {ALIASES.get(near[0], near[0])}? Allowed are" if near else "allowed are"
        raise InputError(field, name, f"{hint} {', '.join(NAMED)}, or a year, quarter or month: 2026, 2026-Q3, 2026-10")
    period = _calendar(int(dated["year"]), dated["quarter"], dated["month"])
    if period.start > today:
        raise InputError(field, name, f"it must not lie after today, {today.isoformat()} (UTC)")
    return Period(period.start, min(period.end, today))


def _calendar(year: int, quarter: str | None, month: str | None) -> Period:
    if month:
        return _whole_month(date(year, int(month), 1))
    if quarter:
        last = date(year, 3 * int(quarter), 1)
        return Period(date(year, 3 * int(quarter) - 2, 1), _whole_month(last).end)
    return Period(date(year, 1, 1), date(year, 12, 31))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _quarter(day: date) -> date:
    """Return the first day of a day's quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def instant_of(text: str | None, field: str = "as_of") -> datetime | None:
    """Return an ISO instant in UTC, for a day alone its last moment; InputError for any other text."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(field, text, "a day or instant in ISO form is needed, such as 2026-11-03") from error
    if len(text.strip()) <= len("2026-11-03"):
        moment = datetime.combine(moment.date(), time.max)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


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
