"""Budgets of one scope, with what Azure says is spent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import AMOUNT, amount, as_json, day, listing, text
from finops_lake.source import Chunk, Fetched, Source

SOURCE = Source(
    table="budgets",
    comment="Budgets as Azure lists them for a scope; a subscription may list those of its groups, too.",
    schema=pa.schema(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("category", pa.string()),
            ("time_grain", pa.string()),
            ("amount", AMOUNT),
            ("period_start_date", pa.date32()),
            ("period_end_date", pa.date32()),
            ("current_spend_amount", AMOUNT),
            ("current_spend_unit", pa.string()),
            ("forecast_spend_amount", AMOUNT),
            ("forecast_spend_unit", pa.string()),
            ("filter", pa.string()),
            ("notifications", pa.string()),
        ]
    ),
    key=("id",),
    max_age=timedelta(hours=6),
    columns={
        "id": "ARM id as Azure writes it (case varies, the leading slash may be missing).",
        "name": "Name of the budget.",
        "category": "Cost, Usage or ReservationUtilization.",
        "time_grain": "Monthly, Quarterly, Annually, or the same by billing period.",
        "amount": "What may be spent per time grain, in the billing currency.",
        "period_start_date": "First day of the budget (UTC).",
        "period_end_date": "Last day of the budget (UTC).",
        "current_spend_amount": "What Azure says is spent; evaluated about daily; null at first.",
        "current_spend_unit": "Currency of current_spend_amount.",
        "forecast_spend_amount": "What Azure forecasts; often missing.",
        "forecast_spend_unit": "Currency of forecast_spend_amount.",
        "filter": "JSON of the budget's own filter; null when it counts everything in its scope.",
        "notifications": "JSON list of its thresholds, without the people to be told.",
    },
)


def thresholds(notifications: Any) -> str | None:
    """Return a budget's notifications as a JSON list, without e-mail addresses, roles and groups."""
    if not isinstance(notifications, Mapping):
        return None
    kept = [
        {
            "name": name,
            "enabled": rule.get("enabled"),
            "operator": rule.get("operator"),
            "threshold": str(rule["threshold"]) if rule.get("threshold") is not None else None,
            "threshold_type": rule.get("thresholdType") or "Actual",
        }
        for name, rule in notifications.items()
        if isinstance(rule, Mapping)
    ]
    return as_json(sorted(kept, key=lambda rule: str(rule["name"])))


FIELDS = {
    "id": ("id", text),
    "name": ("name", text),
    "category": ("properties.category", text),
    "time_grain": ("properties.timeGrain", text),
    "amount": ("properties.amount", amount),
    "period_start_date": ("properties.timePeriod.startDate", day),
    "period_end_date": ("properties.timePeriod.endDate", day),
    "current_spend_amount": ("properties.currentSpend.amount", amount),
    "current_spend_unit": ("properties.currentSpend.unit", text),
    "forecast_spend_amount": ("properties.forecastSpend.amount", amount),
    "forecast_spend_unit": ("properties.forecastSpend.unit", text),
    "filter": ("filter", as_json),
    "notifications": ("properties.notifications", thresholds),
}


def _with_filter(budget: Mapping[str, Any]) -> dict[str, Any]:
    properties = budget.get("properties") or {}
    return {**budget, "filter": properties.get("filter") or properties.get("filters")}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the budgets Azure lists for the chunk's scope."""
    return Fetched(listing((_with_filter(budget) for budget in azure.budgets(chunk.scope_id)), SOURCE.schema, FIELDS))
