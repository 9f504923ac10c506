"""What it will cost: the running month and up to twelve more, per group and currency, with ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from finops_lake.answers.absence import absence
from finops_lake.answers.answer import Answer, MissingScope, Period, Scopes
from finops_lake.answers.cost_terms import metric_of
from finops_lake.answers.filters import Filter, Resolve
from finops_lake.answers.forecasting import SHORTEST_DAYS, Expected, Forecast, fees_of, fit
from finops_lake.answers.macros import keep_argument, kept, names_of, source_of, struct_of
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import cost_standing, settled_dates
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.answers.virtual import resolver
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader
from finops_lake.source import first_of_month, months_back, next_month

MOST_MONTHS = 13
MAX_GROUPS = 200
HISTORY_MONTHS = 7
"""Calendar months read before the one that is forecast."""

STALE_DAYS = 7
"""A subscription whose last complete day is so much older than the others' is left out."""

CENT = Decimal("0.01")
AMOUNTS = ("actual_cost", "forecast_cost", "low_80", "high_80", "low_95", "high_95")
_SUBSCRIPTION = "sub_account_id"


@dataclass(frozen=True)
class ForecastQuestion:
    """What to forecast from the day `today` on. `months` counts the running one; filters are as in CostQuestion."""

    today: date
    months: int = 3
    subscriptions: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    metric: str = "billed_cost"
    dimensions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    limit: int = 20
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class _Group:
    """One group and currency: its row of names, how it is fitted, its fees, and what the running month has cost."""

    names: tuple[Any, ...]
    currency: str
    usage: Forecast | None
    days: int
    fees: Mapping[int, float]
    month_cost: Decimal
    bought_once: Decimal


@dataclass(frozen=True)
class _Month:
    """A month's forecast, in whole cents but for what was really charged."""

    actual: Decimal
    forecast: Decimal
    low: Mapping[int, Decimal]
    high: Mapping[int, Decimal]

    @property
    def cells(self) -> tuple[Decimal, ...]:
        """The amounts in the order of AMOUNTS."""
        return self.actual, self.forecast, self.low[80], self.high[80], self.low[95], self.high[95]


def months_needed(today: date) -> list[date]:
    """Return the months a forecast is made from, oldest first."""
    return sorted(months_back(today, HISTORY_MONTHS))


def answer_forecast(lake: LakeReader, question: ForecastQuestion) -> Answer:
    """Return one row per month, group and currency; the groups' forecasts add up exactly to the totals.

    Days after the last complete one are forecast, also where a part of them is in the lake. A range of a total is
    fitted on the total itself: those of its groups cannot be added.
    """
    metric = metric_of(question.metric)
    _check(question)
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    standing = cost_standing(lake, chosen, metric, [first_of_month(question.today)])
    last, current, behind = _settled(lake, chosen)
    columns = ("billing_month", *names_of(question.group_by), "billing_currency", *AMOUNTS)
    if last is None:
        return _nothing(lake, question, metric, columns, standing.scopes, standing.as_of)
    among, resolve = None if len(current) == len(known) else current, resolver(lake)
    keep = kept(question.dimensions, question.tags, question.filters, among, resolve)
    names = {one.sub_account_id: one.name for one in known}
    sql = _sql(question, metric, last, keep, resolve)
    groups = _groups(lake, sql, question, last, names)
    whole = ForecastQuestion(question.today, question.months, limit=1)
    totals = (
        _groups(lake, _sql(whole, metric, last, keep, resolve), whole, last, names) if question.group_by else groups
    )
    months = _months(question, last)
    ahead = {month: [_month(group, month, last) for group in groups] for month in months}
    rows, sums = _rows(groups, ahead), _totals(groups, totals, ahead, last)
    return Answer(
        columns=columns,
        rows=tuple(rows),
        sql=sql,
        as_of=standing.as_of,
        row_count=len(rows),
        metric=metric,
        period=Period(months[0], next_month(months[-1]) - timedelta(days=1)),
        currencies=tuple(dict.fromkeys(str(total["billing_currency"]) for total in sums)),
        totals=tuple(sums),
        scopes=Scopes(standing.scopes.included, (*standing.scopes.missing, *_left_out(behind))),
        open_days=standing.open_days,
        notes=(
            *_notes(groups, totals, last),
            *standing.notes,
            *(() if groups else absence(lake, Period(months[0], last), standing, question)),
        ),
        sections={"last_complete_day": last},
    )


