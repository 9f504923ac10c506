"""What a daily series will go on as: level, weekly rhythm, damped growth, monthly fees, and how sure that is.

Plain arithmetic over a few hundred numbers: no package is imported for it. Estimates are floating-point numbers; the
amounts that were really charged stay exact elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from math import exp, hypot, log
from statistics import median

WEEK = 7
HELD_DAYS = 182
"""Older days say nothing about the level, the rhythm or the growth of now."""

SHORTEST_DAYS = 14
"""Days a series must have before anything is said about its future."""

RHYTHM_DAYS = 63
SMOOTHING = 0.15
STEEPEST_WEEK = 0.015
"""Growth of more than this a week (about 6.5 % a month) is not believed to go on."""

DAMPING = 0.93
"""Growth of a coming week as a share of that of the week before."""

LEVEL_WEEKS = 3
"""About how many weeks the level is taken from."""

GROWTH_ERROR, LEAST_ERROR, UNKNOWN_ERROR, LEAST_MOVING = 0.004, 0.005, 0.3, 0.15
"""What is known of errors beforehand: that of a week's growth, the least, the default, the least share of moving."""

DEVIATIONS = {80: 1.02, 95: 2.0}
"""How many scales of error each range is wide on either side, found on made-up estates (tests/bench)."""


@dataclass(frozen=True)
class Expected:
    """What some days will cost together, and the half-widths of its 80 and 95 % ranges."""

    cost: float
    margins: dict[int, float]


