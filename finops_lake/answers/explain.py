"""Why did it change: the difference between two periods, split into effects that add up to it exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from finops_lake.answers.absence import absence
from finops_lake.answers.answer import Answer, MissingScope
from finops_lake.answers.comparison import Comparison, days_of
from finops_lake.answers.cost import months_of
from finops_lake.answers.cost_terms import metric_of
from finops_lake.answers.dimensions import named
from finops_lake.answers.filters import Filter, Resolve
from finops_lake.answers.macros import AMORTIZED, are_in_months, keep_argument, kept, names_of, source_of, struct_of
from finops_lake.answers.reasons import EFFECTS, reason_of
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import Standing, cost_standing, settled_dates
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.answers.virtual import resolver
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

RESOURCES = 10
MAX_ROWS = 10_000
CENT = Decimal("0.01")
AMOUNTS = ("base_cost", "period_cost", "difference", *EFFECTS)
_SUBSCRIPTION_NAME = "sub_account_name"


@dataclass(frozen=True)
class ChangeQuestion:
    """Which change to explain; filters and `subscriptions` (empty: all) are written as in CostQuestion."""

    comparison: Comparison
    subscriptions: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ("service",)
    metric: str = "billed_cost"
    dimensions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    limit: int = 50
    restatements: bool = False
    filters: tuple[Filter, ...] = ()


def settled_date(lake: LakeReader, wanted: Sequence[str]) -> date | None:
    """Return the last UTC day whose cost is complete in every subscription asked for; None where none has cost."""
    settled = settled_dates(lake)
    chosen = select_subscriptions(subscriptions_of(lake), wanted)
    return min((settled[one.sub_account_id] for one in chosen if one.sub_account_id in settled), default=None)


def answer_change(lake: LakeReader, question: ChangeQuestion) -> Answer:
    """Return the change by group, the largest first, with its effects, exact totals and "other", and ten resources.

    A subscription of which a month of either period is missing is left out of both, and named as missing: cost that
    was not loaded must not look new or gone.
    """
    metric = metric_of(question.metric)
    if not 1 <= question.limit <= MAX_ROWS:
        raise InputError("limit", question.limit, f"a whole number from 1 to {MAX_ROWS} is needed")
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    standing = _standing(lake, chosen, metric, question.comparison)
    left_out = {scope.scope_id for scope in standing.scopes.missing}
    compared = [one for one in chosen if one.sub_account_id not in left_out]
    among = None if len(compared) == len(known) else compared
    resolve = resolver(lake)
    compared_sql = _compared_sql(question, metric, among, resolve)
    rows = _rows(lake, _changes_sql(question, compared_sql, every_level=True), known)
    levels = {
        level: [row for row in rows if row["level"] == level] for level in ("total", "group", "other", "resource")
    }
    columns = (*names_of(question.group_by), "billing_currency", *AMOUNTS)
    totals = tuple(_amounts(row) for row in levels["total"])
    comparison = question.comparison
    row_count = sum(row["group_count"] for row in levels["total"])
    return Answer(
        columns=columns,
        rows=tuple(tuple(row[name] for name in columns) for row in levels["group"]),
        sql=_changes_sql(question, compared_sql, every_level=False),
        as_of=standing.as_of,
        row_count=row_count,
        truncated=row_count > len(levels["group"]),
        metric=metric,
        period=comparison.period,
        currencies=tuple(str(total["billing_currency"]) for total in totals),
        totals=totals,
        scopes=standing.scopes,
        open_days=standing.open_days_within(comparison.period),
        notes=(
            *_notes(question, totals, levels["total"]),
            *standing.notes,
            *_left_out_note(standing.scopes.missing),
            *(() if rows else absence(lake, comparison.period, standing, question)),
        ),
        sections={
            "comparison": _comparison(comparison, totals),
            "other": [{"groups": row["group_count"], **_amounts(row)} for row in levels["other"]],
            "resources": [_resource(row) for row in levels["resource"]],
            "restated": _restated(lake, question, metric, among) if question.restatements else None,
        },
    )


def _compared_sql(
    question: ChangeQuestion, metric: str, compared: Sequence[Subscription] | None, resolve: Resolve
) -> str:
    """Return the CTE `compared`: what each thing cost in both periods, from running totals where they tell it."""
    comparison = question.comparison
    dimension = struct_of(question.group_by, resolve)
    days = [
        literal(day)
        for day in (comparison.base.start, comparison.base.end, comparison.period.start, comparison.period.end)
    ]
    keep = keep_argument(kept(question.dimensions, question.tags, question.filters, compared, resolve))
    if metric in AMORTIZED and are_in_months(dimension, *keep):
        arguments = [dimension, *days, *keep, *(["amortized := true"] if AMORTIZED[metric] else [])]
        made_by = "marts.compared_months"
    else:
        source = source_of(dimension, f"charges.{metric}", *keep, by_resource=True)
        arguments = [dimension, f"charges.{metric}", *days, *keep, f"source := {literal(source)}"]
        made_by = "marts.compared_charges"
    listed = ",\n        ".join(arguments)
    return f"compared as materialized (\n    from {made_by}(\n        {listed}\n    )\n)"


def _changes_sql(question: ChangeQuestion, compared: str, *, every_level: bool) -> str:
    """Return the SQL of the groups that are listed, or of all levels at once, so that months are read once."""
    names = names_of(question.group_by)
    shown = {name: f"changes.place.{named(name)}" for name in names}
    joined, where = "", ""
    if every_level:
        shown.pop(_SUBSCRIPTION_NAME, None)  # the few names are known, and joining takes long to plan
        rest = _OTHER_LEVELS
    else:
        rest = "".join(f"    changes.{name},\n" for name in ("billing_currency", *AMOUNTS))
        where = "where changes.level = 'group'\n"
        if _SUBSCRIPTION_NAME in shown:
            shown[_SUBSCRIPTION_NAME] = "group_of.sub_account_name"
            joined = (
                "left join marts.subscriptions as group_of on changes.place.sub_account_id = group_of.sub_account_id\n"
            )
    listed = "".join(f"    {sql} as {named(name)},\n" for name, sql in shown.items())
    return (
        f"with {compared},\n\nlevels as (\n    from marts.cost_change_levels('compared', resources := {RESOURCES})\n"
        "),\n\nitems as (\n    from marts.cost_change_items('levels')\n)\n\n"
        f"select\n{listed}{rest}from marts.cost_changes_of('items', groups := {question.limit}) as changes\n"
        f"{joined}{where}order by changes.level, abs(changes.difference) desc, changes.billing_currency, changes.place"
    )


_OTHER_LEVELS = """\
    changes.level,
    changes.group_count,
    changes.sub_account_id as of_account,
    changes.resource_id as of_resource,
    changes.service_name as of_service,
    changes.* exclude (level, group_count, place, sub_account_id, resource_id, service_name),
