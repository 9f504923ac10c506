"""What checks of platform services say of money: the meters that would go, and what is at stake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from finops_lake.lake.reader import LakeReader
from tests.sql.test_audits import lake_of, placed, subscription

SCOPE = subscription(1)
ACCOUNT = "@app/Microsoft.CognitiveServices/accounts/models"
CLUSTER = "@app/Microsoft.ContainerService/managedClusters/aks"
SPACE = "@app/Microsoft.OperationalInsights/workspaces/logs"
NODES = "@nodes/Microsoft.Compute/virtualMachineScaleSets/aks-user"


def charged(resource: str, meter: str, quantity: str, unit: str, cost: str) -> dict[str, Any]:
    return {
        "resource_id": resource,
        "days": 30,
        "charge_type": "Usage",
        "meter_id": meter,
        "meter_name": meter,
        "meter_category": "any",
        "quantity": quantity,
        "unit_of_measure": unit,
        "cost_in_billing_currency": cost,
        "billing_currency": "EUR",
    }


def measured(resource: str, metric: str, value: float) -> dict[str, Any]:
    figures = {"average": value, "p95_maximum": value, "maximum": value}
    return {"resource_id": resource, "metric_name": metric, "days": 30, **figures}


RAW: dict[str, list[dict[str, Any]]] = {
    "graph_resources": [
        {"id": ACCOUNT, "location": "westeurope", "properties": {}},
        {
            "id": CLUSTER,
            "location": "westeurope",
            "properties": {
                "powerState": {"code": "Running"},
                "nodeResourceGroup": "NODES",
                "agentPoolProfiles": [{"name": "user", "count": 6}],
            },
        },
        {"id": SPACE, "location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}},
    ],
    "scale_sets": [{"id": NODES, "location": "westeurope", "capacity": 6}],
    "resource_metrics": [
        measured(ACCOUNT, "AzureOpenAIProvisionedManagedUtilizationV2", 0.1),
        measured(CLUSTER, "node_cpu_usage_percentage", 20),
        measured(CLUSTER, "node_memory_working_set_percentage", 30),
    ],
    "cost_details": [
        charged(ACCOUNT, "Provisioned Managed Global Unit", "1200", "1 Hour", "1200.5"),
        charged(ACCOUNT, "gpt 4o Outp glbl Tokens", "5", "1M", "7.25"),
        charged(CLUSTER, "Standard Uptime SLA", "24", "1 Hour", "2.4"),
        charged(NODES, "D4s v5", "144", "1 Hour", "27.6"),
        charged(SPACE, "Analytics Logs Data Ingestion", "260", "1 GB", "598"),
    ],
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeReader]:
    yield from lake_of(tmp_path_factory.mktemp("money"), {SCOPE: placed(RAW, SCOPE)})


def found(lake: LakeReader, check: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the one finding of a check, and its evidence."""
    result = lake.query(f"select * from audits.{check}")
    (row,) = ({column.name: value for column, value in zip(result.columns, row, strict=True)} for row in result.rows)
    assert row["verdict"] == "waste"
    return row, json.loads(row["evidence"])


def test_only_the_provisioned_units_leave_the_bill(lake: LakeReader) -> None:
    row, _ = found(lake, "idle_provisioned_openai_deployments")
    assert (row["monthly_saving"], row["billing_currency"]) == (30 * Decimal("1200.5"), "EUR")
    assert (row["saving_part"], row["saving_source"]) == ("provisioned_throughput", "billed_cost_of_meters")


def test_what_the_nodes_of_a_cluster_cost_is_at_stake_and_no_saving(lake: LakeReader) -> None:
    row, evidence = found(lake, "underused_kubernetes_clusters")
    assert (row["monthly_saving"], row["saving_source"]) == (None, "at_stake")
    assert Decimal(str(evidence["node_cost_of_the_window"])) == 30 * Decimal("27.6")
    assert (evidence["node_cost_currency"], evidence["node_count"]) == ("EUR", 6)


def test_the_tier_that_ingestion_fills_is_told_and_no_price_of_it(lake: LakeReader) -> None:
    row, evidence = found(lake, "log_analytics_without_commitment_tier")
    assert (row["monthly_saving"], row["saving_source"]) == (None, "at_stake")
    assert (evidence["gb_per_day"], evidence["tier_gb_per_day"]) == (260, 200)
    assert Decimal(str(evidence["ingestion_cost_of_the_window"])) == 30 * 598
