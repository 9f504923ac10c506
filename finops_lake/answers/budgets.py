"""Are we within budget: every budget with its spend, forecast and thresholds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from finops_lake.answers.answer import Answer, Scopes
from finops_lake.answers.budget_outlook import OUTLOOK, Outlook, outlooks
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import listing_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

STATUSES = ("exceeded", "at_risk", "ok", "unknown", "not_started", "expired", "other_currency")

COLUMNS = (
    "budget_name",
    "status",
    "source",
    "owner",
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
    "is_budget_currency",
    "thresholds",
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


OVERLAPS = (
    "budget_name",
    "relation",
    "other_budget_name",
    "shared_cost",
    "billing_currency",
    "first_date",
    "last_date",
    "budget_id",
    "other_budget_id",
)
UNBUDGETED = (
    "sub_account_name",
    "billing_month",
    "is_complete_month",
    "billing_currency",
    "billed_cost",
    "budgeted_cost",
    "untold_cost",
    "unbudgeted_cost",
    "sub_account_id",
)
LISTED = 50
"""Overlaps, and lines of spend without a budget, that an answer lists at most."""


@dataclass(frozen=True)
class BudgetQuestion:
    """Which budgets: of these subscriptions (ids or names; empty: all, and wider scopes), in these states.

    `configured` holds the amounts of the settings' local budgets by id, to tell which the lake does not have yet.
    `of_settings` are the subscriptions of the settings: asked about just these, budgets of wider scopes count, too.
    """

    subscriptions: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    limit: int = 100
    configured: Mapping[str, Decimal] = field(default_factory=dict)
    of_settings: tuple[str, ...] = ()

    @property
    def is_of_all(self) -> bool:
        """Whether it is about all that the settings are about."""
        return not self.subscriptions or self.subscriptions == self.of_settings


def answer_budgets(lake: LakeReader, question: BudgetQuestion) -> Answer:
    """Return the budgets, those in danger first, each with our own forecast where its charges are known.

    Where Azure forecasts nothing, ours decides whether a budget that is ok so far is at risk.
    """
    for status in question.statuses:
        if status not in STATUSES:
            raise InputError("status", status, f"allowed are {', '.join(STATUSES)}")
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    some = chosen if len(chosen) < len(known) else None
    wider = " or sub_account_id is null" if some and question.is_of_all else ""
    sql = _select(COLUMNS, _conditions(some, wider))
    judged = _judged(lake, sql)
    asked = [row for row in judged if not question.statuses or row["status"] in question.statuses]
    counts = Counter(row["status"] for row in asked)
    standing = listing_standing(lake, chosen, ["budgets"])
    return Answer(
        columns=(*COLUMNS, *OUTLOOK),
        rows=tuple(tuple(row[name] for name in (*COLUMNS, *OUTLOOK)) for row in asked[: question.limit]),
        sql=sql,
        as_of=standing.as_of,
        row_count=len(asked),
        truncated=len(asked) > question.limit,
        metric="spend",
        currencies=tuple(sorted({row["billing_currency"] for row in asked if row["billing_currency"]})),
        scopes=standing.scopes,
        notes=tuple(_notes(standing.scopes, asked, question, judged)),
        sections={
            "counts": {status: counts.get(status, 0) for status in STATUSES},
            "overlaps": _overlaps(lake, {row["budget_id"] for row in asked}),
            "unbudgeted": _unbudgeted(lake, some),
        },
    )


def _judged(lake: LakeReader, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a statement on budgets with our outlook on each, those in danger first; kept until news."""

    def make() -> list[dict[str, Any]]:
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in lake.query(sql).rows]
        ahead = outlooks(lake, rows)
        judged = [with_forecast(row, ahead.get(row["budget_id"], Outlook())) for row in rows]
        return sorted(judged, key=lambda row: STATUSES.index(row["status"]))

    return lake.keep(f"budgets with outlooks: {sql}", make)


