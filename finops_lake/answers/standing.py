"""What an answer rests on: which scopes are in it, how old they are, and what is missing and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from finops_lake.answers.answer import MissingScope, Period, Scopes
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import Subscription
from finops_lake.lake.reader import LakeReader


@dataclass(frozen=True)
class Standing:
    """Scopes in and missing from an answer; `as_of` is the UTC instant of the oldest load it rests on."""

    scopes: Scopes
    as_of: datetime | None
    open_days: Period | None = None
    notes: tuple[str, ...] = ()

    def open_days_within(self, period: Period) -> Period | None:
        """Return the days of the period whose figures Azure may still change; None when all are settled."""
        if self.open_days is None:
            return None
        start, end = max(self.open_days.start, period.start), min(self.open_days.end, period.end)
        return Period(start, end) if start <= end else None


@dataclass(frozen=True)
class _Month:
    """What marts.cost_months says of a subscription's month, by its columns."""

    loaded_at: datetime | None
    month_status: str
    last_open_date: date | None
    outcome: str
    reason: str | None
    next_step: str | None


Months = Mapping[tuple[str, str], Mapping[date, _Month]]
"""Months by subscription and metric."""


def cost_standing(lake: LakeReader, chosen: Sequence[Subscription], metric: str, months: Sequence[date]) -> Standing:
    """Return the standing of cost in these months; a subscription with any month missing is listed as missing."""
    every = _cost_months(lake)
    refused = _refused(lake)
    included, missing, loaded, opened, notes = [], [], [], [], []
    for one in chosen:
        known = every.get((one.sub_account_id, metric), {})
        held = {month: known[month] for month in sorted(months) if month in known}
        present = [state for state in held.values() if state.loaded_at is not None]
        absent = [state for state in held.values() if state.loaded_at is None]
        why = (absent[-1].outcome, absent[-1].reason or "", absent[-1].next_step or "") if absent else None
        if present:
            included.append(one.name)
            loaded.append(present[-1].loaded_at)
        opened += [
            Period(month, state.last_open_date or month)
            for month, state in held.items()
            if state.month_status == "open"
        ]
        trouble = [state for state in present if state.outcome != "loaded"]
        if trouble:
            told = f"{trouble[-1].outcome}: {trouble[-1].reason or ''}"
            notes.append(f"{one.name}: the latest refresh did not succeed ({told}), so older figures are shown.")
        if len(present) < len(months):
            reasons = why or refused.get(one.sub_account_id)
            missing.append(_missing_months(one, len(months) - len(present), *(reasons or (None, None, None))))
    return Standing(
        Scopes(tuple(included), tuple(missing)),
        min((one for one in loaded if one), default=None),
        Period(min(span.start for span in opened), max(span.end for span in opened)) if opened else None,
        tuple(notes),
    )


def _cost_months(lake: LakeReader) -> Months:
    """Return every month of marts.cost_months: asked once, as planning the question takes longer than answering it."""
    return lake.keep("marts.cost_months", lambda: _read_cost_months(lake))


def _read_cost_months(lake: LakeReader) -> Months:
    found: dict[tuple[str, str], dict[date, _Month]] = {}
    for account, metric, month, *facts in lake.query(
        "select sub_account_id, metric, billing_month, loaded_at, month_status, last_open_date, outcome, reason,"
        " next_step from marts.cost_months"
    ).rows:
        found.setdefault((account, metric), {})[month] = _Month(*facts)
    return found


def settled_dates(lake: LakeReader) -> dict[str, date]:
    """Return the last UTC day whose cost is complete, of each subscription with cost."""
    return dict(lake.recall("select sub_account_id, settled_date from marts.cost_settled").rows)


def complete_day(lake: LakeReader) -> date | None:
    """Return the last complete day (UTC) of all charges, where it is the same for all; None: it differs."""
    settled = settled_dates(lake)
    charged = lake.recall("select distinct sub_account_id from marts.charge_days").rows
    days = {settled.get(account) for (account,) in charged}
    return days.pop() if len(days) == 1 else None


def _refused(lake: LakeReader) -> dict[str, tuple[str, str | None, str | None]]:
    """Return the subscriptions whose newest month Azure refused: older months are then not even asked for."""
    rows = lake.recall(
        "select scope_id, outcome, reason, next_step from meta.scopes"
        " where table_name in ('cost_daily', 'cost_details', 'usage_details') and is_asked"
        " and outcome in ('denied', 'unsupported')"
    ).rows
    return {row[0]: row[1:] for row in rows}


def _missing_months(
    one: Subscription, count: int, outcome: str | None, reason: str | None, next_step: str | None
) -> MissingScope:
    months = f"{count} month{'s' if count > 1 else ''}"
    return MissingScope(
        one.sub_account_id,
        one.name,
        outcome or "not_loaded",
        f"{months} missing: {reason}" if reason else f"{months} of the period not in the lake.",
        next_step or (None if outcome else "Run finops-lake refresh --months N to load older months."),
    )


def listing_standing(lake: LakeReader, chosen: Sequence[Subscription], tables: Sequence[str]) -> Standing:
    """Return the standing of listings (one per table and subscription); incomplete ones count as missing, too."""
    names = ", ".join(literal(table) for table in tables)
    rows = lake.recall(
        "select scope_id, table_name, outcome, reason, next_step, last_success_at, is_complete"
        f" from meta.scopes where table_name in ({names})"
    ).rows
    found = {(row[0], row[1]): row[2:] for row in rows}
    included, missing, loaded = [], [], []
    for one in chosen:
        for table in tables:
            outcome, reason, next_step, success, complete = found.get(
                (one.sub_account_id, table), ("not_loaded", None, "Run finops-lake refresh.", None, False)
            )
            if success is not None:
                included.append(one.name)
                loaded.append(success)
            if success is None or not complete:
                why = f"{table}: {reason or 'not in the lake yet'}"
                missing.append(MissingScope(one.sub_account_id, one.name, outcome, why, next_step))
    return Standing(Scopes(tuple(dict.fromkeys(included)), tuple(missing)), min(loaded, default=None))
