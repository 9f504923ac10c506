"""What a reader of a cost answer should know beside its rows: what the sums hold, and why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from finops_lake.answers.answer import MissingScope, Period
from finops_lake.answers.cost_sql import OTHER, Statement
from finops_lake.answers.cost_terms import granularity_of
from finops_lake.answers.dimensions import QUERY_TELLS, Dimension, dimension_of
from finops_lake.answers.filters import pairs
from finops_lake.answers.standing import Standing
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    from finops_lake.answers.cost import CostQuestion

NAMED = 3
"""Scopes that could not be read and are named in one sentence."""

DAYS_UNTIL_PUBLISHED = 2
"""Azure shows a day's charges 8 to 24 hours later, at times after two days (understand cost management data)."""


def notes_on(
    lake: LakeReader,
    question: CostQuestion,
    statement: Statement,
    totals: Mapping[str | None, Sequence[Any]],
    truncated: bool,
) -> list[str]:
    """Return the notes of an answer with these totals by unit."""
    notes = []
    if len(totals) > 1:
        kinds = "units" if statement.metric.name == "quantity" else "currencies"
        notes.append(
            f"The charges are in {len(totals)} {kinds}, which are not added together: there is one total for each."
        )
    if statement.metric.note:
        notes.append(statement.metric.note)
    if statement.compared:
        notes.append(f"Compared with {statement.compared.start} to {statement.compared.end}; change is what was added.")
    if truncated:
        kind = "largest" if granularity_of(question.granularity) == "total" else "first"
        notes.append(f"Only the {kind} rows are listed; the totals count all of them.")
    if question.top:
        notes.append(f"Rows with is_other unite the groups beyond the {question.top} largest, as {OTHER}.")
    if question.as_of:
        notes.append(f"As the lake knew it at {question.as_of.isoformat()}; later restatements are not in it.")
    if question.tag_keys:
        notes += _untagged(lake, statement)
    return notes + _not_told(lake, question, statement) + _amounts_unknown(lake, statement)


def absence(lake: LakeReader, question: CostQuestion, standing: Standing) -> list[str]:
    """Return why there is no row: not permitted, not loaded, not yet published by Azure, or no cost."""
    missing = standing.scopes.missing
    if missing and not standing.scopes.included:
        return [_not_in_lake(lake, missing)]
    if question.as_of is not None and (untold := _not_known_then(lake, question.period, question.as_of)):
        return [untold]
    unread = [scope for scope in missing if _is_named(question, scope)]
    if unread:
        return [_not_in_lake(lake, unread)]
    newest = lake.recall("select max(charge_period_start) from marts.charges").rows[0][0]
    recently = standing.as_of.date() - timedelta(days=DAYS_UNTIL_PUBLISHED) if standing.as_of else date.min
    if newest is None or (question.period.start > newest and question.period.start >= recently):
        until = f"; the newest day in the lake is {newest}" if newest else ""
        return [f"NOT YET PUBLISHED: Azure shows a day's charges up to {DAYS_UNTIL_PUBLISHED} days later{until}."]
    told = "NO COST: the period was loaded and holds no charge that matches."
    if missing:
        names = ", ".join(f"{scope.name} ({scope.outcome})" for scope in missing[:NAMED])
        told = f"NO COST in what was read of the period; what could match elsewhere is not known: {names}."
    return [told, *_nearest_values(lake, question)]


def _not_known_then(lake: LakeReader, period: Period, as_of: datetime) -> str | None:
    """Return that nothing of the period was loaded before an instant; None where something was."""
    sql = (
        "select min(finished_at) from meta.loads where outcome = 'loaded'"
        f" and month between date_trunc('month', date '{period.start}') and date '{period.end}'"
    )
    first = lake.recall(sql).rows[0][0]
    if first is None or first <= as_of:
        return None
    return (
        f"NOT LOADED: at {as_of.isoformat()} the lake held nothing of the period yet, which it first loaded at"
        f" {first.isoformat()}; so this is not a cost of 0."
    )


def _not_in_lake(lake: LakeReader, missing: Sequence[MissingScope]) -> str:
    outcomes = {scope.outcome for scope in missing}
    reasons = "; ".join(dict.fromkeys(f"{scope.name}: {scope.reason}" for scope in missing[:NAMED]))
    if outcomes <= {"denied", "unsupported"}:
        return f"NOT PERMITTED: nothing of the period could be read ({reasons}), so this is not a cost of 0."
    held = lake.recall(
        "select min(billing_month), max(billing_month) from marts.cost_months where loaded_at is not null"
    ).rows[0]
    memory = f"The lake holds {held[0]:%Y-%m} to {held[1]:%Y-%m}." if held[0] else "The lake holds no month of cost."
    return (
        f"NOT LOADED: nothing of the period is in the lake ({reasons}), so this is not a cost of 0. {memory}"
        " Load more with refresh_lake(months=N) or finops-lake refresh --months N, or from exports with --from."
    )


