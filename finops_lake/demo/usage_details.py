"""Consumption usage details: lines of a month in pages, legacy or modern as the agreement has them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from finops_lake.demo.billing import BillingScope, agreement_of
from finops_lake.demo.calls import Call
from finops_lake.demo.lines import line_values
from finops_lake.demo.model import Charge, Metric
from finops_lake.demo.replies import Reply, bad_query, error_reply, json_reply
from finops_lake.demo.world import World
from finops_lake.source import first_of_month, next_month

LARGEST_PAGE = 1000
FILTER = re.compile(r"properties/usage(Start|End)\s+(ge|le)\s+'(\d{4}-\d\d-\d\d)", re.IGNORECASE)
METRICS: dict[str, Metric] = {"actualcost": "ActualCost", "amortizedcost": "AmortizedCost", "": "ActualCost"}

LEGACY = {
    "billingAccountId": "account",
    "billingProfileId": "profile",
    "accountName": "account_name",
    "subscriptionId": "subscription_id",
    "subscriptionName": "subscription_name",
    "product": "product",
    "meterId": "meter_id",
    "quantity": "quantity",
    "effectivePrice": "effective_price",
    "cost": "cost",
    "unitPrice": "unit_price",
    "billingCurrency": "currency",
    "resourceLocation": "location",
    "consumedService": "consumed_service",
    "resourceId": "resource_id",
    "resourceName": "resource_name",
    "invoiceSection": "section_name",
    "resourceGroup": "resource_group",
    "offerId": "offer_id",
    "publisherType": "publisher_type",
    "chargeType": "charge_type",
    "frequency": "frequency",
    "pricingModel": "pricing_model",
    "benefitId": "benefit_id",
    "benefitName": "benefit_name",
}
MODERN = {
    "billingAccountId": "account",
    "billingProfileId": "profile",
    "invoiceSectionId": "section",
    "invoiceSectionName": "section_name",
    "subscriptionGuid": "subscription_id",
    "subscriptionName": "subscription_name",
    "product": "product",
    "meterId": "meter_id",
    "meterName": "meter_name",
    "meterCategory": "meter_category",
    "meterSubCategory": "meter_subcategory",
    "unitOfMeasure": "unit",
    "quantity": "quantity",
    "unitPrice": "unit_price",
    "billingCurrencyCode": "currency",
    "pricingCurrencyCode": "pricing_currency",
    "costInBillingCurrency": "cost",
    "costInUSD": "cost_usd",
    "resourceLocation": "location",
    "consumedService": "consumed_service",
    "instanceName": "resource_id",
    "resourceGroup": "resource_group",
    "publisherType": "publisher_type",
    "chargeType": "charge_type",
    "frequency": "frequency",
    "pricingModel": "pricing_model",
    "benefitId": "benefit_id",
    "benefitName": "benefit_name",
}
METER = {
    "meterName": "meter_name",
    "meterCategory": "meter_category",
    "meterSubCategory": "meter_subcategory",
    "unitOfMeasure": "unit",
}
"""Names of both kinds, and what of a line stands in each (see line_values)."""


def usage_details(world: World, call: Call) -> Reply:
    """Answer one page of usage details; the next link is one to follow by GET, with blanks in its filter."""
    scope = world.billing.scope(call.scope)
    if scope is None or call.group:
        return error_reply(404, "NotFound", f"The scope '{call.scope}' was not found.")
    admitted, headers = world.throttle.admit_usage(call.scope.lower())
    if not admitted:
        return error_reply(429, "429", "Too many requests. Please retry after some time.", headers)
    metric = METRICS.get(call.query.get("metric", "").lower())
    token = call.query.get("$skiptoken", "0")
    if metric is None or not token.isdecimal():
        return bad_query("the metric or the skip token is not valid")
    charges = _charges(world, scope, call, metric)
    size = min(int(call.query.get("$top", LARGEST_PAGE)), world.usage_page_size)
    start = int(token)
    items = [_item(world, charge, metric, call, start + place) for place, charge in enumerate(charges[start:][:size])]
    page: dict[str, Any] = {"value": items}
    if start + size < len(charges):
        page["nextLink"] = _next_link(call, start + size)
    return json_reply(page, headers=headers)


def _charges(world: World, scope: BillingScope, call: Call, metric: Metric) -> Sequence[Charge]:
    month = first_of_month(world.ledger.today)
    found = {bound.lower(): date.fromisoformat(day) for bound, _, day in FILTER.findall(call.query.get("$filter", ""))}
    first = found.get("start", month)
    last = found.get("end", next_month(month) - timedelta(days=1))
    if "startDate" in call.query:
        first, last = (date.fromisoformat(call.query[name]) for name in ("startDate", "endDate"))
    ids = [item.subscription_id for item in scope.subscriptions]
    return [item for item in world.ledger.between(first, last, ids) if item.counts_in(metric)]


def _item(world: World, charge: Charge, metric: Metric, call: Call, place: int) -> dict[str, Any]:
    modern = agreement_of(charge.line.subscription) == "MicrosoftCustomerAgreement"
    values = line_values(charge, metric, world.billing)
    properties: dict[str, Any] = {name: values[field] for name, field in (MODERN if modern else LEGACY).items()}
    properties["date"] = f"{charge.usage_date}T00:00:00.0000000Z"
    if not modern:
        wanted = "meterdetails" in call.query.get("$expand", "").lower()
        properties["meterDetails"] = {name: values[field] for name, field in METER.items()} if wanted else None
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{charge.line.line_id}/{charge.usage_date}/{metric}/{place}"))
    return {
        "id": f"{call.scope}/providers/Microsoft.Consumption/usageDetails/{name}",
        "name": name,
        "type": "Microsoft.Consumption/usageDetails",
        "kind": "modern" if modern else "legacy",
        "tags": dict(charge.line.tags) or None,
        "properties": properties,
    }


def _next_link(call: Call, place: int) -> str:
    """Return the link as Azure builds it: nothing encoded, a session token beside the skip token."""
    kept = {name: value for name, value in call.query.items() if name not in ("$skiptoken", "sessiontoken")}
    pairs = {**kept, "sessiontoken": "0:1", "$skiptoken": str(place)}
    return f"{call.endpoint}{call.path}?" + "&".join(f"{name}={value}" for name, value in pairs.items())
