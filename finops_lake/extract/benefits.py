"""How commitments are used, and which to buy: by subscription, billing account or billing profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import amount, as_json, day, instant, money
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.listing import Column, listing, listing_source
from finops_lake.source import Api, Chunk, Fetched, ScopeKind, next_month

CONSUMPTION, CONSUMPTION_VERSION = "providers/Microsoft.Consumption", "2024-08-01"
COST, COST_VERSION = "providers/Microsoft.CostManagement", "2025-03-01"
BILLING = frozenset({ScopeKind.BILLING})
LOOK_BACKS = ("Last7Days", "Last30Days", "Last60Days")
TERMS = ("P1Y", "P3Y")
MAX_AGE = timedelta(hours=24)


def currency(value: Any) -> str | None:
    """Return the currency of an amount, where it stands beside it."""
    return value.get("currency") if isinstance(value, Mapping) else None


ID, NAME = Column("id", "id", "Id as Azure writes it."), Column("name", "name", "Its name.")
USAGE_DATE = Column("usage_date", "properties.usageDate", "UTC day.", day)
ORDER = Column("reservation_order_id", "properties.reservationOrderId", "Guid of the order.")
RESERVATION = Column("reservation_id", "properties.reservationId", "Guid of the reservation.")
SKU = Column("sku_name", "properties.skuName", "Size that is reserved.")
RESERVED = Column("reserved_hours", "properties.reservedHours", "Hours that were paid for.", amount)
USED = Column("used_hours", "properties.usedHours", "Hours that were used.", amount)
AVERAGE = Column("average_utilization", "properties.avgUtilizationPercentage", "Percent used.", amount)
LEAST = Column("minimum_utilization", "properties.minUtilizationPercentage", "Percent of the worst hour.", amount)
MOST = Column("maximum_utilization", "properties.maxUtilizationPercentage", "Percent of the best hour.", amount)

SUMMARIES = (ID, NAME, USAGE_DATE, ORDER, RESERVATION, SKU, RESERVED, USED, AVERAGE, LEAST, MOST)
DETAILS = (
    ID,
    NAME,
    USAGE_DATE,
    ORDER,
    RESERVATION,
    SKU,
    Column("resource_id", "properties.instanceId", "Resource that used it."),
    Column("reserved_quantity", "properties.totalReservedQuantity", "Units that were paid for.", amount),
    RESERVED,
    USED,
)
UTILIZATION = (
    ID,
    NAME,
    Column("kind", "kind", "Reservation, SavingsPlan or IncludedQuantity."),
    USAGE_DATE,
    Column("benefit_id", "properties.benefitId", "Reservation or savings plan."),
    Column("benefit_order_id", "properties.benefitOrderId", "Its order."),
    Column("sku_name", "properties.armSkuName", "What is committed to."),
    AVERAGE,
    LEAST,
    MOST,
)
RECOMMENDATIONS = (
    ID,
    NAME,
    Column("kind", "kind", "legacy (EA, pay-as-you-go) or modern (MCA)."),
    Column("location", "location", "Region."),
    Column("sku_name", "sku", "Size to reserve."),
    Column("resource_type", "properties.resourceType", "What it covers, such as virtualmachines."),
    Column("look_back", "properties.lookBackPeriod", "Days looked back on: Last7Days, or the number."),
    Column("term", "properties.term", "P1Y or P3Y; an alternative to the other."),
    Column("commitment_scope", "properties.scope", "Single or Shared."),
    Column("quantity", "properties.recommendedQuantity", "Units to buy.", amount),
    Column("meter_id", "properties.meterId", "Meter it covers."),
    Column("cost_on_demand", "properties.costWithNoReservedInstances", "Cost of the days without it.", money),
    Column("cost_committed", "properties.totalCostWithReservedInstances", "Cost of the days with it.", money),
    Column("net_savings", "properties.netSavings", "What it would have saved in those days.", money),
    Column("currency", "properties.netSavings", "Currency of the costs; null where Azure does not say.", currency),
    Column("first_usage_at", "properties.firstUsageDate", "Instant of the first usage looked at (UTC).", instant),
)
PLAN_RECOMMENDATIONS = (
    ID,
    NAME,
    Column("look_back", "properties.lookBackPeriod", "Days looked back on."),
    Column("term", "properties.term", "P1Y or P3Y; an alternative to the other."),
    Column("commitment_scope", "properties.scope", "Single or Shared."),
    Column("sku_name", "properties.armSkuName", "Compute_Savings_Plan."),
    Column("commitment_grain", "properties.commitmentGranularity", "Hourly."),
    Column("currency", "properties.currencyCode", "Currency of the costs."),
    Column("cost_on_demand", "properties.costWithoutBenefit", "Cost of the days without it.", amount),
    Column("commitment_amount", "properties.recommendationDetails.commitmentAmount", "What to commit to.", amount),
    Column("savings_amount", "properties.recommendationDetails.savingsAmount", "What it would have saved.", amount),
    Column("savings_percentage", "properties.recommendationDetails.savingsPercentage", "The same in percent.", amount),
    Column("cost_committed", "properties.recommendationDetails.totalCost", "Cost of the days with it.", amount),
    Column("details", "properties.allRecommendationDetails", "JSON of other commitments looked at.", as_json),
)


def _days(chunk: Chunk) -> tuple[str, str]:
    assert chunk.month is not None  # noqa: S101 - the planner makes chunks of monthly tables by month
    return f"{chunk.month}", f"{next_month(chunk.month) - timedelta(days=1)}"


def _summaries(azure: AzureClients, chunk: Chunk, operation: str, **params: str) -> Iterator[dict[str, Any]]:
    """Yield a month of summaries or details; billing profiles take the days apart from the other scopes."""
    first, last = _days(chunk)
    if "/billingprofiles/" in chunk.scope_id:
        params |= {"startDate": first, "endDate": last}
    else:
        params["$filter"] = f"properties/usageDate ge {first} AND properties/usageDate le {last}"
    return azure.get_all(f"{chunk.scope_id}/{CONSUMPTION}/{operation}", CONSUMPTION_VERSION, **params)


def _monthly(table: str, comment: str, columns: Sequence[Column], operation: str, **params: str) -> Extractor:
    def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
        return Fetched(listing(_summaries(azure, chunk, operation, **params), columns))

    source = listing_source(
        table, comment, MAX_AGE, columns, api=Api.CONSUMPTION, scope_kinds=BILLING, monthly=True, metrics=("Daily",)
    )
    return Extractor(source, fetch)


def fetch_utilization(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return how each reservation and savings plan was used, by day of a month."""
    first, last = _days(chunk)
    days = f"properties/usageDate ge {first} and properties/usageDate le {last}"
    params = {"grainParameter": "Daily", "filter": days}
    path = f"{chunk.scope_id}/{COST}/benefitUtilizationSummaries"
    return Fetched(listing(azure.get_all(path, COST_VERSION, **params), UTILIZATION))


