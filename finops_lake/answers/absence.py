"""Why there is no row: no cost, not loaded, not permitted, or not yet published by Azure; four things, never one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Protocol

from finops_lake.answers.answer import MissingScope, Period
from finops_lake.answers.dimensions import Dimension, dimension_of
from finops_lake.answers.filters import Filter, pairs
from finops_lake.answers.standing import Standing
from finops_lake.lake.reader import LakeReader

NAMED = 3
"""Scopes that could not be read and are named in one sentence."""

DAYS_UNTIL_PUBLISHED = 2
"""Azure shows a day's charges 8 to 24 hours later, at times after two days (understand cost management data)."""


class Filtered(Protocol):
    """A question with filters, as CostQuestion writes them."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Key=Value filters on dimensions."""

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Conditions that must all hold."""


def absence(
    lake: LakeReader,
    period: Period,
    standing: Standing,
    question: Filtered | None = None,
    as_of: datetime | None = None,
) -> list[str]:
    """Return why nothing of a period matches: NOT PERMITTED, NOT LOADED, NOT YET PUBLISHED by Azure, or NO COST.

    `question` has filters whose values may be misspelt; `as_of` is the instant whose knowledge was asked for (UTC).
    """
    missing = standing.scopes.missing
    if missing and not standing.scopes.included:
        return [_not_in_lake(lake, missing)]
    if as_of is not None and (untold := _not_known_then(lake, period, as_of)):
        return [untold]
    unread = [scope for scope in missing if _is_named(question, scope)]
    if unread:
        return [_not_in_lake(lake, unread)]
    newest = lake.recall("select max(charge_period_start) from marts.charges").rows[0][0]
    recently = standing.as_of.date() - timedelta(days=DAYS_UNTIL_PUBLISHED) if standing.as_of else date.min
    if newest is None or (period.start > newest and period.start >= recently):
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


def _nearest_values(lake: LakeReader, question: Filtered | None) -> list[str]:
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


def _is_named(question: Filtered | None, scope: MissingScope) -> bool:
    """Return whether a filter names the scope as a subscription: by name, ARM id or GUID."""
    names = {scope.name.lower(), scope.scope_id.lower(), scope.scope_id.lower().removeprefix("/subscriptions/")}
    return any(
        not names.isdisjoint(value.lower() for value in values)
        for key, values in _asked_values(question)
        if dimension_of(key).name == "subscription"
    )


def _asked_values(question: Filtered | None) -> list[tuple[str, list[str]]]:
    if question is None:
        return []
    asked = list(pairs(question.dimensions, "dimensions").items())
    return asked + [
        (condition.dimension, list(condition.values)) for one in question.filters for condition in one.any_of
    ]


def _values_of(lake: LakeReader, dimension: Dimension) -> list[str]:
    column = dimension.column
    rows = lake.query(f"select distinct {column} from marts.charges where {column} is not null").rows
    return [str(row[0]) for row in rows]
