"""Are we within budget: every budget with its spend, forecast and thresholds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finops_lake.answers.answer import Answer, Scopes
from finops_lake.answers.budget_outlook import OUTLOOK, Outlook, outlooks
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import listing_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

STATUSES = ("exceeded", "at_risk", "ok", "unknown", "not_started", "expired")

COLUMNS = (
    "budget_name",
    "status",
    "sub_account_name",
    "x_resource_group_name",
    "time_grain",
    "period_start_date",
    "period_end_date",
    "days_left",
    "amount",
    "spend",
    "spend_source",
    "remaining",
    "spent_percent",
    "azure_spend",
    "lake_spend",
    "lake_minus_azure",
    "difference_reason",
    "azure_forecast",
    "forecast_percent",
    "billing_currency",
    "actual_thresholds",
    "forecast_thresholds",
    "thresholds_reached",
    "covers_nothing",
    "has_filter",
    "budget_scope_id",
    "budget_id",
)

IN_DANGER = (
    "budget_name",
    "status",
    "sub_account_name",
    "amount",
    "spend",
    "spent_percent",
    "azure_forecast",
    "billing_currency",
)

_ORDER = "case status " + " ".join(f"when '{status}' then {place}" for place, status in enumerate(STATUSES)) + " end"


@dataclass(frozen=True)
class BudgetQuestion:
    """Which budgets: of these subscriptions (ids or names; empty: all, and wider scopes), in these states."""

    subscriptions: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    limit: int = 100


def answer_budgets(lake: LakeReader, question: BudgetQuestion) -> Answer:
    """Return the budgets, those in danger first, each with our own forecast where its charges are known."""
    for status in question.statuses:
        if status not in STATUSES:
            raise InputError("status", status, f"allowed are {', '.join(STATUSES)}")
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    conditions = _conditions(chosen if len(chosen) < len(known) else None, question.statuses)
    sql = _select(COLUMNS, conditions)
    every = [dict(zip(COLUMNS, row, strict=True)) for row in lake.recall(sql).rows]
    listed = every[: question.limit]
    ahead = outlooks(lake, listed)
    counts = Counter(row["status"] for row in every)
    currencies = sorted({row["billing_currency"] for row in every if row["billing_currency"]})
    standing = listing_standing(lake, chosen, ["budgets"])
    return Answer(
        columns=(*COLUMNS, *OUTLOOK),
        rows=tuple((*row.values(), *ahead.get(row["budget_id"], Outlook()).cells) for row in listed),
        sql=f"{sql}\nlimit {question.limit}",
        as_of=standing.as_of,
        row_count=len(every),
        truncated=len(every) > len(listed),
        metric="spend",
        currencies=tuple(currencies),
        scopes=standing.scopes,
        notes=tuple(_notes(standing.scopes, len(every), counts)),
        sections={"counts": {status: counts.get(status, 0) for status in STATUSES}},
    )


def budgets_in_danger(lake: LakeReader, chosen: Sequence[Subscription] | None) -> list[dict[str, Any]]:
    """Return the budgets that are exceeded or at risk, for the audit's report."""
    rows = lake.recall(_select(IN_DANGER, _conditions(chosen, ("exceeded", "at_risk")))).rows
    return [dict(zip(IN_DANGER, row, strict=True)) for row in rows]


def _select(columns: Sequence[str], conditions: str) -> str:
    order = f"{_ORDER}, spent_percent desc nulls last, budget_id"
    return f"select {', '.join(columns)}\nfrom marts.budget_status{conditions}\norder by {order}"


def _conditions(chosen: Sequence[Subscription] | None, statuses: Sequence[str]) -> str:
    conditions = []
    if chosen is not None:
        conditions.append("sub_account_id in (" + ", ".join(literal(one.sub_account_id) for one in chosen) + ")")
    if statuses:
        conditions.append("status in (" + ", ".join(literal(status) for status in statuses) + ")")
    return ("\nwhere " + " and ".join(conditions)) if conditions else ""


def _notes(scopes: Scopes, row_count: int, counts: Mapping[str, int]) -> list[str]:
    notes = [
        "Azure evaluates budgets about once a day; lake_spend is our own sum of the period, where comparable.",
        "lake_forecast and break_date are made here from complete days; the range is that of 80 %.",
    ]
    if not row_count and scopes.included:
        notes.append(f"No budget exists in the {len(scopes.included)} subscriptions that were read.")
    if counts.get("unknown"):
        notes.append("For budgets with status unknown neither Azure nor the lake knows what is spent.")
    return notes
