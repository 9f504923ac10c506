"""The day a budget will break."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from finops_lake.answers.budget_outlook import Outlook, _outlook

START = date(2026, 11, 1)
BUDGET: dict[str, Any] = {"period_start_date": START, "period_end_date": date(2026, 11, 30)}
EVEN = {date(2026, 6, 1) + timedelta(days=number): Decimal(10) for number in range(170)}


def of(amount: int) -> Outlook:
    return _outlook({**BUDGET, "amount": Decimal(amount)}, EVEN, date(2026, 11, 15))


def test_an_even_cost_breaks_on_the_day_it_adds_up_to_more_than_the_amount() -> None:
    assert of(205).break_date == date(2026, 11, 21)
    assert of(205).lake_forecast == Decimal(300)


def test_a_budget_that_is_not_reached_does_not_break() -> None:
    assert of(1000).break_date is None
    assert of(1000).break_date_earliest is None


def test_a_broken_budget_names_the_day_it_happened() -> None:
    assert of(95).break_date == of(95).break_date_latest == date(2026, 11, 10)


def test_a_short_history_says_nothing_of_the_future() -> None:
    short = {START + timedelta(days=number): Decimal(10) for number in range(5)}
    assert _outlook({**BUDGET, "amount": Decimal(60)}, short, date(2026, 11, 5)) == Outlook()