"""


def _rows(lake: LakeReader, sql: str, known: Sequence[Subscription]) -> list[dict[str, Any]]:
    """Return the rows of a statement with the names of their subscriptions: of the group's, and of the resource's."""
    names = {one.sub_account_id: one.name for one in known}
    found = lake.recall(sql)
    columns = [column.name for column in found.columns]
    rows = [dict(zip(columns, row, strict=True)) for row in found.rows]
    return [
        row
        | {
            _SUBSCRIPTION_NAME: names.get(row.get("sub_account_id", "")),
            "of_subscription": names.get(row["of_account"]),
        }
        for row in rows
    ]


_RESTATED = """select
    changes.billing_currency,
    case when changes.charge_date between {period_start} and {period_end} then 'period' else 'base' end as side,
    sum(changes.{metric}_change) as restated,
    count(*) as changes,
    min(changes.learned_at) as first_learned_at,
    max(changes.learned_at) as last_learned_at,
from marts.cost_restatements as changes
where (
        changes.charge_date between {base_start} and {base_end}
        or changes.charge_date between {period_start} and {period_end}
    )
    and (changes.x_source, changes.x_scope_id, changes.billing_month) in (
        select (charges.x_source, charges.x_scope_id, charges.billing_month) from marts.charges as charges
        where charges.charge_period_start
            between least({base_start}, {period_start}) and greatest({base_end}, {period_end})
    ){among}