def _check(question: ForecastQuestion) -> None:
    if not 1 <= question.months <= MOST_MONTHS:
        raise InputError("months", question.months, f"a whole number from 1 (this month) to {MOST_MONTHS} is needed")
    if not 1 <= question.limit <= MAX_GROUPS:
        raise InputError("limit", question.limit, f"a whole number from 1 to {MAX_GROUPS} is needed")


def _settled(
    lake: LakeReader, chosen: Sequence[Subscription]
) -> tuple[date | None, list[Subscription], list[Subscription]]:
    """Return the last day that is complete everywhere, the subscriptions that reach it, and those far behind."""
    days = settled_dates(lake)
    newest = max((days[one.sub_account_id] for one in chosen if one.sub_account_id in days), default=None)
    if newest is None:
        return None, [], []
    limit = newest - timedelta(days=STALE_DAYS)
    current = [one for one in chosen if days.get(one.sub_account_id, date.min) >= limit]
    behind = [one for one in chosen if one.sub_account_id in days and one not in current]
    return min(days[one.sub_account_id] for one in current), current, behind


def _left_out(behind: Sequence[Subscription]) -> list[MissingScope]:
    reason = "its last complete day is more than a week older than the others'"
    return [MissingScope(one.sub_account_id, one.name, "stale", reason, "Run finops-lake refresh.") for one in behind]


def _sql(question: ForecastQuestion, metric: str, last: date, keep: Sequence[str], resolve: Resolve) -> str:
    arguments = [
        struct_of(question.group_by, resolve),
        f"charges.{metric}",
        literal(months_needed(last)[0]),
        literal(last),
        *keep_argument(keep),
        f"groups := {question.limit}",
    ]
    arguments.append(f"source := {literal(source_of(*arguments))}")
    listed = ",\n    ".join(arguments)
    return f"select *\nfrom marts.cost_histories(\n    {listed}\n)\norder by rank nulls last, billing_currency, part"


