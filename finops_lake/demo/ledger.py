"""The ledger: every charge of every subscription, made when asked for, a calendar month at a time.

What is visible depends on the day: today is a part of a day, some charges arrive one to three days late, and a
restatement changes the past. `totals` sums charges one by one and is the truth that answers are compared with.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from finops_lake.demo.catalogue import WORKDAY
from finops_lake.demo.estate import Estate
from finops_lake.demo.model import Charge, Line, Metric
from finops_lake.source import first_of_month, next_month

SETTLING_DAYS = 3
"""Days after which nothing more arrives for a day, unless it is restated."""

PART_OF_TODAY = Decimal("0.4")
HELD_CHARGES = 400_000
"""Charges kept in memory; older months are made again when needed."""

Amend = Callable[[list[Charge]], list[Charge]]


class Ledger:
    """All charges; safe to use from several threads."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.today = estate.spec.today
        self._amendments: dict[tuple[str, date], list[Amend]] = {}
        self._months: OrderedDict[tuple[str, date], list[Charge]] = OrderedDict()
        self._lock = threading.RLock()

    def months(self) -> list[date]:
        """Return the first days of the months that have charges, oldest first."""
        month, months = first_of_month(self.estate.spec.first_day), []
        while month <= self.today:
            months.append(month)
            month = next_month(month)
        return months

    def charges(self, subscription_id: str, month: date) -> list[Charge]:
        """Return the charges of one subscription and calendar month that Azure shows now, by day."""
        with self._lock:
            month = first_of_month(month)
            charges = self._month(subscription_id.lower(), month)
            if next_month(month) + timedelta(days=SETTLING_DAYS) > self.today:
                charges = list(_visible(charges, self.today))
            for amend in self._amendments.get((subscription_id.lower(), month), ()):
                charges = amend(charges)
            return charges

    def between(self, first: date, last: date, subscription_ids: Iterable[str] | None = None) -> Iterator[Charge]:
        """Yield the charges of the days from `first` to `last` (inclusive) that Azure shows now."""
        for subscription_id in self.estate.lines if subscription_ids is None else subscription_ids:
            month = first_of_month(max(first, first_of_month(self.estate.spec.first_day)))
            while month <= min(last, self.today):
                for charge in self.charges(subscription_id, month):
                    if first <= charge.usage_date <= last:
                        yield charge
                month = next_month(month)

    def totals(
        self,
        by: Sequence[str] = ("subscription_id", "currency"),
        metric: Metric = "ActualCost",
        first: date | None = None,
        last: date | None = None,
        where: Callable[[Charge], bool] | None = None,
        *,
        usd: bool = False,
    ) -> dict[tuple[object, ...], Decimal]:
        """Return exact sums by any attributes of charges and lines, `month` and `subscription_id`.

        Amounts of different currencies are added unless `currency` is among `by` (or `usd` asks for dollars).
        """
        sums: dict[tuple[object, ...], Decimal] = {}
        for charge in self.between(first or self.estate.spec.first_day, last or self.today):
            if charge.counts_in(metric) and (where is None or where(charge)):
                key = tuple(attribute(charge, name) for name in by)
                sums[key] = sums.get(key, Decimal(0)) + (charge.cost_usd(metric) if usd else charge.cost(metric))
        return sums

    def amend(self, subscription_id: str, month: date, change: Amend) -> None:
        """Change what Azure shows for one subscription and month from now on."""
        with self._lock:
            self._amendments.setdefault((subscription_id.lower(), first_of_month(month)), []).append(change)

    def _month(self, subscription_id: str, month: date) -> list[Charge]:
        key = (subscription_id, month)
        if key in self._months:
            self._months.move_to_end(key)
            return self._months[key]
        charges = _make_month(self.estate, self.estate.lines.get(subscription_id, ()), month)
        self._months[key] = charges
        while sum(map(len, self._months.values())) > HELD_CHARGES and len(self._months) > 1:
            self._months.popitem(last=False)
        return charges


def attribute(charge: Charge, name: str) -> object:
    """Return a value to group charges by: an attribute of the charge or of its line."""
    if name == "month":
        return first_of_month(charge.usage_date)
    if name == "subscription_id":
        return charge.line.subscription.subscription_id
    if name == "usage_date":
        return charge.usage_date
    return getattr(charge.line, name)


def _visible(charges: Iterable[Charge], today: date) -> Iterator[Charge]:
    for charge in charges:
        age = (today - charge.usage_date).days
        if age < 0 or age < charge.days_late:
            continue
        if age == 0 and charge.line.rhythm not in ("monthly", "once"):
            part = (charge.quantity, charge.actual_cost, charge.amortized_cost)
            quantity, actual, amortized = (PART_OF_TODAY * amount for amount in part)
            charge = charge._replace(quantity=quantity, actual_cost=actual, amortized_cost=amortized)
        yield charge


def _make_month(estate: Estate, lines: Sequence[Line], month: date) -> list[Charge]:
    """Return all charges of a month, by day and within a day in the order of the lines."""
    days = [month + timedelta(days=number) for number in range((next_month(month) - month).days)]
    by_day: list[list[Charge]] = [[] for _ in days]
    for line in lines:
        for place, charge in _charges_of(estate, line, days):
            by_day[place].append(charge)
    return [charge for charges in by_day for charge in charges]


def _charges_of(estate: Estate, line: Line, days: Sequence[date]) -> Iterator[tuple[int, Charge]]:
    seed = estate.spec.seed
    rng = Random(f"{seed}/{line.line_id}/{days[0].isoformat()}")
    first, last = line.first_day, line.last_day or date.max
    shares = WORKDAY.get(line.rhythm)
    for place, day in enumerate(days):
        draw = rng.getrandbits(30)
        if day < first or day > last:
            continue
        if shares is None:
            if day == (first if line.rhythm == "once" else days[0]):
                yield place, _charge(line, day, line.quantity, 0)
            continue
        quantity = line.quantity * shares[day.weekday()] // 100
        if line.noise:
            share = 1000 - line.noise + draw % (2 * line.noise + 1)
            quantity = quantity * share * _week(seed, line.service_name, day.toordinal() // 7) // 1_000_000
        if line.growth:
            quantity += quantity * line.growth * (day - estate.spec.first_day).days // 30_000
        if quantity:
            yield place, _charge(line, day, quantity, 0 if line.prompt else _days_late(draw >> 10))


def _charge(line: Line, day: date, quantity: int, days_late: int) -> Charge:
    if line.spike and line.spike.first_day <= day <= line.spike.last_day:
        quantity *= line.spike.factor
    used = Decimal(quantity).scaleb(-line.decimals)
    cost = used * line.unit_price
    actual = cost if line.only != "AmortizedCost" and not line.covered else Decimal(0)
    amortized = cost if line.only != "ActualCost" else Decimal(0)
    return Charge(day, line, used, actual, amortized, days_late)


def _days_late(draw: int) -> int:
    """Return how late a charge arrives: 6 in 100 one day, 3 two days, 1 three days."""
    share = draw % 100
    return 0 if share < 90 else 1 if share < 96 else 2 if share < 99 else 3


@lru_cache(maxsize=65_536)
def _week(seed: int, service_name: str, week: int) -> int:
    """Return how many thousandths of its ordinary use a service has in one week."""
    return 940 + Random(f"{seed}/{service_name}/{week}").randrange(121)