def fetch_recommendations(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return which reservations Azure recommends, for both terms and each look-back; costs three calls."""
    scope = "Shared" if "/microsoft.billing/" in chunk.scope_id else "Single"
    path = f"{chunk.scope_id}/{CONSUMPTION}/reservationRecommendations"
    items = [
        item
        for look_back in LOOK_BACKS
        for item in azure.get_all(
            path,
            CONSUMPTION_VERSION,
            **{"$filter": f"properties/scope eq '{scope}' and properties/lookBackPeriod eq '{look_back}'"},
        )
    ]
    return Fetched(listing(items, RECOMMENDATIONS))


def fetch_plan_recommendations(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return which savings plans Azure recommends, for each term and look-back; costs six calls."""
    path = f"{chunk.scope_id}/{COST}/benefitRecommendations"
    items = [
        item
        for term in TERMS
        for look_back in LOOK_BACKS
        for item in azure.get_all(
            path,
            COST_VERSION,
            **{
                "$filter": f"properties/lookBackPeriod eq '{look_back}' and properties/term eq '{term}'"
                " and properties/scope eq 'Shared'"
            },
        )
    ]
    return Fetched(listing(items, PLAN_RECOMMENDATIONS))


EXTRACTORS = (
    Extractor(
        listing_source(
            "reservation_recommendations",
            "Reservations Azure recommends; terms and look-backs are alternatives, never to be added.",
            MAX_AGE,
            RECOMMENDATIONS,
            api=Api.CONSUMPTION,
            calls=3,
            scope_kinds=frozenset({ScopeKind.SUBSCRIPTION, ScopeKind.BILLING}),
        ),
        fetch_recommendations,
    ),
    Extractor(
        listing_source(
            "savings_plan_recommendations",
            "Savings plans Azure recommends; terms and look-backs are alternatives, never to be added.",
            MAX_AGE,
            PLAN_RECOMMENDATIONS,
            api=Api.CONSUMPTION,
            calls=6,
            scope_kinds=BILLING,
        ),
        fetch_plan_recommendations,
    ),
    _monthly(
        "reservation_summaries",
        "How each reservation was used, by day.",
        SUMMARIES,
        "reservationSummaries",
        grain="daily",
    ),
    _monthly("reservation_details", "Which resource used each reservation, by day.", DETAILS, "reservationDetails"),
    Extractor(
        listing_source(
            "benefit_utilization",
            "How each reservation and savings plan was used, by day.",
            MAX_AGE,
            UTILIZATION,
            api=Api.CONSUMPTION,
            scope_kinds=BILLING,
            monthly=True,
            metrics=("Daily",),
        ),
        fetch_utilization,
    ),
)
