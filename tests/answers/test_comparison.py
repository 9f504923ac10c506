"""Which period is compared with which."""

from __future__ import annotations

from datetime import date

import pytest

from finops_lake.answers.answer import Period
from finops_lake.answers.comparison import comparison_of, days_of


def days(start: str, end: str) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("period", "way", "base"),
    [
        (days("2026-11-01", "2026-11-19"), "previous_period", days("2026-10-01", "2026-10-19")),
        (days("2026-10-01", "2026-10-31"), "previous_period", days("2026-09-01", "2026-09-30")),
        (days("2026-02-01", "2026-02-28"), "previous_period", days("2026-01-01", "2026-01-31")),
        (days("2026-03-01", "2026-03-30"), "previous_period", days("2026-02-01", "2026-02-28")),
        (days("2026-07-01", "2026-09-30"), "previous_period", days("2026-04-01", "2026-06-30")),
        (days("2026-11-10", "2026-11-16"), "previous_period", days("2026-11-03", "2026-11-09")),
        (days("2026-11-10", "2026-11-16"), "same_period_last_month", days("2026-10-10", "2026-10-16")),
        (days("2026-11-10", "2026-11-16"), "same_period_last_year", days("2025-11-10", "2025-11-16")),
        (days("2024-02-01", "2024-02-29"), "same_period_last_year", days("2023-02-01", "2023-02-28")),
        (days("2024-02-29", "2024-02-29"), "same_period_last_year", days("2023-02-28", "2023-02-28")),
    ],
)
def test_the_base_of_a_period(period: Period, way: str, base: Period) -> None:
    found = comparison_of(period, way)
    assert (found.base, found.period, found.how) == (base, period, way)
    assert found.has_equal_lengths is (days_of(base) == days_of(period))


def test_a_period_ends_with_the_last_complete_day_and_its_base_is_cut_alike() -> None:
    month = days("2026-11-01", "2026-11-23")
    cut = comparison_of(month, settled=date(2026, 11, 19))
    assert (cut.base, cut.period) == (days("2026-10-01", "2026-10-19"), days("2026-11-01", "2026-11-19"))
    assert comparison_of(month, settled=date(2026, 10, 31)).period == month
    assert comparison_of(month, settled=date(2026, 11, 30)).period == month


def test_days_that_are_given_win_over_a_name() -> None:
    found = comparison_of(days("2026-11-01", "2026-11-09"), "previous_period", start="2026-03-01", end="2026-03-09")
    assert (found.base, found.how) == (days("2026-03-01", "2026-03-09"), "given")