def _groups(
    lake: LakeReader, sql: str, question: ForecastQuestion, last: date, names: Mapping[str, str]
) -> list[_Group]:
    found = lake.recall(sql)
    rows = [dict(zip((column.name for column in found.columns), row, strict=True)) for row in found.rows]
    parts: dict[tuple[Any, ...], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault((row["rank"], row["billing_currency"]), {})[row["part"]] = row
    return [_group(question, currency, one, last, names) for (_, currency), one in parts.items()]


def _group(
    question: ForecastQuestion,
    currency: str,
    parts: Mapping[str, Mapping[str, Any]],
    last: date,
    names: Mapping[str, str],
) -> _Group:
    first, costs = _daily(parts.get("usage"), last)
    fee_first, bought = _daily(parts.get("fee"), last)
    fees = fees_of(fee_first, bought) if bought else {}
    once = sum(bought[-31:]) - sum(fees.values())
    return _Group(
        _shown(question, next(iter(parts.values())), names),
        currency,
        fit(first, costs),
        len(costs),
        fees,
        sum((row["month_cost"] for row in parts.values()), Decimal(0)),
        max(_cents(once), Decimal(0)),
    )


def _daily(row: Mapping[str, Any] | None, last: date) -> tuple[date, list[float]]:
    """Return the first day of a series, and its cost of each day to the last complete one; nothing on a day is 0."""
    if row is None:
        return last, []
    first = row["charge_dates"][0]
    costs = [0.0] * ((last - first).days + 1)
    for day, cost in zip(row["charge_dates"], row["costs"], strict=True):
        costs[(day - first).days] = cost
    return first, costs


def _shown(question: ForecastQuestion, row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[Any, ...]:
    columns = names_of(question.group_by)
    if row["is_other"]:
        return tuple(f"({row['group_count']} others)" if not place else None for place, _ in enumerate(columns))
    place = {**row["place"], "sub_account_name": names.get(row["place"].get(_SUBSCRIPTION))}
    return tuple(place[name] for name in columns)


def _months(question: ForecastQuestion, last: date) -> list[date]:
    """Return the months from the first that is not complete to the last one asked for."""
    found = [first_of_month(last + timedelta(days=1))]
    ahead = question.today.year * 12 + question.today.month + question.months - 1
    while found[-1].year * 12 + found[-1].month < ahead:
        found.append(next_month(found[-1]))
    return found


def _month(group: _Group, month: date, last: date) -> _Month | None:
    """Return a month's forecast; None where the group's history is too short to say anything."""
    if group.usage is None and not group.fees and group.days:
        return None
    first, end = max(month, last + timedelta(days=1)), next_month(month) - timedelta(days=1)
    expected = group.usage.expect(first, end) if group.usage else Expected(0.0, {80: 0.0, 95: 0.0})
    actual = group.month_cost if first_of_month(last) == month else Decimal(0)
    days = [first + timedelta(days=number) for number in range((end - first).days + 1)]
    fees = sum(
        fee for day in days for due, fee in group.fees.items() if due == day.day or (day == end and due > day.day)
    )
    forecast = actual + _cents(expected.cost + fees)
    margins = {share: _cents(margin) for share, margin in expected.margins.items()}
    floor = actual + _cents(fees)
    low = {share: max(forecast - margin, min(floor, forecast)) for share, margin in margins.items()}
    return _Month(actual, forecast, low, {share: forecast + margin for share, margin in margins.items()})


def _rows(groups: Sequence[_Group], ahead: Mapping[date, Sequence[_Month | None]]) -> list[tuple[Any, ...]]:
    rows = []
    for month, forecasts in ahead.items():
        for group, found in zip(groups, forecasts, strict=True):
            cells = found.cells if found else (None,) * len(AMOUNTS)
            rows.append((month, *group.names, group.currency, *cells))
    return rows


def _totals(
    groups: Sequence[_Group],
    totals: Sequence[_Group],
    ahead: Mapping[date, Sequence[_Month | None]],
    last: date,
) -> list[dict[str, Any]]:
    """Return a total per month and currency: the sum of its groups, with the margins of the total's own series."""
    sums = []
    for month, forecasts in ahead.items():
        for total in sorted(totals, key=lambda one: one.currency):
            alike = zip(groups, forecasts, strict=True)
            parts = [one for group, one in alike if one is not None and group.currency == total.currency]
            whole = _month(total, month, last)
            if not parts or whole is None:
                continue
            actual = sum((one.actual for one in parts), Decimal(0))
            forecast = sum((one.forecast for one in parts), Decimal(0))
            shift = forecast - whole.forecast
            ranges = {f"low_{share}": max(low + shift, min(actual, forecast)) for share, low in whole.low.items()}
            ranges |= {f"high_{share}": high + shift for share, high in whole.high.items()}
            named = {"billing_month": month, "billing_currency": total.currency}
            amounts = {"actual_cost": actual, "forecast_cost": forecast, **ranges}
            sums.append({**named, **{name: amounts[name] for name in AMOUNTS}})
    return sums


def _nothing(
    lake: LakeReader,
    question: ForecastQuestion,
    metric: str,
    columns: tuple[str, ...],
    scopes: Scopes,
    as_of: Any,
) -> Answer:
    return Answer(
        columns=columns,
        rows=(),
        sql=_sql(question, metric, question.today, (), resolver(lake)),
        as_of=as_of,
        row_count=0,
        metric=metric,
        scopes=scopes,
        notes=("No cost of these subscriptions is in the lake, so nothing can be forecast.",),
        sections={"last_complete_day": None},
    )


def _notes(groups: Sequence[_Group], totals: Sequence[_Group], last: date) -> list[str]:
    notes = [
        f"Made from complete days up to {last}; later days are forecast. Ranges hold for what goes on as it does: new"
        " resources and commitments that end are not foreseen."
    ]
    short = sum(1 for group in groups if group.usage is None and group.days)
    if short:
        notes.append(f"Groups with less than {SHORTEST_DAYS} days of history, without a forecast: {short}.")
    young = sum(1 for group in groups if group.usage is not None and group.days < 4 * SHORTEST_DAYS)
    if young:
        notes.append(f"Groups with less than {4 * SHORTEST_DAYS} days of history, whose forecast is rough: {young}.")
    once = ", ".join(f"{total.bought_once} {total.currency}" for total in totals if total.bought_once >= 1)
    if once:
        notes.append(f"Bought in the last 31 days and not each month, so not expected again: {once}.")
    monthly = ", ".join(f"{_cents(sum(total.fees.values()))} {total.currency}" for total in totals if total.fees)
    if monthly:
        notes.append(f"Purchases that come each month are expected to go on: {monthly} a month.")
    if len(totals) > 1:
        notes.append(f"The charges are in {len(totals)} currencies, which are not added together.")
    return notes


def _cents(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(CENT)
