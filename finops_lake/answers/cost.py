"""What did it cost: charges by dimension and period, summed per currency by the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from finops_lake.answers.absence import absence
from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.chargeback import check_split, shared_tag_of, split_notes
from finops_lake.answers.comparison import WAYS, way_of
from finops_lake.answers.converting import conversion_notes, converted_metric, currency_of
from finops_lake.answers.cost_notes import notes_on
from finops_lake.answers.cost_sql import Statement
from finops_lake.answers.cost_terms import GRANULARITIES, granularity_of, metric_named
from finops_lake.answers.dimensions import dimension_of, shown_columns
from finops_lake.answers.filters import (
    Filter,
    dimension_conditions,
    dimensions_of,
    filter_conditions,
    named_tags,
    pairs,
    tag_conditions,
)
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import Standing, cost_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.answers.tags import check_tags
from finops_lake.answers.unit_cost import check_per, figure_notes, figure_of
from finops_lake.answers.virtual import check_virtual, named_virtual
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader
from finops_lake.source import first_of_month, next_month

MAX_ROWS = 10_000
MAX_TOP = 1000


@dataclass(frozen=True)
class CostQuestion:
    """What to sum. `subscriptions` are ids or names (empty: all); `dimensions` and `tags` are Key=Value filters.

    Several values of one key are alternatives, different keys must all hold, and so must all `filters`. `group_by`
    takes names of dimensions and tag:KEY. `top` keeps the largest groups of each currency and unites the others.
    `compare_to` is a name of answers/comparison.py, `compare_period` a period of one's own. `as_of` asks for what
    the lake knew at that instant (UTC). `convert_to` is a currency, converted into by the user's dated rates alone.
    `split_shared` has shared cost of a virtual tag paid by the others. `per` is a business figure to divide by.
    """

    period: Period
    subscriptions: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ("service",)
    granularity: str = "total"
    metric: str = "billed_cost"
    dimensions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    limit: int = 100
    filters: tuple[Filter, ...] = ()
    top: int | None = None
    compare_to: str | None = None
    compare_period: Period | None = None
    shares: bool = False
    as_of: datetime | None = None
    convert_to: str | None = None
    split_shared: bool = False
    per: str | None = None

    @property
    def compared(self) -> Period | None:
        """The period to compare with, None for none."""
        if self.compare_period is not None or self.compare_to is None:
            return self.compare_period
        return WAYS[way_of(self.compare_to)](self.period)

    @property
    def months(self) -> list[date]:
        """The first days of all months the question touches."""
        compared = months_of(self.compared) if self.compared else []
        return sorted({*months_of(self.period), *compared})

    @property
    def named_dimensions(self) -> tuple[str, ...]:
        """The dimensions that are grouped or filtered by."""
        return (*self.group_by, *pairs(self.dimensions, "dimensions"), *dimensions_of(self.filters))

    @property
    def tag_keys(self) -> list[str]:
        """The tag keys that are grouped or filtered by, in lower case."""
        keys = [key.lower() for key in pairs(self.tags, "tags")]
        return list(dict.fromkeys([*keys, *named_tags(self.named_dimensions)]))

    @property
    def views(self) -> list[str]:
        """What the answer rests on."""
        tagged = ["marts.resource_tags", "marts.resources"] if self.tag_keys else []
        return ["marts.charges", "marts.subscriptions", *tagged]


def months_of(period: Period) -> list[date]:
    """Return the first days of the months a period touches, oldest first."""
    months = [first_of_month(period.start)]
    while next_month(months[-1]) <= period.end:
        months.append(next_month(months[-1]))
    return months


def check_question(question: CostQuestion) -> None:
    """Raise InputError for what no lake could answer: unknown words, and parts that do not go together."""
    metric_named(question.metric)
    granularity = granularity_of(question.granularity)
    for name in question.group_by:
        dimension_of(name)
    dimension_conditions(question.dimensions)
    tag_conditions(question.tags)
    filter_conditions(question.filters)
    if not 1 <= question.limit <= MAX_ROWS:
        raise InputError("limit", question.limit, f"a whole number from 1 to {MAX_ROWS} is needed")
    if question.top is not None and not 1 <= question.top <= MAX_TOP:
        raise InputError("top", question.top, f"a whole number from 1 to {MAX_TOP} is needed")
    if question.top is not None and not question.group_by:
        raise InputError("top", question.top, "group_by must name what the top is taken of")
    if question.as_of is not None and named_virtual(question.named_dimensions):
        raise InputError("as_of", question.as_of.isoformat(), "virtual tags are told as of now; leave it out")
    _check_conversion(question)
    check_split(question)
    check_per(question)
    if question.compared is not None and granularity != "total":
        raise InputError("granularity", question.granularity, "a comparison is of whole periods: use total")


def _check_conversion(question: CostQuestion) -> None:
    if question.convert_to is None:
        return
    converted_metric(metric_named(question.metric), currency_of(question.convert_to))
    if question.as_of is not None or named_virtual(question.named_dimensions):
        raise InputError("convert_to", question.convert_to, "it does not go together with as_of or virtual tags")


def answer_cost(lake: LakeReader, question: CostQuestion) -> Answer:
    """Return cost by the asked dimensions, the largest first (by date first, where asked), with exact totals.

    Raises InputError for words that are not known, naming the nearest that are.
    """
    check_question(question)
    metric = metric_named(question.metric)
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    check_tags(lake, question.tag_keys)
    check_virtual(lake, named_virtual(question.named_dimensions))
    is_of_all = len(chosen) == len(known)
    shared_tag = shared_tag_of(lake, question, is_of_all=is_of_all)
    figure = figure_of(lake, question)
    standing = cost_standing(lake, chosen, metric.loaded_as, months_of(question.period))
    compared = _compared_standing(lake, chosen, question)
    statement = replace(
        _statement(question, None if is_of_all else chosen, compared), shared_tag=shared_tag, figure=figure
    )
    found = _rows_and_totals(lake, statement, question.limit)
    truncated = found.row_count > len(found.rows)
    standings = [one for one in (standing, compared) if one is not None]
    return Answer(
        columns=statement.columns,
        rows=found.rows,
        sql=f"{statement.rows()}\norder by {statement.order()}\nlimit {question.limit}",
        as_of=min((one.as_of for one in standings if one.as_of), default=None),
        row_count=found.row_count,
        truncated=truncated,
        metric=metric.name,
        period=question.period,
        currencies=tuple(unit for unit in found.totals if unit) if metric.name != "quantity" else (),
        totals=tuple(_total(statement, unit, amounts) for unit, amounts in found.totals.items()),
        scopes=standing.scopes,
        open_days=standing.open_days_within(question.period),
        notes=(
            *conversion_notes(lake, statement),
            *(split_notes(lake, question, shared_tag) if shared_tag else ()),
            *(figure_notes(lake, figure, metric.name, question.period) if figure else ()),
            *notes_on(lake, question, statement, found.totals, truncated),
            *dict.fromkeys(note for one in standings for note in one.notes),
            *(_missing_note(question, compared) if compared else ()),
            *(() if found.row_count else absence(lake, question.period, standing, question, question.as_of)),
        ),
        sections={"compared_period": statement.compared},
    )


def _statement(question: CostQuestion, chosen: Sequence[Subscription] | None, compared: Standing | None) -> Statement:
    conditions = []
    if chosen is not None:
        listed = ", ".join(literal(one.sub_account_id) for one in chosen)
        conditions.append(f"charges.sub_account_id in ({listed})")
    convert_to = currency_of(question.convert_to) if question.convert_to else None
    return Statement(
        metric=converted_metric(metric_named(question.metric), convert_to),
        period=question.period,
        buckets=GRANULARITIES[granularity_of(question.granularity)],
        dimensions=shown_columns(dimension_of(name) for name in question.group_by),
        conditions=[
            *conditions,
            *dimension_conditions(question.dimensions),
            *tag_conditions(question.tags),
            *filter_conditions(question.filters),
        ],
        compared=question.compared,
        is_compared_known=compared is None or bool(compared.scopes.included),
        top=question.top,
        shares=question.shares,
        as_of=question.as_of,
        convert_to=convert_to,
    )


def _compared_standing(lake: LakeReader, chosen: Sequence[Subscription], question: CostQuestion) -> Standing | None:
    if question.compared is None:
        return None
    return cost_standing(lake, chosen, metric_named(question.metric).loaded_as, months_of(question.compared))


def _missing_note(question: CostQuestion, compared: Standing) -> list[str]:
    """Say where the comparison is not with the whole of the other period."""
    period = question.compared
    if period is None or not compared.scopes.missing:
        return []
    names = ", ".join(scope.name for scope in compared.scopes.missing[:10])
    whole = "Nothing" if not compared.scopes.included else "Not all"
    return [f"{whole} of the compared period, {period.start} to {period.end}, is in the lake; missing: {names}."]


@dataclass(frozen=True)
class _Found:
    """Rows up to the limit, how many there are without it, and the sums of each unit, largest first."""

    rows: tuple[tuple[Any, ...], ...]
    row_count: int
    totals: Mapping[str | None, tuple[Decimal | None, ...]]


def _rows_and_totals(lake: LakeReader, statement: Statement, limit: int) -> _Found:
    """Read the charges once for rows and totals; a second time only when the limit may have cut off a unit."""
    name, unit, rows_sql = statement.metric.name, statement.metric.unit_column, statement.rows()
    summed = [name, *([f"previous_{name}"] if statement.compared else [])]
    windows = ", ".join(f"sum({column}) over (partition by {unit})" for column in summed)
    rows = lake.query(
        f"select *, {windows}, count(*) over () from (\n{rows_sql}\n)\norder by {statement.order()}\nlimit {limit}"
    ).rows
    row_count = rows[0][-1] if rows else 0
    if row_count <= len(rows):
        totals = {row[statement.unit_place]: row[-1 - len(summed) : -1] for row in rows}
    else:
        sums = ", ".join(f"sum({column})" for column in summed)
        summary = lake.query(f"select {unit}, {sums} from (\n{rows_sql}\n) group by {unit}").rows
        totals = {row[0]: row[1:] for row in summary}
    largest_first = sorted(totals.items(), key=lambda one: (one[1][0] is None, -(one[1][0] or 0), one[0] or ""))
    return _Found(tuple(row[: -1 - len(summed)] for row in rows), row_count, dict(largest_first))


def _total(statement: Statement, unit: str | None, amounts: tuple[Decimal | None, ...]) -> dict[str, Any]:
    name = statement.metric.name
    total: dict[str, Any] = {statement.metric.unit_column: unit, name: amounts[0]}
    if statement.compared:
        before, now = amounts[1], amounts[0]
        change = now - before if now is not None and before is not None else None
        total |= {f"previous_{name}": before, "change": change}
    return total
