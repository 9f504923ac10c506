"""Real SDK clients in front of a local Azure, and the questions tests ask."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.consumption import ConsumptionManagementClient
from azure.mgmt.costmanagement import CostManagementClient
from azure.mgmt.network import NetworkManagementClient

from finops_lake.demo.server import LocalAzure
from finops_lake.source import next_month

TODAY = date(2026, 3, 15)
SIZE = {"today": TODAY, "subscriptions": 3, "resources": 12, "days": 80}


class Clients:
    """Azure's own clients, pointed at a local Azure; closed together."""

    def __init__(self, azure: LocalAzure, **credential: Any) -> None:
        self.azure = azure
        self._stack = ExitStack()
        environment = azure.environment()
        values = {
            "tenant_id": environment["AZURE_TENANT_ID"],
            "client_id": environment["AZURE_CLIENT_ID"],
            "client_secret": environment["AZURE_CLIENT_SECRET"],
            **credential,
        }
        self.credential = self._stack.enter_context(
            ClientSecretCredential(
                **values,
                authority=azure.endpoint,
                disable_instance_discovery=True,
                connection_verify=str(azure.ca_file),
            )
        )
        self.options: dict[str, Any] = {
            "base_url": azure.endpoint,
            "credential_scopes": [azure.scope],
            "connection_verify": str(azure.ca_file),
            "retry_total": 0,
        }
        self.cost = self._open(CostManagementClient)

    def _open(self, kind: Any, *arguments: Any, **options: Any) -> Any:
        return self._stack.enter_context(kind(self.credential, *arguments, **{**self.options, **options}))

    def compute(self, subscription_id: str) -> ComputeManagementClient:
        return self._open(ComputeManagementClient, subscription_id)

    def network(self, subscription_id: str) -> NetworkManagementClient:
        return self._open(NetworkManagementClient, subscription_id)

    def consumption(self, subscription_id: str) -> ConsumptionManagementClient:
        return self._open(ConsumptionManagementClient, subscription_id)

    def client(self, kind: Any, *arguments: Any, **options: Any) -> Any:
        return self._open(kind, *arguments, **options)

    def send(self, method: str, url: str, **options: Any) -> Any:
        """Return the raw response of one request; an api-version is added where there is none."""
        if "api-version" not in url:
            url += ("&" if "?" in url else "?") + "api-version=2025-03-01"
        return self.cost.send_request(HttpRequest(method, url, **options))

    def get(self, url: str) -> Any:
        response = self.send("GET", url)
        response.raise_for_status()
        return response.json()

    def query_page(self, scope: str, body: dict[str, Any], **parameters: Any) -> Any:
        extra = "".join(f"&${name}={value}" for name, value in parameters.items())
        url = f"{scope}/providers/Microsoft.CostManagement/query?api-version=2025-03-01{extra}"
        return self.send("POST", url, json=body)

    def query_rows(self, scope: str, body: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
        """Return all rows by column name, numbers as exact decimals, following every next link by POST."""
        response = self.query_page(scope, body, **parameters)
        rows = []
        while True:
            response.raise_for_status()
            properties = json.loads(response.content, parse_float=Decimal, parse_int=Decimal)["properties"]
            names = [column["name"] for column in properties["columns"]]
            rows += [dict(zip(names, row, strict=True)) for row in properties["rows"]]
            if not properties.get("nextLink"):
                return rows
            response = self.send("POST", properties["nextLink"], json=body)

    def close(self) -> None:
        self._stack.close()


def query_body(
    first: date | None = None,
    last: date | None = None,
    groupings: tuple[str, ...] = ("ResourceId", "ServiceName"),
    kind: str = "ActualCost",
    granularity: str | None = "Daily",
    aggregations: tuple[str, ...] = ("Cost",),
    **dataset: Any,
) -> dict[str, Any]:
    """Return the body of a query; by default February 2026 by day, resource and service."""
    first = first or date(2026, 2, 1)
    last = last or next_month(first) - timedelta(days=1)
    values: dict[str, Any] = {
        "aggregation": {name: {"name": name, "function": "Sum"} for name in aggregations},
        "grouping": [{"type": "Dimension", "name": name} for name in groupings],
        **dataset,
    }
    if granularity:
        values["granularity"] = granularity
    period = {"from": f"{first}T00:00:00Z", "to": f"{last}T23:59:59Z"}
    return {"type": kind, "timeframe": "Custom", "timePeriod": period, "dataset": values}
