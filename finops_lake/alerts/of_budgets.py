"""What rules on budgets find: thresholds that are reached, and budgets that will be exceeded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from finops_lake.alert_rules import AlertRule
from finops_lake.alerts.candidate import MOST, Candidate, Found, Sight, money, records_of, subscription_in
from finops_lake.answers.budgets import BudgetQuestion, answer_budgets


def thresholds(rule: AlertRule, sight: Sight) -> Found:
    """The highest threshold that is reached of each kind; an exceeded budget has reached 100 % of kind Actual."""
    least, found = rule.threshold or Decimal(0), []
    for row in _budgets(rule, sight):
        exceeded = ["100"] if row["status"] == "exceeded" else []
        reached = max(map(Decimal, [*row["actual_thresholds"], *exceeded]), default=None)
        forecast = max(map(Decimal, row["forecast_thresholds"]), default=None)
        if reached is not None and forecast is not None and forecast <= reached:
            forecast = None  # what happened already is no forecast any more
        for kind, step, word in (("Actual", reached, "has reached"), ("Forecasted", forecast, "is forecast to reach")):
            if step is not None and step >= least:
                cause = f"{row['budget_id']}|{row['period_start_date']}|{kind}"
                title = f"Budget {row['budget_name']} {word} {step:f} %"
                found.append(_of_budget(row, cause=cause, title=title, step=step))
    return Found(tuple(found))


def breaches(rule: AlertRule, sight: Sight) -> Found:
    """Budgets that will be exceeded by our forecast or Azure's (step 1), or are (step 2)."""
    found = []
    for row in _budgets(rule, sight):
        cause = f"{row['budget_id']}|{row['period_start_date']}"
        if row["status"] == "exceeded":
            title = f"Budget {row['budget_name']} is exceeded"
            found.append(_of_budget(row, cause=cause, title=title, step=Decimal(2)))
            continue
        day = _breaking_day(row)
        if day is None or (rule.threshold is not None and (day - sight.now.date()).days > rule.threshold):
            continue
        when = f"about {row['break_date']}" if row["break_date"] else f"by {day}, as Azure forecasts"
        title = f"Budget {row['budget_name']} will be exceeded {when}"
        found.append(_of_budget(row, cause=cause, title=title, step=Decimal(1)))
    return Found(tuple(found))


def _budgets(rule: AlertRule, sight: Sight) -> list[dict[str, Any]]:
    question = BudgetQuestion(rule.subscriptions, ("exceeded", "at_risk", "ok"), MOST)
    return [row for row in records_of(answer_budgets(sight.lake, question)) if row["amount"]]


def _budget_words(row: Mapping[str, Any]) -> str:
    currency = row["billing_currency"]
    words = [f"Spent {money(row['spend'], currency)} of {money(row['amount'], currency)}"]
    words.append(f"from {row['period_start_date']} to {row['period_end_date']}")
    if row["azure_forecast"] is not None:
        words.append(f"Azure forecasts {money(row['azure_forecast'], currency)}")
    if row["lake_forecast"] is not None:
        low, high = (money(row[f"lake_forecast_{end}"], currency) for end in ("low", "high"))
        words.append(f"our forecast is {money(row['lake_forecast'], currency)} ({low} to {high})")
    place = row["sub_account_name"] or "a wider scope"
    return f"{' '.join(words[:2])}; {'; '.join([*words[2:], place])}."


def _of_budget(row: Mapping[str, Any], **more: Any) -> Candidate:
    values = {
        "detail": _budget_words(row),
        "amount": row["spend"],
        "billing_currency": row["billing_currency"],
        "sub_account_id": subscription_in(row["budget_id"]),
        "sub_account_name": row["sub_account_name"],
        "severity": "high" if row["status"] == "exceeded" else "medium",
    }
    return Candidate(**{**values, **more})


def _breaking_day(row: Mapping[str, Any]) -> date | None:
    """Return the day a budget will break by our forecast; by Azure's, which has no day, the end of the period."""
    if row["break_date"] is not None:
        return row["break_date"]  # type: ignore[no-any-return]
    forecast = row["azure_forecast"]
    return row["period_end_date"] if forecast is not None and forecast > row["amount"] else None
