"""Where each budget will end by our own charges: the forecast of its period, and the day it will break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from finops_lake.answers.forecasting import Forecast, fit
from finops_lake.answers.sqltext import literal
from finops_lake.lake.reader import LakeReader

HISTORY_DAYS = 182
SHARE = 80
"""The range that is given, in percent."""

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Outlook:
    """Our forecast of a budget's period in its currency, and the day (UTC) the spend passes the amount, with ranges.

    A day is null where it does not come within the period; `break_date` of an exceeded budget is the day it happened.
    """

    lake_forecast: Decimal | None = None
    lake_forecast_low: Decimal | None = None
    lake_forecast_high: Decimal | None = None
    break_date: date | None = None
    break_date_earliest: date | None = None
    break_date_latest: date | None = None

    @property
    def cells(self) -> tuple[Any, ...]:
        """The values in the order of OUTLOOK."""
        return tuple(getattr(self, name) for name in OUTLOOK)


OUTLOOK = tuple(field.name for field in fields(Outlook))


def outlooks(lake: LakeReader, budgets: Sequence[Mapping[str, Any]]) -> dict[str, Outlook]:
    """Return the outlook of each running budget whose charges are known (lake_spend), by its id."""
    running = {
        one["budget_id"]: one
        for one in budgets
        if one["lake_spend"] is not None and one["days_left"] and one["is_budget_currency"]
    }
    if not running:
        return {}
    listed = {key: one["period_end_date"] - timedelta(days=one["days_left"]) for key, one in running.items()}
    series: dict[str, dict[date, Decimal]] = {key: {} for key in running}
    starts = [one["period_start_date"] for one in running.values()]
    first = literal(min(min(listed.values()) - timedelta(days=HISTORY_DAYS), *starts))
    currencies = {key: one["billing_currency"] for key, one in running.items()}
    for key, day, currency, cost in lake.recall(
        "select budget_id, charge_date, billing_currency, billed_cost from marts.budget_days"
        f" where charge_date >= {first} and is_told"
    ).rows:
        if currencies.get(key) == currency:
            series[key][day] = cost
    return {key: _outlook(one, series[key], listed[key] - timedelta(days=4)) for key, one in running.items()}


def _outlook(budget: Mapping[str, Any], costs: Mapping[date, Decimal], settled: date) -> Outlook:
    """Return the outlook from complete days up to `settled`; later days are forecast, also where some cost is known."""
    start, end, amount = budget["period_start_date"], budget["period_end_date"], budget["amount"]
    spent = sum((cost for day, cost in costs.items() if start <= day <= settled), Decimal(0))
    broken = _passed(costs, start, settled, amount)
    known = [day for day in costs if day <= settled]
    fitted = fit(min(known), _daily(costs, min(known), settled)) if known else None
    if fitted is None:
        return Outlook(break_date=broken)
    first = max(settled + timedelta(days=1), start)
    whole = fitted.expect(first, end)
    margin = _cents(whole.margins[SHARE])
    forecast = spent + _cents(whole.cost)
    limits = [broken or _breaks(fitted, first, end, amount - spent, sign) for sign in (0, 1, -1)]
    return Outlook(forecast, max(forecast - margin, min(spent, forecast)), forecast + margin, *limits)


def _daily(costs: Mapping[date, Decimal], first: date, last: date) -> list[float]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [float(costs.get(day, 0)) for day in days]


def _passed(costs: Mapping[date, Decimal], start: date, last: date, amount: Decimal) -> date | None:
    """Return the day on which what was charged passed the amount; None where it did not."""
    spent = Decimal(0)
    for day in sorted(day for day in costs if start <= day <= last):
        spent += costs[day]
        if spent > amount:
            return day
    return None


def _breaks(fitted: Forecast, first: date, end: date, left: Decimal, sign: int) -> date | None:
    """Return the first day by which more than `left` is expected; None where it is not by `end`.

    With `sign` 1 or -1 the upper or lower end of the range counts instead of the forecast.
    """
    low, high = 0, (end - first).days
    if high < 0 or not _is_above(fitted, first, end, left, sign):
        return None
    while low < high:
        middle = (low + high) // 2
        if _is_above(fitted, first, first + timedelta(days=middle), left, sign):
            high = middle
        else:
            low = middle + 1
    return first + timedelta(days=low)


def _is_above(fitted: Forecast, first: date, last: date, left: Decimal, sign: int) -> bool:
    expected = fitted.expect(first, last)
    return _cents(expected.cost + sign * expected.margins[SHARE]) > left


def _cents(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(CENT)
