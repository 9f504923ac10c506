"""Reservations and savings plans as Azure lists them: how they are used, and which it would sell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from finops_lake.demo.benefits import COMMITMENTS, Commitment, benefit_id, guid, order_id
from finops_lake.demo.calls import Call
from finops_lake.demo.world import World

_DAYS = re.compile(r"properties/usagedate (ge|le) '?(\d{4}-\d\d-\d\d)", re.IGNORECASE)
_LOOK_BACK = re.compile(r"lookBackPeriod eq '(\w+)'", re.IGNORECASE)
_TERM = re.compile(r"term eq '(P\dY)'", re.IGNORECASE)
_SCOPE = re.compile(r"properties/scope eq '(\w+)'", re.IGNORECASE)


def reservation_orders(world: World) -> list[dict[str, Any]]:
    """Return the orders as Microsoft.Capacity lists them."""
    return [_order(world, item) for item in COMMITMENTS if item.kind == "Reservation"]


def reservations(world: World) -> list[dict[str, Any]]:
    """Return all reservations, with what was used of each over 1, 7 and 30 days."""
    return [_reservation(world, item) for item in COMMITMENTS if item.kind == "Reservation"]


def savings_plans(world: World) -> list[dict[str, Any]]:
    """Return all savings plans as Microsoft.BillingBenefits lists them."""
    return [_plan(world, item) for item in COMMITMENTS if item.kind == "SavingsPlan"]


def summaries(world: World, call: Call) -> list[dict[str, Any]]:
    """Return the use of each reservation by day, of the days asked for that have passed."""
    return [
        _used(world, item, day, call.path, detail=call.operation == "reservation_details")
        for day in _days(world, call)
        for item in COMMITMENTS
        if item.kind == "Reservation"
    ]


def utilization(world: World, call: Call) -> list[dict[str, Any]]:
    """Return the use of every benefit by day."""
    return [_benefit(world, item, day, call.path) for day in _days(world, call) for item in COMMITMENTS]


def recommendations(world: World, call: Call) -> list[dict[str, Any]]:
    """Return which reservations to buy, for both terms, by the look-back and scope asked for."""
    asked = call.query.get("$filter", "")
    look_back = (_LOOK_BACK.search(asked) or ["", "Last7Days"])[1]
    scope = (_SCOPE.search(asked) or ["", "Single"])[1]
    days = int(re.sub(r"\D", "", look_back))
    return [
        {
            "id": f"{call.path.strip('/')}/{guid(world.estate.tenant_id, call.path, term, look_back)}",
            "name": guid(world.estate.tenant_id, call.path, term, look_back),
            "type": "Microsoft.Consumption/reservationRecommendations",
            "kind": "legacy",
            "location": "westeurope",
            "sku": "Standard_D2s_v5",
            "properties": {
                "lookBackPeriod": look_back,
                "term": term,
                "scope": scope,
                "resourceType": "virtualmachines",
                "meterId": guid(world.estate.tenant_id, "meter", "D2s v5"),
                "recommendedQuantity": 2,
                "costWithNoReservedInstances": 2 * 2.76 * days,
                "totalCostWithReservedInstances": 2 * price * days,
                "netSavings": 2 * (2.76 - price) * days,
                "firstUsageDate": f"{world.ledger.today - timedelta(days=days)}T00:00:00Z",
            },
        }
        for term, price in (("P1Y", 1.62), ("P3Y", 1.04))
    ]


def plan_recommendations(world: World, call: Call) -> list[dict[str, Any]]:
    """Return which savings plan to buy, for the look-back and term asked for."""
    asked = call.query.get("$filter", "")
    look_back = (_LOOK_BACK.search(asked) or ["", "Last60Days"])[1]
    term = (_TERM.search(asked) or ["", "P3Y"])[1]
    days = int(re.sub(r"\D", "", look_back))
    best = {"commitmentAmount": 0.11, "savingsAmount": 0.9 * days, "savingsPercentage": 16.5, "totalCost": 4.5 * days}
    name = guid(world.estate.tenant_id, call.path, term, look_back)
    return [
        {
            "id": f"{call.path}/{name}",
            "name": name,
            "type": "Microsoft.CostManagement/benefitRecommendations",
            "kind": "SavingsPlan",
            "properties": {
                "lookBackPeriod": look_back,
                "term": term,
                "scope": "Shared",
                "armSkuName": "Compute_Savings_Plan",
                "commitmentGranularity": "Hourly",
                "currencyCode": "EUR",
                "costWithoutBenefit": 5.4 * days,
                "recommendationDetails": best,
            },
        }
    ]


def _order(world: World, item: Commitment) -> dict[str, Any]:
    order, ends = order_id(world.estate.tenant_id, item), world.ledger.today + timedelta(days=item.ends_in)
    return {
        "id": order,
        "type": "Microsoft.Capacity/reservationOrders",
        "name": order.rpartition("/")[2],
        "etag": 8,
        "properties": {
            "displayName": item.name,
            "createdDateTime": f"{ends - timedelta(days=1095)}T00:53:06.1026071Z",
            "expiryDate": f"{ends}",
            "term": "P3Y",
            "billingPlan": "Upfront",
            "provisioningState": "Succeeded",
            "reservations": [{"id": benefit_id(world.estate.tenant_id, item)}],
            "originalQuantity": item.quantity,
        },
    }


def _reservation(world: World, item: Commitment) -> dict[str, Any]:
    ends = world.ledger.today + timedelta(days=item.ends_in)
    kind = "SqlDatabases" if item.sku.startswith("SQL") else "VirtualMachines"
    payer = world.estate.subscriptions[0].scope
    return {
        "id": benefit_id(world.estate.tenant_id, item),
        "type": "Microsoft.Capacity/reservationOrders/reservations",
        "name": benefit_id(world.estate.tenant_id, item).rpartition("/")[2],
        "location": "westeurope",
        "etag": 12,
        "sku": {"name": item.sku},
        "properties": {
            "displayName": item.name,
            "reservedResourceType": kind,
            "quantity": item.quantity,
            "term": "P3Y",
            "billingPlan": "Upfront",
            "billingScopeId": payer,
            "appliedScopeType": "Shared",
            "instanceFlexibility": "On",
            "effectiveDateTime": f"{ends - timedelta(days=1095)}T00:00:00.1234567Z",
            "expiryDate": f"{ends}",
            "renew": item.renews,
            "provisioningState": "Succeeded",
            "utilization": _aggregates(item),
        },
    }


def _plan(world: World, item: Commitment) -> dict[str, Any]:
    ends = world.ledger.today + timedelta(days=item.ends_in)
    return {
        "id": benefit_id(world.estate.tenant_id, item),
        "type": "Microsoft.BillingBenefits/savingsPlanOrders/savingsPlans",
        "name": benefit_id(world.estate.tenant_id, item).rpartition("/")[2],
        "sku": {"name": item.sku},
        "properties": {
            "displayName": item.name,
            "term": "P3Y",
            "billingPlan": "P1M",
            "billingScopeId": world.estate.subscriptions[0].scope,
            "appliedScopeType": "Shared",
            "commitment": {"currencyCode": "EUR", "amount": 0.35, "grain": "Hourly"},
            "effectiveDateTime": f"{ends - timedelta(days=1095)}T00:00:00Z",
            "expiryDateTime": f"{ends}T00:00:00Z",
            "renew": item.renews,
            "provisioningState": "Succeeded",
            "utilization": _aggregates(item),
        },
    }


def _aggregates(item: Commitment) -> dict[str, Any]:
    values = [
        {"grain": days, "grainUnit": "days", "value": item.used, "valueUnit": "percentage"} for days in (1, 7, 30)
    ]
    return {"trend": "SAME", "aggregates": values}


def _used(world: World, item: Commitment, day: date, path: str, *, detail: bool) -> dict[str, Any]:
    order, benefit = (
        order_id(world.estate.tenant_id, item).rpartition("/")[2],
        benefit_id(world.estate.tenant_id, item).rpartition("/")[2],
    )
    kind, hours = ("reservationDetails" if detail else "reservationSummaries"), item.quantity * 24
    properties: dict[str, Any] = {
        "reservationOrderId": order,
        "reservationId": benefit,
        "skuName": item.sku,
        "usageDate": f"{day}T00:00:00Z",
        "reservedHours": float(hours),
        "usedHours": hours * item.used / 100,
    }
    if detail:
        group = f"{world.estate.subscriptions[0].scope}/resourcegroups/rg-legacy-prod"
        machine = f"{group}/providers/microsoft.compute/virtualmachines/vm-legacy-app01"
        properties |= {"instanceId": machine, "totalReservedQuantity": item.quantity}
    else:
        names = ("minUtilizationPercentage", "avgUtilizationPercentage", "maxUtilizationPercentage")
        properties |= dict.fromkeys(names, float(item.used))
    name = f"{order}_{benefit}_{day:%Y%m%d}"
    return {
        "id": f"{path.strip('/')}/{name}",
        "name": name,
        "type": f"Microsoft.Consumption/{kind}",
        "tags": None,
        "properties": properties,
    }


def _benefit(world: World, item: Commitment, day: date, path: str) -> dict[str, Any]:
    name = f"{guid(world.estate.tenant_id, 'order', item.name)}_{guid(world.estate.tenant_id, item.name)}_{day:%Y%m%d}"
    return {
        "id": f"{path}/{name}",
        "name": name,
        "type": "Microsoft.CostManagement/benefitUtilizationSummaries",
        "kind": item.kind,
        "properties": {
            "armSkuName": item.sku,
            "benefitId": benefit_id(world.estate.tenant_id, item),
            "benefitOrderId": order_id(world.estate.tenant_id, item),
            "benefitType": item.kind,
            "usageDate": f"{day}T00:00:00Z",
            "avgUtilizationPercentage": item.used,
            "minUtilizationPercentage": max(item.used - 20, 0),
            "maxUtilizationPercentage": min(item.used + 20, 100),
        },
    }


def _days(world: World, call: Call) -> Iterator[date]:
    """Yield the days that a filter, or startDate and endDate, name, as far as they have passed."""
    text = call.query.get("$filter") or call.query.get("filter") or ""
    named = {verb.lower(): date.fromisoformat(day) for verb, day in _DAYS.findall(text)}
    if "startDate" in call.query:
        named = {name: date.fromisoformat(call.query[key]) for name, key in (("ge", "startDate"), ("le", "endDate"))}
    first, last = named["ge"], min(named["le"], world.ledger.today - timedelta(days=1))
    yield from (first + timedelta(days=place) for place in range(max((last - first).days + 1, 0)))
