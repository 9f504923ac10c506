"""Reservations and savings plans that the sign-in may see, each in one listing of the whole sign-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import amount, as_json, day, flag, instant, only, pick, whole
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.listing import Column, listing, listing_source
from finops_lake.source import Chunk, Fetched, ScopeKind

API_VERSION = "2022-11-01"
MAX_AGE = timedelta(hours=24)

ID = Column("id", "id", "Id as Azure writes it, beneath its order.")
NAME = Column("name", "name", "Guid, or order and guid.")
SKU = Column("sku_name", "sku.name", "What is committed to, such as Standard_D2s_v5 or Compute_Savings_Plan.")
DISPLAY_NAME = Column("display_name", "properties.displayName", "Name given by its owner.")
STATE = Column("provisioning_state", "properties.provisioningState", "Succeeded, Expired, Cancelled, ...")
TERM = Column("term", "properties.term", "P1Y, P3Y or P5Y.")
BILLING_PLAN = Column("billing_plan", "properties.billingPlan", "Upfront, or Monthly (savings plans: P1M).")
BILLING_SCOPE = Column("billing_scope_id", "properties.billingScopeId", "Subscription that pays for it.")
SCOPE_TYPE = Column("applied_scope_type", "properties.appliedScopeType", "Single, Shared or ManagementGroup.")
RENEWS = Column("is_renewed", "properties.renew", "Whether it is renewed by itself at its end.", flag)


def utilization(days: int) -> Any:
    """Return a conversion to the percentage that was used over so many days."""

    def convert(aggregates: Any) -> Any:
        for one in aggregates if isinstance(aggregates, list) else []:
            if isinstance(one, Mapping) and amount(one.get("grain")) == days:
                return str(one.get("value"))
        return None

    return convert


def _used(days: int) -> Column:
    path = "properties.utilization.aggregates"
    return Column(f"utilization_{days}d", path, f"Percent used over {days} days, as text.", utilization(days))


ORDERS = (
    ID,
    NAME,
    DISPLAY_NAME,
    TERM,
    BILLING_PLAN,
    Column("original_quantity", "properties.originalQuantity", "Units that were bought.", whole),
    Column("created_at", "properties.createdDateTime", "Instant of the purchase (UTC).", instant),
    Column("expiry_date", "properties.expiryDate", "Day it ends.", day),
    Column("reservation_ids", "properties.reservations", "JSON list of its reservations.", only("id")),
    STATE,
)

RESERVATIONS = (
    ID,
    NAME,
    Column("location", "location", "Region."),
    SKU,
    DISPLAY_NAME,
    Column("resource_type", "properties.reservedResourceType", "What it covers, such as VirtualMachines."),
    Column("quantity", "properties.quantity", "Units.", whole),
    TERM,
    BILLING_PLAN,
    BILLING_SCOPE,
    SCOPE_TYPE,
    Column("applied_scopes", "properties.appliedScopes", "JSON list of what it covers; null for shared.", as_json),
    Column("instance_flexibility", "properties.instanceFlexibility", "On, Off or NotSupported."),
    Column("purchase_date", "properties.purchaseDate", "Day of the purchase.", day),
    Column("effective_at", "properties.effectiveDateTime", "Instant from which it covers (UTC).", instant),
    Column("expiry_date", "properties.expiryDate", "Day it ends.", day),
    RENEWS,
    _used(1),
    _used(7),
    _used(30),
    STATE,
)

PLANS = (
    ID,
    NAME,
    SKU,
    DISPLAY_NAME,
    TERM,
    BILLING_PLAN,
    BILLING_SCOPE,
    SCOPE_TYPE,
    Column("applied_scope", "properties.appliedScopeProperties", "JSON of what it covers; null for shared.", as_json),
    Column("commitment_amount", "properties.commitment.amount", "What is committed to spend, per grain.", amount),
    Column("commitment_currency", "properties.commitment.currencyCode", "Currency of commitment_amount."),
    Column("commitment_grain", "properties.commitment.grain", "Hourly."),
    Column("purchased_at", "properties.purchaseDateTime", "Instant of the purchase (UTC).", instant),
    Column("effective_at", "properties.effectiveDateTime", "Instant from which it covers (UTC).", instant),
    Column("expires_at", "properties.expiryDateTime", "Instant it ends (UTC).", instant),
    RENEWS,
    _used(1),
    _used(7),
    _used(30),
    STATE,
)


def _of_tenant(table: str, comment: str, path: str, columns: Sequence[Column]) -> Extractor:
    def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
        items = azure.get_all(path, API_VERSION)
        return Fetched(listing((item for item in items if pick(item, "id")), columns))

    kinds = frozenset({ScopeKind.TENANT})
    return Extractor(listing_source(table, comment, MAX_AGE, columns, scope_kinds=kinds), fetch)


EXTRACTORS = (
    _of_tenant(
        "reservation_orders",
        "Orders of reservations the sign-in may see.",
        "/providers/Microsoft.Capacity/reservationOrders",
        ORDERS,
    ),
    _of_tenant(
        "reservations",
        "Reservations the sign-in may see.",
        "/providers/Microsoft.Capacity/reservations",
        RESERVATIONS,
    ),
    _of_tenant(
        "savings_plans",
        "Savings plans the sign-in may see.",
        "/providers/Microsoft.BillingBenefits/savingsPlans",
        PLANS,
    ),
)
