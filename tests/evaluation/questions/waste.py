"""What is wasted, and what would be saved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from finops_lake.demo.model import Disk
from finops_lake.demo.server import LocalAzure
from tests.evaluation.form import Ask, question, records, totals

KINDS = ["vms", "disks", "ips"]
"""What the local Azure's truth lists findings for."""


def waste(azure: LocalAzure, check: str | None = None) -> dict[str, dict[str, Decimal]]:
    """Return the cost of every wasted resource by its name."""
    found = azure.truth.findings(check, "waste")
    return {finding.resource_id.rpartition("/")[2]: dict(finding.billed_cost) for finding in found}


def savings(azure: LocalAzure) -> dict[str, Decimal]:
    """Return what all waste costs, each resource in the currency it costs most in."""
    sums: dict[str, Decimal] = {}
    for costs in waste(azure).values():
        if costs:
            code = max(costs, key=lambda one: abs(costs[one]))
            sums[code] = sums.get(code, Decimal(0)) + costs[code]
    return sums


async def findings(ask: Ask, **arguments: Any) -> list[dict[str, Any]]:
    answer = await ask("run_finops_audit", limit=200, **arguments)
    return [row for row in records(answer) if row["verdict"] == "waste"]


def name_of(row: dict[str, Any]) -> str:
    return str(row["resource_id"].rpartition("/")[2])


@question("How many virtual machines, disks and public addresses are wasted?", lambda azure: len(waste(azure)))
async def _(ask: Ask) -> Any:
    answer = await ask("run_finops_audit", resource_types=KINDS)
    return sum(check["waste"] for check in answer["checks"])


@question("What would we save a month by cleaning up machines, disks and addresses?", savings)
async def _(ask: Ask) -> Any:
    return totals(await ask("run_finops_audit", resource_types=KINDS), "monthly_saving")


@question("Which virtual machines are stopped but still billed?", lambda azure: sorted(waste(azure, "stopped_vms")))
async def _(ask: Ask) -> Any:
    return sorted(name_of(row) for row in await findings(ask, resource_types="vms"))


@question(
    "Which unattached disk costs the most in euro?",
    lambda azure: max(waste(azure, "unattached_disks").items(), key=lambda item: item[1].get("EUR", Decimal(0)))[0],
)
async def _(ask: Ask) -> Any:
    rows = [row for row in await findings(ask, resource_types=["disks"]) if row["billing_currency"] == "EUR"]
    return name_of(max(rows, key=lambda row: Decimal(row["monthly_saving"])))


@question(
    "What do unused public IP addresses cost in Contoso Production?",
    lambda azure: sorted(
        (name, amount)
        for name, costs in _in_production(azure, "unassociated_public_ips").items()
        for amount in costs.values()
    ),
)
async def _(ask: Ask) -> Any:
    rows = await findings(ask, resource_types="ips", profiles="Contoso Production")
    return sorted((name_of(row), Decimal(row["monthly_saving"])) for row in rows)


def _in_production(azure: LocalAzure, check: str) -> dict[str, dict[str, Decimal]]:
    (production,) = [
        one.subscription_id for one in azure.ledger.estate.subscriptions if one.display_name == "Contoso Production"
    ]
    return {
        finding.resource_id.rpartition("/")[2]: dict(finding.billed_cost)
        for finding in azure.truth.findings(check, "waste")
        if finding.subscription_id == production
    }


@question(
    "Which wasted machines, disks and addresses have no price?",
    lambda azure: sorted(name for name, costs in waste(azure).items() if not costs),
)
async def _(ask: Ask) -> Any:
    return sorted(name_of(row) for row in await findings(ask, resource_types=KINDS) if row["monthly_saving"] is None)


@question(
    "How many disks did the audit look at?",
    lambda azure: sum(isinstance(item, Disk) for item in azure.ledger.estate.resources),
)
async def _(ask: Ask) -> Any:
    answer = await ask("run_finops_audit", checks="unattached_disks")
    return answer["checks"][0]["looked_at"]
