"""What did it cost: charges by dimension and period, summed per currency by the lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.cost_terms import (
    GRANULARITIES,
    dimension_conditions,
    dimension_of,
    granularity_of,
    metric_of,
    tag_conditions,
)
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import cost_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader
from finops_lake.source import first_of_month, next_month

MAX_ROWS = 10_000


@dataclass(frozen=True)
class CostQuestion:
    """What to sum. `subscriptions` are ids or names (empty: all); `dimensions` and `tags` are Key=Value filters.

    Several values of one key are alternatives, different keys must all hold.
    """

    period: Period
    subscriptions: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ("service",)
    granularity: str = "total"
    metric: str = "billed_cost"
    dimensions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    limit: int = 100


def months_of(period: Period) -> list[date]:
    """Return the first days of the months a period touches, oldest first."""
    months = [first_of_month(period.start)]
    while next_month(months[-1]) <= period.end:
        months.append(next_month(months[-1]))
    return months


def answer_cost(lake: LakeReader, question: CostQuestion) -> Answer:
    """Return cost by the asked dimensions, the largest first (by date first, where asked), with exact totals."""
    metric = metric_of(question.metric)
    if not 1 <= question.limit <= MAX_ROWS:
        raise InputError("limit", question.limit, f"a whole number from 1 to {MAX_ROWS} is needed")
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    conditions = _conditions(question, chosen if len(chosen) < len(known) else None)
    tags = tag_conditions(question.tags)
    grouped = _grouped(question, metric, conditions + tags)
    sql = f"{grouped}\norder by {_order(question, metric)}\nlimit {question.limit}"
    found = _rows_and_totals(lake, grouped, metric, question)
    standing = cost_standing(lake, chosen, metric, months_of(question.period))
    truncated = found.row_count > len(found.rows)
    return Answer(
        columns=(*_columns(question), metric),
        rows=found.rows,
        sql=sql,
        as_of=standing.as_of,
        row_count=found.row_count,
        truncated=truncated,
        metric=metric,
        period=question.period,
        currencies=tuple(found.totals),
        totals=tuple({"billing_currency": currency, metric: amount} for currency, amount in found.totals.items()),
        scopes=standing.scopes,
        open_days=standing.open_days_within(question.period),
        notes=(
            *_notes(question, metric, len(found.totals), truncated),
            *standing.notes,
            *(_untagged_note(lake, metric, conditions) if tags else ()),
        ),
    )


def _conditions(question: CostQuestion, chosen: Sequence[Subscription] | None) -> list[str]:
    period = question.period
    conditions = [f"charges.charge_period_start between {literal(period.start)} and {literal(period.end)}"]
    if chosen is not None:
        listed = ", ".join(literal(one.sub_account_id) for one in chosen)
        conditions.append(f"charges.sub_account_id in ({listed})")
    return conditions + dimension_conditions(question.dimensions)


def _columns(question: CostQuestion) -> dict[str, str]:
    columns = dict(GRANULARITIES[granularity_of(question.granularity)])
    for name in question.group_by:
        columns |= dimension_of(name).columns
    return columns | {"billing_currency": "charges.billing_currency"}


def _grouped(question: CostQuestion, metric: str, conditions: Sequence[str]) -> str:
    columns = _columns(question)
    lines = [f"    {sql} as {name}," for name, sql in columns.items()]
    return "\n".join(
        [
            "select",
            *lines,
            f"    sum(charges.{metric}) as {metric},",
            *_from([*columns.values(), *conditions]),
            "where " + "\n    and ".join(conditions),
            "group by all",
        ]
    )


def _from(texts: Iterable[str]) -> list[str]:
    """Return the FROM clause; the names of subscriptions are joined only where something needs them."""
    joined = ["left join marts.subscriptions as subscriptions using (sub_account_id)"]
    return ["from marts.charges as charges", *(joined if any("subscriptions." in text for text in texts) else [])]


def _order(question: CostQuestion, metric: str) -> str:
    dates = list(GRANULARITIES[granularity_of(question.granularity)])
    rest = [name for name in _columns(question) if name not in dates]
    return ", ".join([*dates, f"{metric} desc nulls last", *rest])


@dataclass(frozen=True)
class _Found:
    """Rows up to the limit, how many there are without it, and the total of each currency, largest first."""

    rows: tuple[tuple[Any, ...], ...]
    row_count: int
    totals: Mapping[str, Decimal | None]


def _rows_and_totals(lake: LakeReader, grouped: str, metric: str, question: CostQuestion) -> _Found:
    """Read the charges once for rows and totals; a second time only when the limit may have cut off a currency."""
    totals = f"sum({metric}) over (partition by billing_currency), count(*) over ()"
    rows = lake.query(
        f"select *, {totals} from (\n{grouped}\n)\norder by {_order(question, metric)}\nlimit {question.limit}"
    ).rows
    row_count = rows[0][-1] if rows else 0
    if row_count <= len(rows):
        place = len(_columns(question)) - 1
        by_currency = {row[place]: row[-2] for row in rows}
    else:
        by_currency = dict(
            lake.query(f"select billing_currency, sum({metric}) from (\n{grouped}\n) group by billing_currency").rows
        )
    largest_first = sorted(by_currency.items(), key=lambda item: (item[1] is None, -(item[1] or 0), item[0]))
    return _Found(tuple(row[:-2] for row in rows), row_count, dict(largest_first))


def _notes(question: CostQuestion, metric: str, currencies: int, truncated: bool) -> list[str]:
    notes = []
    if currencies > 1:
        notes.append(
            f"The charges are in {currencies} currencies, which are not added together: there is one total for each."
        )
    if metric == "effective_cost":
        notes.append("Amortized: commitments are spread over their term, so the total differs from the invoice.")
    if truncated:
        kind = "largest" if granularity_of(question.granularity) == "total" else "first"
        notes.append(f"Only the {kind} rows are listed; the totals count all of them.")
    return notes


def _untagged_note(lake: LakeReader, metric: str, conditions: Sequence[str]) -> list[str]:
    """Say what a tag filter cannot judge: charges of resources that no listing names, so without known tags."""
    rows = lake.query(
        f"select charges.billing_currency, sum(charges.{metric})\n"
        + "\n".join(_from(conditions))
        + "\nwhere "
        + "\n    and ".join(conditions)
        + "\n    and (charges.resource_id is null"
        " or charges.resource_id not in (select resource_id from marts.resources))\n"
        "group by all order by all"
    ).rows
    unknown = ", ".join(f"{amount:.2f} {currency}" for currency, amount in rows if amount)
    if not unknown:
        return []
    return [f"Not judged by tag: {unknown} of charges without a resource, or of resources that no longer exist."]
