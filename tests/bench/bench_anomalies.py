"""How many planted anomalies are found, and how many false alarms there are: `python -m tests.bench anomalies`.

Thresholds were set with the seeds TUNED_ON; the figures are those of HELD_OUT, which had no part in it. Each estate has
three subscriptions and 105 judged days, in which each subscription has one anomaly of each of four kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.answers.charged import ANOMALIES, Charged, columns_of_charges
from tests.bench.estates import SETTLING_IN, Estate, Planted, make_estate

TUNED_ON = range(1, 21)
HELD_OUT = range(1001, 1041)
NEAR = timedelta(days=3)
"""How far a finding may begin before or after what was planted and still be it."""

Found = Mapping[str, Any]


@dataclass
class Figures:
    """Planted and found by kind, findings that nothing was planted for, and subscription-months judged."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    false: list[Found] = field(default_factory=list)
    months: float = 0

    @property
    def recall(self) -> float:
        """The share of what was planted that was found."""
        return self.found.total() / self.planted.total()

    @property
    def false_per_month(self) -> float:
        """False alarms per subscription and month."""
        return len(self.false) / self.months


def evaluate(seeds: Iterable[int]) -> Figures:
    """Return the figures over the estates of these seeds."""
    charged, figures = Charged(columns_of_charges(), ANOMALIES), Figures()
    for seed in seeds:
        estate = make_estate(seed)
        charged.fill(estate.charges)
        _count(figures, estate, anomalies_of(charged, estate))
    return figures


def anomalies_of(charged: Charged, estate: Estate) -> list[dict[str, Any]]:
    """Return what the mart finds after the days in which an estate settles in."""
    first = estate.start + timedelta(days=SETTLING_IN)
    return charged.rows(
        f"select * from marts.cost_anomalies(charges.effective_cost, date '{first}', date '{estate.end}')"
    )


def _count(figures: Figures, estate: Estate, found: Sequence[Found]) -> None:
    matched: set[int] = set()
    for planted in estate.planted:
        hits = [place for place, one in enumerate(found) if is_it(one, planted)]
        matched |= set(hits)
        figures.planted[planted.kind] += 1
        figures.found[planted.kind] += bool(hits)
        figures.named[planted.kind] += any(found[place]["anomaly_kind"] == planted.kind for place in hits)
    figures.false += [one for place, one in enumerate(found) if place not in matched]
    judged = (estate.end - estate.start).days + 1 - SETTLING_IN
    figures.months += len(estate.subscriptions) * judged / 30


def is_it(found: Found, planted: Planted) -> bool:
    """Return whether a finding is what was planted: its subscription and service, days that overlap, the begin near."""
    begins = planted.start - NEAR <= found["start_date"] <= planted.end + NEAR
    same = planted.sub_account_id == found["sub_account_id"] and planted.service_name in found["service_names"].split(
        ", "
    )
    return same and begins and found["end_date"] >= planted.start


def main() -> None:
    """Print the figures of both sets of seeds."""
    for name, seeds in (("tuned on", TUNED_ON), ("held out", HELD_OUT)):
        figures = evaluate(seeds)
        print(f"anomalies, {name}: seeds {seeds.start} to {seeds.stop - 1}, {figures.months:.0f} subscription-months")
        for kind, count in sorted(figures.planted.items()):
            print(f"  {kind:<10} {figures.found[kind]:>4} of {count:>4} found, {figures.named[kind]:>4} named so")
        print(f"  recall {figures.recall:.1%}, false alarms per subscription and month {figures.false_per_month:.3f}")


if __name__ == "__main__":
    main()
