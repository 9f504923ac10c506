"""What is unusual: anomalies of daily cost, one per cause, with their money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from finops_lake.answers.absence import absence
from finops_lake.answers.anomaly_sql import (
    COLUMNS,
    KEPT_NAMES,
    AnomalyQuestion,
    Calls,
    completeness,
    every_sql,
    first_seen_sql,
    one_offs_sql,
    rows_sql,
)
from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.cost import months_of
from finops_lake.answers.cost_terms import metric_of
from finops_lake.answers.macros import DAYS, columns_in, kept, source_of
from finops_lake.answers.mutes import Mute, Mutes
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import complete_day, cost_standing, settled_dates
from finops_lake.answers.subscriptions import select_subscriptions, subscriptions_of
from finops_lake.answers.together import together
from finops_lake.answers.virtual import resolver
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    import pyarrow as pa

HISTORY_DAYS = 70
"""Days before the first one that are compared with."""

KEPT_DAYS = 62
"""Complete days whose series are kept until anything is known anew: this and the last month, or the last 30 days."""

SERIES_COLUMNS = frozenset({"sub_account_id", "service_name", "billing_currency"})
"""Columns of charges that the rows of marts.cost_series have, too."""

MAX_DAYS = 400


def months_needed(period: Period) -> list[date]:
    """Return the months that judging a period takes: its own and those it is compared with."""
    return months_of(Period(period.start - timedelta(days=HISTORY_DAYS), period.end))


def answer_anomalies(lake: LakeReader, question: AnomalyQuestion, mutes: Mutes = Mutes()) -> Answer:  # noqa: B008 - frozen
    """Return the anomalies of a period, the largest first; muted ones are counted apart, one-offs listed apart.

    Only complete days are judged. Purchases, refunds, rounding and tax are no usage and never an anomaly.
    """
    metric = metric_of(question.metric)
    _check(question)
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    among = None if len(chosen) == len(known) else chosen
    keep = kept(question.dimensions, question.tags, question.filters, among, resolver(lake))
    calls = Calls(question, metric, keep, complete_day(lake))
    names = _names_of(lake)
    rows, (looked_at, first_seen, one_offs) = together(
        lambda: _anomalies(lake, calls, mutes.active, names),
        lambda: (
            _looked_at(lake, question, keep),
            _records(lake, first_seen_sql(calls), names),
            _records(lake, one_offs_sql(question, keep), names),
        ),
    )
    shown = [row for row in rows if not row["is_muted"]]
    standing = cost_standing(lake, chosen, metric, months_of(question.period))
    totals = {row["billing_currency"]: row for row in shown}
    return Answer(
        columns=COLUMNS,
        rows=tuple(tuple(row[name] for name in COLUMNS) for row in shown[: question.limit]),
        sql=rows_sql(calls, mutes.active),
        as_of=standing.as_of,
        row_count=len(shown),
        truncated=len(shown) > question.limit,
        metric=metric,
        period=question.period,
        currencies=tuple(totals),
        totals=tuple(_total(row) for row in totals.values()),
        scopes=standing.scopes,
        open_days=standing.open_days_within(question.period),
        notes=(
            *_notes(looked_at, mutes, rows),
            *standing.notes,
            *(() if looked_at else absence(lake, question.period, standing, question)),
        ),
        sections={
            "looked_at": looked_at,
            "muted": [_muted(row, mutes.active) for row in rows if row["is_muted"]],
            "first_seen": first_seen,
            "one_offs": one_offs,
        },
    )


def _check(question: AnomalyQuestion) -> None:
    days = (question.period.end - question.period.start).days + 1
    if days > MAX_DAYS:
        raise InputError("time_period", f"{days} days", f"at most {MAX_DAYS} days can be judged at once")
    if question.min_cost <= 0:
        raise InputError("min_cost", question.min_cost, "an amount above 0 is needed")


def _anomalies(
    lake: LakeReader, calls: Calls, mutes: Sequence[Mute], names: Mapping[str, pa.Table]
) -> list[dict[str, Any]]:
    """Return all anomalies; the series they are judged by are kept for the next question about days as recent."""
    series = _series(lake, calls)
    return _records(lake, every_sql(calls, mutes, *series), {**names, **series})


def _series(lake: LakeReader, calls: Calls) -> dict[str, pa.Table]:
    """Return the rows of marts.cost_series of the last complete days of all services, under their name.

    None where the question is about other days, or about some charges of a service only.
    """
    settled = {calls.complete} if calls.complete else settled_dates(lake).values()
    newest = max((day for day in settled if day), default=None)
    first = newest - timedelta(days=KEPT_DAYS - 1) if newest else None
    asks_more = not columns_in(*calls.keep) <= SERIES_COLUMNS
    if first is None or calls.question.period.start < first or asks_more or lake.version()[0] is None:
        return {}
    arguments = [f"charges.{calls.metric}", literal(first), literal(date.max), *completeness(calls.complete)]
    sql = f"from marts.cost_series({', '.join([*arguments, f'source := {literal(DAYS)}'])})"
    return {f"kept_series_of_{calls.metric}": lake.keep_rows(sql)}


def _names_of(lake: LakeReader) -> dict[str, pa.Table]:
    return {kept: lake.keep_rows(f"from {view}") for view, kept in KEPT_NAMES.items()}


def _looked_at(lake: LakeReader, question: AnomalyQuestion, keep: Sequence[str]) -> int:
    """Return how many services of subscriptions have a charge in the period: none found is told from none there."""
    days = f"charges.charge_period_start between {literal(question.period.start)} and {literal(question.period.end)}"
    where = " and ".join([days, *keep])
    sql = "select count(distinct (coalesce(charges.sub_account_id, charges.billing_account_id), charges.service_name,"
    sql += " charges.billing_currency))"
    return int(lake.recall(f"{sql} from {source_of(*keep)} as charges where {where}").rows[0][0])


def _records(lake: LakeReader, sql: str, tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    found = lake.recall(sql, tables=tables)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]


def _total(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("billing_currency", "added", "vanished", "anomalies")
    return {name: row[name] for name in names}


def _muted(row: Mapping[str, Any], mutes: Sequence[Mute]) -> dict[str, Any]:
    mute = mutes[row["muted_by"]]
    kept = {name: row[name] for name in ("anomaly_id", "service_names", "start_date", "billing_currency", "impact")}
    return {**kept, "until": mute.until, "reason": mute.reason}


def _notes(looked_at: int, mutes: Mutes, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = []
    if not looked_at:
        notes.append("Nothing was judged: this says nothing about anomalies.")
    muted = sum(1 for row in rows if row["is_muted"])
    if muted:
        notes.append(f"Muted by mutes.toml: {muted}, in no total.")
    if mutes.expired:
        notes.append(f"{mutes.expired} mutes in mutes.toml have expired.")
    return notes