def _nearest_values(lake: LakeReader, question: CostQuestion) -> list[str]:
    """Name, for values that no charge has, the nearest that some have."""
    wanted = {dimension_of(key).name: (dimension_of(key), values) for key, values in _asked_values(question)}
    notes = []
    for dimension, values in wanted.values():
        known = [] if dimension.has_case else _values_of(lake, dimension)
        lowered = {one.lower(): one for one in known}
        for value in values:
            near = get_close_matches(value.lower(), lowered, n=1)
            if value.lower() not in lowered and near:
                notes.append(f"No charge has {dimension.name} {value!r}; the nearest is {lowered[near[0]]!r}.")
    return notes


def _is_named(question: CostQuestion, scope: MissingScope) -> bool:
    """Return whether a filter names the scope as a subscription: by name, ARM id or GUID."""
    names = {scope.name.lower(), scope.scope_id.lower(), scope.scope_id.lower().removeprefix("/subscriptions/")}
    return any(
        not names.isdisjoint(value.lower() for value in values)
        for key, values in _asked_values(question)
        if dimension_of(key).name == "subscription"
    )


def _asked_values(question: CostQuestion) -> list[tuple[str, list[str]]]:
    asked = list(pairs(question.dimensions, "dimensions").items())
    return asked + [
        (condition.dimension, list(condition.values)) for one in question.filters for condition in one.any_of
    ]


def _values_of(lake: LakeReader, dimension: Dimension) -> list[str]:
    column = dimension.column
    rows = lake.query(f"select distinct {column} from marts.charges where {column} is not null").rows
    return [str(row[0]) for row in rows]


def _not_told(lake: LakeReader, question: CostQuestion, statement: Statement) -> list[str]:
    """Say how much comes from a source that does not tell a dimension that is asked for."""
    asked = [dimension_of(name) for name in question.named_dimensions]
    columns = {
        one.column: one.name for one in asked if one.column not in QUERY_TELLS | {"region_id", "tags", "provider_name"}
    }
    notes = []
    for column, name in columns.items():
        unknown = _sums(lake, statement, f"charges.{column} is null and charges.x_source = 'query'", filtered=False)
        if unknown:
            notes.append(
                f"{unknown} comes from the Cost Management query, which does not tell {name.replace('_', ' ')}:"
                " load cost details, usage details or exports for it (setting cost_source)."
            )
    return notes


def _amounts_unknown(lake: LakeReader, statement: Statement) -> list[str]:
    """Say how much of the bill has no amount of an asked metric that not every source gives."""
    metric = statement.metric
    if metric.is_always_known:
        return []
    unknown = _sums(lake, statement, f"{metric.amount} is null", filtered=True)
    if not unknown:
        return []
    return [f"{metric.name} is not known for charges of {unknown} (billed or effective), which are not in the sums."]


def _untagged(lake: LakeReader, statement: Statement) -> list[str]:
    """Say what a tag cannot judge: charges without tags of resources that no listing names."""
    unlisted = (
        "charges.tags is null and (charges.resource_id is null"
        " or charges.resource_id not in (select resource_id from marts.resources))"
    )
    unknown = _sums(lake, statement, unlisted, filtered=False)
    if not unknown:
        return []
    return [f"Not judged by tag: {unknown} of charges without a resource, or of resources that no longer exist."]


def _sums(lake: LakeReader, statement: Statement, condition: str, *, filtered: bool) -> str:
    """Return the billed (or effective) cost of the period's charges that a condition names, as text per currency."""
    metric = "effective_cost" if statement.metric.loaded_as == "effective_cost" else "billed_cost"
    conditions = statement.where() if filtered else [statement.where()[0]]
    lines = [
        f"select charges.billing_currency, sum(charges.{metric})",
        *statement.charges(),
        "where " + "\n    and ".join([*conditions, f"({condition})"]),
        "group by all order by all",
    ]
    rows = lake.query("\n".join(lines)).rows
    return ", ".join(f"{amount:.2f} {currency}" for currency, amount in rows if amount)
