"""How good forecasts are against what then happened: `python -m tests.bench forecast`.

Each series (a subscription, or a service of one) is forecast from three random days of its history: the rest of the
month and six whole months. It is compared with seasonal naive (each day as its weekday in the last week) and with the
average of the last 30 days. The widths of the ranges were set with the seeds TUNED_ON; the figures are of HELD_OUT. A
horizon in which an anomaly begins that nothing could foretell is counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from finops_lake.answers.forecasting import fit
from finops_lake.demo.server import LocalAzure
from finops_lake.source import first_of_month, next_month
from tests.bench.estates import Planted, make_estate

TUNED_ON = range(1, 13)
HELD_OUT = range(1001, 1031)
DAYS = 400
ORIGINS = 3
MONTHS = 6
TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Series:
    """Daily cost from `first` on, and the anomalies that are planted in it."""

    level: str
    name: str
    first: date
    costs: Sequence[float]
    planted: Sequence[Planted] = ()


@dataclass
class Score:
    """Errors and what was really spent over all forecasts of one horizon, and how often the ranges held."""

    spent: float = 0.0
    ours: float = 0.0
    naive: float = 0.0
    average: float = 0.0
    count: int = 0
    within: dict[int, int] = field(default_factory=lambda: {80: 0, 95: 0})

    def line(self) -> str:
        """Return errors as shares of what was spent, and coverage."""
        errors = " ".join(f"{error / self.spent:7.1%}" for error in (self.ours, self.naive, self.average))
        held = " ".join(f"{self.coverage(share):7.1%}" for share in (80, 95))
        return f"{self.count:>6} {errors}   {held}"

    def coverage(self, share: int) -> float:
        """Return how often the range of that many per cent held."""
        return self.within[share] / self.count


Scores = dict[tuple[str, str], Score]
"""By level (subscription, service) and horizon (rest of month, month 1 ...)."""


def evaluate(seeds: Iterable[int], *, foreseeable: bool = True) -> Scores:
    """Return the scores over made-up estates; of horizons in which an anomaly begins if not `foreseeable`."""
    scores: Scores = defaultdict(Score)
    for seed in seeds:
        rng = Random(f"origins/{seed}")
        for series in series_of(seed):
            for _ in range(ORIGINS):
                _score(scores, series, rng.randrange(120, 300), foreseeable)
    return scores


def series_of(seed: int) -> list[Series]:
    """Return the amortized usage of each subscription and of each service of one, purchases and refunds left out."""
    estate = make_estate(seed, days=DAYS)
    costs: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0] * DAYS)
    for charge in estate.charges:
        if charge["effective_cost"] > 0:
            place = (charge["charge_period_start"] - estate.start).days
            costs[charge["sub_account_id"],][place] += float(charge["effective_cost"])
            costs[charge["sub_account_id"], charge["service_name"]][place] += float(charge["effective_cost"])
    return [
        Series(
            "service" if len(key) > 1 else "subscription",
            "/".join(key),
            estate.start,
            listed,
            [one for one in estate.planted if key in ((one.sub_account_id,), (one.sub_account_id, one.service_name))],
        )
        for key, listed in sorted(costs.items())
    ]


def demo_series() -> list[Series]:
    """Return the same of the local Azure of the demo, which was written for something else."""
    azure = LocalAzure(today=TODAY, subscriptions=5, days=DAYS)
    first = TODAY - timedelta(days=DAYS - 1)
    sums = azure.ledger.totals(("subscription_id", "service_name", "currency", "usage_date"), "AmortizedCost")
    costs: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0] * DAYS)
    for (subscription, service, currency, day), cost in sums.items():
        if first <= day <= TODAY - timedelta(days=4):
            costs[str(subscription), str(service), str(currency)][(day - first).days] += float(cost)
    return [Series("demo service", "/".join(key), first, listed[:-4]) for key, listed in sorted(costs.items())]


def _score(scores: Scores, series: Series, origin: int, foreseeable: bool) -> None:
    """Forecast a series from its first `origin` days, where it has had a cost for four weeks."""
    begin = next((place for place, cost in enumerate(series.costs[:origin]) if cost), origin)
    if origin - begin < 28:
        return
    last = series.first + timedelta(days=origin - 1)
    known = series.costs[begin:origin]
    forecast = fit(series.first + timedelta(days=begin), known)
    assert forecast is not None
    for name, start, end in _horizons(last):
        places = range((start - series.first).days, (end - series.first).days + 1)
        begins = any(last < planted.start <= end for planted in series.planted)
        if places.stop > len(series.costs) or begins is foreseeable:
            continue
        spent = sum(series.costs[places.start : places.stop])
        expected = forecast.expect(start, end)
        score = scores[series.level, name]
        score.spent += spent
        score.ours += abs(expected.cost - spent)
        score.naive += abs(sum(known[-7 + (place - origin) % 7] for place in places) - spent)
        score.average += abs(sum(known[-30:]) / len(known[-30:]) * len(places) - spent)
        if spent:
            score.count += 1
            for share, margin in expected.margins.items():
                score.within[share] += abs(expected.cost - spent) <= margin


def _horizons(last: date) -> Iterator[tuple[str, date, date]]:
    start = last + timedelta(days=1)
    end = next_month(first_of_month(start)) - timedelta(days=1)
    yield "rest of month", start, end
    for number in range(1, MONTHS + 1):
        start = end + timedelta(days=1)
        end = next_month(start) - timedelta(days=1)
        yield f"month {number}", start, end


def pooled(scores: Scores, level: str | None = None) -> Score:
    """Return all horizons as one score."""
    whole = Score()
    for (of_level, _), score in scores.items():
        if level in (None, of_level):
            for name in ("spent", "ours", "naive", "average", "count"):
                setattr(whole, name, getattr(whole, name) + getattr(score, name))
            for share in whole.within:
                whole.within[share] += score.within[share]
    return whole


def show(title: str, scores: Scores) -> None:
    """Print a line per level and horizon."""
    print(f"{title}\n  {'':<30} {'count':>6} {'ours':>7} {'naive':>7} {'30 days':>7}   {'in 80 %':>7} {'in 95 %':>7}")
    for (level, horizon), score in sorted(scores.items()):
        if score.count:
            print(f"  {f'{level}, {horizon}':<30} {score.line()}")
    print(f"  {'all':<30} {pooled(scores).line()}")


def main() -> None:
    """Print the scores of both sets of seeds, of what could not be foretold, and of the demo."""
    show(f"forecast, tuned on: seeds {TUNED_ON.start} to {TUNED_ON.stop - 1}", evaluate(TUNED_ON))
    show(f"forecast, held out: seeds {HELD_OUT.start} to {HELD_OUT.stop - 1}", evaluate(HELD_OUT))
    show("forecast, held out, an anomaly begins in the horizon", evaluate(HELD_OUT, foreseeable=False))
    scores: Scores = defaultdict(Score)
    rng = Random("demo")
    for series in demo_series():
        for _ in range(ORIGINS):
            _score(scores, series, rng.randrange(120, 300), foreseeable=True)
    show("forecast, the local Azure of the demo", scores)


if __name__ == "__main__":
    main()