group by all
order by all"""


def _restated(
    lake: LakeReader, question: ChangeQuestion, metric: str, among: Sequence[Subscription] | None
) -> list[dict[str, Any]]:
    """Return by how much either period was restated after it was first known, per currency: part of the costs above."""
    if question.dimensions or question.tags or question.filters:
        raise InputError("restatements", True, "restatements are told for subscriptions, not with filters or tags")
    comparison = question.comparison
    days = {
        "base_start": comparison.base.start,
        "base_end": comparison.base.end,
        "period_start": comparison.period.start,
        "period_end": comparison.period.end,
    }
    listed = ", ".join(literal(one.sub_account_id) for one in among or ()) or "null"
    where = "" if among is None else f"\n    and changes.sub_account_id in ({listed})"
    sql = _RESTATED.format(metric=metric, among=where, **{name: literal(day) for name, day in days.items()})
    found = lake.query(sql)
    return [dict(zip((column.name for column in found.columns), row, strict=True)) for row in found.rows]


def _standing(lake: LakeReader, chosen: Sequence[Subscription], metric: str, comparison: Comparison) -> Standing:
    months = dict.fromkeys([*months_of(comparison.base), *months_of(comparison.period)])
    return cost_standing(lake, chosen, metric, list(months))


def _amounts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"billing_currency": row["billing_currency"], **{name: row[name] for name in AMOUNTS}}


def _resource(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sub_account_name": row["of_subscription"],
        "resource_id": row["of_resource"],
        "service_name": row["of_service"],
        "billing_currency": row["billing_currency"],
        "base_cost": row["base_cost"],
        "period_cost": row["period_cost"],
        "difference": row["difference"],
        "reason": reason_of(row),
    }


def _comparison(comparison: Comparison, totals: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the two periods; where their lengths differ also the cost per day, rounded to cents and labelled so."""
    base_days, period_days = days_of(comparison.base), days_of(comparison.period)
    per_day = [
        {
            "billing_currency": total["billing_currency"],
            "base_cost_per_day": (total["base_cost"] / base_days).quantize(CENT),
            "period_cost_per_day": (total["period_cost"] / period_days).quantize(CENT),
        }
        for total in totals
    ]
    return {
        "how": comparison.how,
        "base": comparison.base,
        "base_days": base_days,
        "period": comparison.period,
        "period_days": period_days,
        "per_day": [] if comparison.has_equal_lengths else per_day,
    }


def _notes(
    question: ChangeQuestion, totals: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    comparison, notes = question.comparison, []
    if not comparison.has_equal_lengths:
        notes.append(
            f"The periods have {days_of(comparison.base)} and {days_of(comparison.period)} days; all amounts are whole"
            " sums, and only comparison.per_day is divided by days."
        )
    if len(totals) > 1:
        notes.append(f"The charges are in {len(totals)} currencies, which are not added together.")
    unknown = ", ".join(f"{row['changed_cost']:+.2f} {row['billing_currency']}" for row in rows if row["changed_cost"])
    if unknown:
        notes.append(
            f"changed: quantities are not known for {unknown}, so price and quantity are not told apart there."
        )
    return notes


def _left_out_note(missing: Sequence[MissingScope]) -> list[str]:
    if not missing:
        return []
    return [f"Left out of both periods, because a month is not in the lake: {len(missing)} subscriptions."]