def with_forecast(row: Mapping[str, Any], outlook: Outlook) -> dict[str, Any]:
    """Return a budget's row with our outlook, by which it is at risk where Azure has no forecast."""
    judged = {**row, **dict(zip(OUTLOOK, outlook.cells, strict=True))}
    amount, forecast = row["amount"], outlook.lake_forecast
    if not row["is_budget_currency"]:
        return judged | dict.fromkeys(OUTLOOK)
    if row["azure_forecast"] is not None or forecast is None:
        return judged
    limits = [rule.split()[1] for rule in row["thresholds"] if rule.startswith("Forecasted ")]
    reached = [limit for limit in limits if Decimal(limit) * amount <= 100 * forecast]
    judged["forecast_thresholds"] = reached
    judged["thresholds_reached"] = [*row["thresholds_reached"], *(f"Forecasted {limit} %" for limit in reached)]
    if row["status"] == "ok" and (reached or forecast > amount):
        judged["status"] = "at_risk"
    return judged


def _overlaps(lake: LakeReader, budget_ids: set[str]) -> list[dict[str, Any]]:
    """Return the pairs of which one is among these budgets, those with the most shared cost of each currency first."""
    sql = (
        f"select {', '.join(OVERLAPS)} from marts.budget_overlaps order by shared_cost desc, budget_id, other_budget_id"
    )
    pairs = [dict(zip(OVERLAPS, row, strict=True)) for row in lake.recall(sql).rows]
    return [one for one in pairs if not budget_ids.isdisjoint((one["budget_id"], one["other_budget_id"]))][:LISTED]


def _unbudgeted(lake: LakeReader, chosen: Sequence[Subscription] | None) -> list[dict[str, Any]]:
    """Return the spend that no budget counts, or of which that cannot be told."""
    conditions = "(unbudgeted_cost is null or unbudgeted_cost <> 0 or untold_cost <> 0)"
    if chosen is not None:
        conditions += " and " + _one_of(chosen)
    sql = (
        f"select {', '.join(UNBUDGETED)} from marts.unbudgeted_spend where {conditions}"
        f" order by billing_month desc, unbudgeted_cost desc nulls last, sub_account_id limit {LISTED}"
    )
    return [dict(zip(UNBUDGETED, row, strict=True)) for row in lake.recall(sql).rows]


def budgets_in_danger(lake: LakeReader, chosen: Sequence[Subscription] | None) -> list[dict[str, Any]]:
    """Return the budgets that are exceeded or at risk, for the audit's report."""
    rows = _judged(lake, _select(COLUMNS, _conditions(chosen)))
    return [{name: row[name] for name in IN_DANGER} for row in rows if row["status"] in ("exceeded", "at_risk")]


def _select(columns: Sequence[str], conditions: str) -> str:
    order = f"{_ORDER}, spent_percent desc nulls last, budget_id"
    return f"select {', '.join(columns)}\nfrom marts.budget_status{conditions}\norder by {order}"


def _conditions(chosen: Sequence[Subscription] | None, wider: str = "") -> str:
    return "" if chosen is None else f"\nwhere {_one_of(chosen)}{wider}"


def _one_of(chosen: Sequence[Subscription]) -> str:
    return "sub_account_id in (" + ", ".join(literal(one.sub_account_id) for one in chosen) + ")"


def _notes(
    scopes: Scopes, asked: Sequence[Mapping[str, Any]], question: BudgetQuestion, held: Sequence[Mapping[str, Any]]
) -> list[str]:
    notes = [
        "Azure evaluates budgets about once a day; lake_spend is our own sum of the period, where comparable.",
        "lake_forecast and break_date are made here from complete days; the range is that of 80 %.",
    ]
    if not asked and scopes.included:
        notes.append(f"No budget exists in the {len(scopes.included)} subscriptions that were read.")
    if any(row["status"] == "unknown" for row in asked):
        notes.append("For budgets with status unknown neither Azure nor the lake knows what is spent.")
    if any(row["status"] == "other_currency" for row in asked):
        notes.append("Charges in another currency than the budget are told in rows of their own and never compared.")
    amounts = {row["budget_id"]: row["amount"] for row in held if row["is_budget_currency"]}
    late = [one.partition(":")[2] for one, amount in question.configured.items() if amounts.get(one) != amount]
    if late and question.is_of_all:
        notes.append(f"Configured since the last refresh, and counted from the next one: {', '.join(late)}.")
    return notes