@dataclass(frozen=True)
class Forecast:
    """A fitted series: its last day, daily level, weekday factors, weekly growth, monthly fees, and errors.

    As shares of the level: `noise` is how much a day differs from its week, `wobble` how much a week differs from the
    level, and `drift` how far the level itself moves in a week.
    """

    last: date
    level: float
    rhythm: tuple[float, ...]
    growth: float
    fees: dict[int, float]
    noise: float
    wobble: float
    drift: float

    def expect(self, first: date, last: date) -> Expected:
        """Return what the days from `first` to `last` (inclusive, after the fitted ones) will cost."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        if not days:
            return Expected(0.0, dict.fromkeys(DEVIATIONS, 0.0))
        usage = sum(self._usage(day) for day in days)
        fees = sum(self._fee(day) for day in days)
        scale = usage * self._error((first - self.last).days, len(days))
        return Expected(usage + fees, {share: width * scale for share, width in DEVIATIONS.items()})

    def _usage(self, day: date) -> float:
        weeks = (day - self.last).days / WEEK
        grown = (1 - DAMPING**weeks) / (1 - DAMPING)
        return self.level * exp(self.growth * grown) * self.rhythm[day.weekday()]

    def _fee(self, day: date) -> float:
        """Return the fees of a day; those of days that the month does not have fall on its last one."""
        if (day + timedelta(days=1)).day != 1:
            return self.fees.get(day.day, 0.0)
        return sum(fee for day_of_month, fee in self.fees.items() if day_of_month >= day.day)

    def _error(self, ahead: int, days: int) -> float:
        """Return the usual error of a sum of so many days, the first of them so many days ahead, as a share."""
        weeks = (ahead - 1) / WEEK + days / (2 * WEEK)
        each_day = self.noise / days**0.5
        each_week = self.wobble * (1 / LEVEL_WEEKS + 1 / max(days / WEEK, 1)) ** 0.5
        level = self.drift * (1 + weeks / 3) ** 0.5
        return hypot(each_day, each_week, level, GROWTH_ERROR * weeks, LEAST_ERROR)


def fit(first: date, costs: Sequence[float]) -> Forecast | None:
    """Return the forecast of a series that has a cost for each day from `first`; None where it is too short."""
    if len(costs) < SHORTEST_DAYS:
        return None
    return _fitted(first + timedelta(days=max(len(costs) - HELD_DAYS, 0)), tuple(costs[-HELD_DAYS:]))


@lru_cache(maxsize=512)
def _fitted(first: date, held: tuple[float, ...]) -> Forecast:
    """Return the forecast of a series that is long enough; it stays the same until its next day is complete."""
    base, fees = split_fees(first, held)
    rhythm = _rhythm(first, base)
    level_days = [cost / max(rhythm[(first.weekday() + number) % WEEK], 0.02) for number, cost in enumerate(base)]
    weeks = [median(level_days[max(end - WEEK, 0) : end]) for end in range(len(level_days), WEEK - 1, -WEEK)]
    noise = _noise(level_days, weeks)
    last = first + timedelta(days=len(base) - 1)
    return Forecast(last, _level(level_days, noise), rhythm, _growth(weeks), fees, noise, *_wobble_and_drift(weeks))


def fees_of(first: date, costs: Sequence[float]) -> dict[int, float]:
    """Return the monthly fees of purchases by day of the month: what came in two months on one day at a like amount."""
    return split_fees(first, costs[-HELD_DAYS:] if len(costs) > HELD_DAYS else costs)[1] if costs else {}


def split_fees(first: date, costs: Sequence[float]) -> tuple[list[float], dict[int, float]]:
    """Return the series without what comes each month on one day, and these fees by day of the month.

    A fee is what a day costs above the median of its surroundings, if the same day of the month before or after costs
    about as much above its own. One that did not come in the last two months is over.
    """
    base, fees = list(costs), dict[int, float]()
    excess = _excesses(first, costs)
    last = first + timedelta(days=len(costs) - 1)
    for (month, day_of_month), (place, more, usual) in sorted(excess.items(), reverse=True):
        alike = excess.get((month - 1, day_of_month)) or excess.get((month + 1, day_of_month))
        if alike and 0.6 < more / alike[1] < 1 / 0.6:
            base[place] = usual
            if day_of_month not in fees and last.year * 12 + last.month - month <= 1:
                fees[day_of_month] = more
    return base, fees


def _excesses(first: date, costs: Sequence[float]) -> dict[tuple[int, int], tuple[int, float, float]]:
    """Return (place, excess, usual) by month and day of the month of the days far above their surroundings."""
    found = {}
    for place in range(max(len(costs) - 125, 0), len(costs)):
        near = [
            cost
            for number, cost in enumerate(costs[max(place - 10, 0) : place + 11], max(place - 10, 0))
            if number != place
        ]
        same = [
            costs[number]
            for number in range(place - 28, place + 29, WEEK)
            if 0 <= number < len(costs) and number != place
        ]
        usual = max(median(near) if near else 0.0, median(same) if same else 0.0)
        more = costs[place] - usual
        if more > 0 and more > usual / 2:
            day = first + timedelta(days=place)
            found[day.year * 12 + day.month, day.day] = (place, more, usual)
    return found


def _rhythm(first: date, costs: Sequence[float]) -> tuple[float, ...]:
    """Return a factor for each weekday from Monday, 1 on average: the median share of the week around it."""
    if len(costs) < 3 * WEEK:
        return (1.0,) * WEEK
    recent = costs[-RHYTHM_DAYS:]
    weekday = (first + timedelta(days=len(costs) - len(recent))).weekday()
    shares: list[list[float]] = [[] for _ in range(WEEK)]
    for place in range(3, len(recent) - 3):
        mean = sum(recent[place - 3 : place + 4]) / WEEK
        if mean > 0:
            shares[(weekday + place) % WEEK].append(recent[place] / mean)
    factors = [median(found) if len(found) > 1 else 1.0 for found in shares]
    total = sum(factors)
    return tuple(factor * WEEK / total for factor in factors) if total > 0 else (1.0,) * WEEK


def _level(costs: Sequence[float], noise: float) -> float:
    """Return the level of now: smoothed over four weeks, days far from the last week's median cut to what is near it.

    So single unusual days count little, and a new level counts from its first half week on.
    """
    usual = median(costs[-9:])
    limit = 2.5 * max(noise, 0.02) * abs(usual)
    level = usual
    for place, cost in enumerate(costs[-28:]):
        kept = min(max(cost, usual - limit), usual + limit)
        level = kept if not place else level + SMOOTHING * (kept - level)
    return max(level, 0.0)


def _growth(weeks: Sequence[float]) -> float:
    """Return the weekly growth of the logarithm: the median slope between weeks of a quarter (Theil and Sen)."""
    logs = [log(week) if week > 0 else None for week in weeks[:13]]
    if len(logs) < 6:
        return 0.0
    slopes = [
        (later - earlier) / (back - front)
        for front, later in enumerate(logs)
        for back, earlier in enumerate(logs)
        if later is not None and earlier is not None and back - front >= 3
    ]
    return max(-STEEPEST_WEEK, min(STEEPEST_WEEK, median(slopes))) if slopes else 0.0


def _noise(costs: Sequence[float], weeks: Sequence[float]) -> float:
    """Return how much a day differs from the median of its week, as a share."""
    days = [
        abs(cost / weeks[back // WEEK] - 1)
        for back, cost in enumerate(reversed(costs[-56:]))
        if back // WEEK < len(weeks) and weeks[back // WEEK] > 0
    ]
    return 1.4826 * median(days) if days else UNKNOWN_ERROR


def _wobble_and_drift(weeks: Sequence[float]) -> tuple[float, float]:
    """Return how much weeks scatter around the level, and how far the level moves in one, as shares.

    Of scatter each change is taken back by the next one, of a moving level it is not: so their covariance tells how
    much is which.
    """
    changes = [log(later / earlier) for later, earlier in pairwise(weeks[:17]) if later > 0 and earlier > 0]
    if len(changes) < 3:
        return UNKNOWN_ERROR, UNKNOWN_ERROR
    limit = 4 * 1.4826 * median(abs(change) for change in changes) + 0.001
    kept = [max(-limit, min(limit, change)) for change in changes]
    variance = sum(change * change for change in kept) / len(kept)
    together = sum(later * earlier for later, earlier in pairwise(kept)) / (len(kept) - 1)
    moving = max(variance + 2 * together, LEAST_MOVING * variance)
    return (max(variance - moving, 0.0) / 2) ** 0.5, min(moving**0.5, 1.0)
