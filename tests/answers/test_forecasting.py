"""The forecast of one series: rhythm, level, growth, fees; and how it fares on estates it was not tuned on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from finops_lake.answers.forecasting import SHORTEST_DAYS, fees_of, fit
from tests.bench.bench_forecast import evaluate, pooled

FIRST = date(2026, 5, 4)
LAST = date(2026, 10, 18)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
WEEK = (LAST + timedelta(days=1), LAST + timedelta(days=7))


def weekly(day: date) -> float:
    return 20.0 if day.weekday() > 4 else 100.0


def test_it_is_better_than_both_rivals_and_its_ranges_hold_on_seeds_not_tuned_on() -> None:
    scores = evaluate(range(3001, 3007))
    whole = pooled(scores)
    assert whole.count > 1000
    assert whole.ours < min(whole.naive, whole.average)
    for horizon in ("rest of month", "month 1", "month 3"):
        score = scores["service", horizon]
        assert score.ours < min(score.naive, score.average), horizon
    assert abs(whole.coverage(80) - 0.80) <= 0.05
    assert abs(whole.coverage(95) - 0.95) <= 0.05


def test_a_weekly_rhythm_goes_on() -> None:
    forecast = fit(FIRST, [weekly(day) for day in DAYS])
    assert forecast is not None
    for ahead in range(1, 15):
        day = LAST + timedelta(days=ahead)
        assert forecast.expect(day, day).cost == pytest.approx(weekly(day), rel=0.02)


def test_a_spike_is_not_repeated_and_a_new_level_is() -> None:
    spiked = [weekly(day) + (900 if day == date(2026, 10, 14) else 0) for day in DAYS]
    raised = [weekly(day) * (2 if day >= date(2026, 10, 5) else 1) for day in DAYS]
    for costs, expected in ((spiked, 540), (raised, 1080)):
        forecast = fit(FIRST, costs)
        assert forecast is not None
        assert forecast.expect(*WEEK).cost == pytest.approx(expected, rel=0.06)


def test_growth_goes_on_and_slows_down() -> None:
    forecast = fit(FIRST, [100 * 1.01 ** (place / 7) for place in range(len(DAYS))])
    assert forecast is not None
    near, far = (forecast.expect(LAST + timedelta(days=a), LAST + timedelta(days=a)).cost for a in (14, 364))
    now = 100 * 1.01 ** ((len(DAYS) - 1) / 7)
    assert now < near < far < now * 1.01**52


def test_a_monthly_fee_falls_on_its_day_and_on_the_last_one_of_a_short_month() -> None:
    costs = [weekly(day) + (700 if day.day == 5 else 0) for day in DAYS]
    forecast = fit(FIRST, costs)
    assert forecast is not None
    assert forecast.fees == {5: pytest.approx(700, rel=0.2)}
    fifth = date(2026, 11, 5)
    assert forecast.expect(fifth, fifth).cost == pytest.approx(800, rel=0.05)
    bought = [50.0 if day.day == 31 else 0.0 for day in DAYS]
    assert fees_of(FIRST, bought) == {}, "July, August and October have a 31st, but never two months running at the end"
    ends = [50.0 if day.day == 30 else 0.0 for day in DAYS]
    assert fees_of(FIRST, ends) == {30: 50.0}


def test_what_was_bought_once_is_no_fee() -> None:
    assert fees_of(FIRST, [5000.0 if day == date(2026, 9, 7) else 0.0 for day in DAYS]) == {}
    assert fees_of(FIRST, []) == {}


def test_ranges_are_nested_and_widen_with_time() -> None:
    forecast = fit(FIRST, [weekly(day) * (1 + day.day % 5 / 20) for day in DAYS])
    assert forecast is not None
    near = forecast.expect(*WEEK)
    far = forecast.expect(LAST + timedelta(days=181), LAST + timedelta(days=187))
    assert 0 < near.margins[80] < near.margins[95]
    assert near.margins[80] / near.cost < far.margins[80] / far.cost


def test_a_series_that_ended_costs_nothing_and_a_short_one_says_nothing() -> None:
    ended = fit(FIRST, [weekly(day) if day < date(2026, 9, 20) else 0.0 for day in DAYS])
    assert ended is not None
    assert ended.expect(*WEEK).cost == 0
    assert fit(FIRST, [1.0] * (SHORTEST_DAYS - 1)) is None
    assert fit(FIRST, [1.0] * SHORTEST_DAYS) is not None
