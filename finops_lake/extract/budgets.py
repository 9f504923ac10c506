"""Budgets of one scope, with what Azure says is spent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import amount, as_json, day
from finops_lake.extract.listing import Column, listing, listing_source
from finops_lake.source import Api, Chunk, Fetched, ScopeKind


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


COLUMNS = (
    Column("id", "id", "ARM id as Azure writes it (case varies, the leading slash may be missing)."),
    Column("name", "name", "Name of the budget."),
    Column("category", "properties.category", "Cost, Usage or ReservationUtilization."),
    Column("time_grain", "properties.timeGrain", "Monthly, Quarterly, Annually, or the same by billing period."),
    Column("amount", "properties.amount", "What may be spent per time grain, in the billing currency.", amount),
    Column("period_start_date", "properties.timePeriod.startDate", "First day of the budget (UTC).", day),
    Column("period_end_date", "properties.timePeriod.endDate", "Last day of the budget (UTC).", day),
    Column(
        "current_spend_amount",
        "properties.currentSpend.amount",
        "What Azure says is spent; evaluated about daily; null at first.",
        amount,
    ),
    Column("current_spend_unit", "properties.currentSpend.unit", "Currency of current_spend_amount."),
    Column("forecast_spend_amount", "properties.forecastSpend.amount", "What Azure forecasts; often missing.", amount),
    Column("forecast_spend_unit", "properties.forecastSpend.unit", "Currency of forecast_spend_amount."),
    Column(
        "filter", "filter", "JSON of the budget's own filter; null when it counts everything in its scope.", as_json
    ),
    Column(
        "notifications",
        "properties.notifications",
        "JSON list of its thresholds, without the people to be told.",
        thresholds,
    ),
)

SOURCE = listing_source(
    table="budgets",
    comment="Budgets as Azure lists them for a scope; a subscription may list those of its groups, too.",
    max_age=timedelta(hours=6),
    columns=COLUMNS,
    api=Api.CONSUMPTION,
    scope_kinds=frozenset({ScopeKind.SUBSCRIPTION, ScopeKind.OTHER}),
)


def _with_filter(budget: Mapping[str, Any]) -> dict[str, Any]:
    properties = budget.get("properties") or {}
    return {**budget, "filter": properties.get("filter") or properties.get("filters")}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the budgets Azure lists for the chunk's scope."""
    return Fetched(listing((_with_filter(budget) for budget in azure.budgets(chunk.scope_id)), COLUMNS))
