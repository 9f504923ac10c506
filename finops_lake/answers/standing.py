"""What an answer rests on: which scopes are in it, how old they are, and what is missing and why."""

from __future__ import annotations

from collections.abc import Sequence
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


def cost_standing(lake: LakeReader, chosen: Sequence[Subscription], metric: str, months: Sequence[date]) -> Standing:
    """Return the standing of cost in these months; a subscription with any month missing is listed as missing."""
    rows = lake.recall(
        "select sub_account_id, count(loaded_at), arg_max(loaded_at, billing_month),"
        " min(billing_month) filter (where month_status = 'open'), max(last_open_date),"
        " arg_max(outcome, billing_month) filter (where loaded_at is null),"
        " arg_max(coalesce(reason, ''), billing_month) filter (where loaded_at is null),"
        " arg_max(coalesce(next_step, ''), billing_month) filter (where loaded_at is null),"
        " arg_max(outcome || ': ' || coalesce(reason, ''), billing_month)"
        " filter (where loaded_at is not null and outcome <> 'loaded')"
        f" from marts.cost_months where metric = {literal(metric)}"
        f" and billing_month in ({', '.join(literal(month) for month in months)}) group by all"
    ).rows
    found = {row[0]: row[1:] for row in rows}
    refused = _refused(lake)
    included, missing, loaded, opened, notes = [], [], [], [], []
    for one in chosen:
        row = found.get(one.sub_account_id, (0, *[None] * 7))
        count, as_of, open_from, open_to, outcome, reason, next_step, trouble = row
        if not outcome:
            outcome, reason, next_step = refused.get(one.sub_account_id, (outcome, reason, next_step))
        if count:
            included.append(one.name)
            loaded.append(as_of)
        if open_from:
            opened.append(Period(open_from, open_to))
        if trouble:
            notes.append(f"{one.name}: the latest refresh did not succeed ({trouble}), so older figures are shown.")
        if count < len(months):
            missing.append(_missing_months(one, len(months) - count, outcome, reason, next_step))
    return Standing(
        Scopes(tuple(included), tuple(missing)),
        min(loaded, default=None),
        Period(min(span.start for span in opened), max(span.end for span in opened)) if opened else None,
        tuple(notes),
    )


def complete_day(lake: LakeReader) -> date | None:
    """Return the last complete day (UTC) of all charges, where it is the same for all; None: it differs."""
    rows = lake.recall(
        "select distinct settled.settled_date from (select distinct sub_account_id from marts.charge_days) as charged"
        " left join marts.cost_settled as settled using (sub_account_id) limit 2"
    ).rows
    return rows[0][0] if len(rows) == 1 else None


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
