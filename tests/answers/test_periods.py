"""What users call a period."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from finops_lake.answers.answer import Period
from finops_lake.answers.cost import months_of
from finops_lake.answers.periods import NAMED, period_of
from finops_lake.errors import InputError

TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ({}, date(2026, 3, 1), TODAY),
        ({"name": "last_month"}, date(2026, 2, 1), date(2026, 2, 28)),
        ({"name": "last_7_days"}, date(2026, 3, 9), TODAY),
        ({"name": "current_year"}, date(2026, 1, 1), TODAY),
        ({"name": "last_12_months"}, date(2025, 4, 1), TODAY),
        ({"name": "last_week"}, date(2026, 3, 2), date(2026, 3, 8)),
        ({"name": "last quarter"}, date(2025, 10, 1), date(2025, 12, 31)),
        ({"name": "YTD"}, date(2026, 1, 1), TODAY),
        ({"name": "2025-11"}, date(2025, 11, 1), date(2025, 11, 30)),
        ({"name": "2026-Q1"}, date(2026, 1, 1), TODAY),
        ({"name": "2025"}, date(2025, 1, 1), date(2025, 12, 31)),
        ({"days": 30}, date(2026, 2, 14), TODAY),
        ({"start": "2026-01-10", "end": "2026-02-05"}, date(2026, 1, 10), date(2026, 2, 5)),
        ({"start": "2026-01-10"}, date(2026, 1, 10), TODAY),
        ({"end": "2026-02-05"}, date(2026, 2, 1), date(2026, 2, 5)),
        ({"start": "2026-03-10", "end": "2026-12-31"}, date(2026, 3, 10), TODAY),
        ({"start": "2026-01-01", "days": 7, "name": "last_month"}, date(2026, 1, 1), TODAY),
    ],
)
def test_periods(asked: dict[str, Any], start: date, end: date) -> None:
    assert period_of(TODAY, **asked) == Period(start, end)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"start": "2026-02-30"}, "start_date: '2026-02-30' cannot be used; a day as YYYY-MM-DD"),
        ({"end": "yesterday"}, "end_date: 'yesterday' cannot be used"),
        ({"start": "2026-03-02", "end": "2026-03-01"}, "must not lie after the end date 2026-03-01"),
        ({"start": "2026-03-16"}, "must not lie after today, 2026-03-15"),
        ({"days": 0}, "time_range_days: 0 cannot be used"),
        ({"name": "last_wek"}, "did you mean last_week"),
        ({"name": "2026-13"}, "llowed are current_month, last_month"),
        ({"name": "2026-04"}, "must not lie after today, 2026-03-15"),
    ],
)
def test_impossible_periods_say_what_is_allowed(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        period_of(TODAY, **asked)


def test_every_named_period_ends_by_today() -> None:
    for name in NAMED:
        period = period_of(TODAY, name=name)
        assert period.start <= period.end <= TODAY


def test_months_of_a_period_over_the_turn_of_the_year() -> None:
    assert months_of(Period(date(2025, 12, 31), date(2026, 1, 1))) == [date(2025, 12, 1), date(2026, 1, 1)]
