"""Advisor's cost recommendations: several look-backs and terms of one advice, dollars whatever is billed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from finops_lake.demo.model import Subscription, VirtualMachine
from finops_lake.demo.world import World

RESERVE, RIGHTSIZE = "84b1a508-fc21-49da-979e-96894f1665df", "e10b1381-5f0a-47ff-8c7b-37bd13d7c974"


DISMISSED = 2
"""Which of the machines advised about somebody has dismissed the advice on."""


def advised(machines: list[VirtualMachine]) -> list[VirtualMachine]:
    """Return the machines of a subscription that Advisor would resize."""
    return [machine for machine in machines if machine.power_state == "running"][: DISMISSED + 1]


def advice(world: World, subscription: Subscription) -> Iterator[dict[str, Any]]:
    """Yield the recommendations for one subscription, as Resource Graph has them."""
    for term, savings in (("P1Y", 575), ("P3Y", 880)):
        for days in ("7", "30", "60"):
            reserve = {
                "scope": "Shared",
                "sku": "Standard_D2s_v5",
                "term": term,
                "annualSavingsAmount": str(savings + int(days)),
                "savingsAmount": str((savings + int(days)) // 12),
                "qty": "1.0",
                "savingsCurrency": "USD",
                "region": "westeurope",
                "lookbackPeriod": days,
            }
            yield _recommendation(subscription, RESERVE, subscription.scope, f"{term}/{days}", reserve, [])
    machines = world.estate.resources_of(VirtualMachine, subscription.subscription_id)
    for place, machine in enumerate(advised(machines)):
        resize = {
            "annualSavingsAmount": "504",
            "savingsAmount": "42",
            "savingsCurrency": "USD",
            "currentSku": machine.size,
            "targetSku": "Standard_B2s",
            "recommendationType": "SkuChange",
            "lookbackPeriod": "7",
        }
        dismissed = [str(uuid.uuid5(uuid.NAMESPACE_OID, machine.cost_id))] if place == DISMISSED else []
        yield _recommendation(subscription, RIGHTSIZE, machine.resource_id, "resize", resize, dismissed)


def _recommendation(
    subscription: Subscription, kind: str, resource_id: str, key: str, extended: dict[str, str], dismissed: list[str]
) -> dict[str, Any]:
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{resource_id}/{kind}/{key}"))
    scope = resource_id if "/providers/" in resource_id else subscription.scope
    is_reserve = kind == RESERVE
    impacted = "Microsoft.Subscriptions/subscriptions" if is_reserve else "MICROSOFT.COMPUTE/VIRTUALMACHINES"
    problem = "Consider virtual machine reserved instance" if is_reserve else "Right-size underutilized machines"
    return {
        "id": f"{scope}/providers/Microsoft.Advisor/recommendations/{name}",
        "name": name,
        "type": "microsoft.advisor/recommendations",
        "properties": {
            "category": "Cost",
            "impact": "High",
            "impactedField": impacted,
            "impactedValue": resource_id.rpartition("/")[2],
            "lastUpdated": "2026-01-10T07:49:17.9186450Z",
            "recommendationTypeId": kind,
            "shortDescription": {"problem": problem, "solution": problem},
            "extendedProperties": extended,
            "resourceMetadata": {"resourceId": resource_id},
            **({"suppressionIds": dismissed} if dismissed else {}),
        },
    }
