"""The period a period is compared with."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from difflib import get_close_matches

from finops_lake.answers.answer import Period
from finops_lake.errors import InputError
from finops_lake.source import first_of_month, next_month


def previous_period(period: Period) -> Period:
    """Return the period just before, of the same kind.

    Whole months are compared with as many months before; the first days of a month with the same days of the
    month before; anything else with as many days before.
    """
    if period.start.day == 1:
        count = months_between(period.start, period.end) + 1
        if is_month_end(period.end):
            return Period(shifted(period.start, -count), period.start - timedelta(days=1))
        if count == 1:
            return same_days(period, -1)
    days = (period.end - period.start).days + 1
    return Period(period.start - timedelta(days=days), period.start - timedelta(days=1))


def same_days(period: Period, months: int) -> Period:
    """Return the same days `months` months away; the end of a month stays the end of a month."""
    start, end = shifted(period.start, months), shifted(period.end, months)
    if is_month_end(period.end):
        end = end.replace(day=monthrange(end.year, end.month)[1])
    return Period(start, end)


COMPARED_WITH: Mapping[str, Callable[[Period], Period]] = {
    "previous_period": previous_period,
    "same_period_last_month": lambda period: same_days(period, -1),
    "same_period_last_year": lambda period: same_days(period, -12),
}

ALIASES: Mapping[str, str] = {
    "previous": "previous_period",
    "prior_period": "previous_period",
    "last_period": "previous_period",
    "last_month": "same_period_last_month",
    "previous_month": "same_period_last_month",
    "month_over_month": "same_period_last_month",
    "last_year": "same_period_last_year",
    "previous_year": "same_period_last_year",
    "year_over_year": "same_period_last_year",
}


def compared_period(period: Period, name: str | None, given: Period | None = None) -> Period | None:
    """Return the period to compare with: one that is given, or one by its name; None for neither.

    Raises InputError for an unknown name, naming the nearest.
    """
    if given is not None:
        return given
    if name is None:
        return None
    word = name.strip().lower().replace(" ", "_")
    word = ALIASES.get(word, word)
    if word not in COMPARED_WITH:
        near = get_close_matches(word, [*COMPARED_WITH, *ALIASES], n=1)
        hint = f"did you mean {ALIASES.get(near[0], near[0])}? Allowed are" if near else "allowed are"
        raise InputError("compare_to", name, f"{hint} {', '.join(COMPARED_WITH)}")
    return COMPARED_WITH[word](period)


def shifted(day: date, months: int) -> date:
    """Return the same day `months` months away, the last of the month where that month is shorter."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_between(first: date, last: date) -> int:
    """Return how many months lie between the months of two days."""
    return (last.year - first.year) * 12 + last.month - first.month


def is_month_end(day: date) -> bool:
    """Return whether a day is the last of its month."""
    return next_month(first_of_month(day)) == day + timedelta(days=1)
