"""Resources by their use: idle and oversized ones, and those that only look so by one metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict
from finops_lake.demo.cases_network import hourly
from finops_lake.demo.catalogue import Meter
from finops_lake.demo.model import Listed

Found = tuple[tuple[str, str, int, Verdict], ...]
"""Name, use, age in days and verdict of each resource of a kind."""

IDLE: Found = (
    ("unused", "unused", 300, "waste"),
    ("scanned", "scanned", 300, "waste"),
    ("used", "busy", 300, "ok"),
    ("silent", "silent", 300, "undetermined"),
    ("new", "unused", 12, "not_applicable"),
)
STRICT: Found = (*(one for one in IDLE if one[0] != "scanned"), ("scanned", "scanned", 300, "ok"))
"""Of what no stranger can call: any use at all is use."""


def plant(site: Site) -> Iterator[Case]:
    """Plant what only metrics can tell apart, and yield its cases."""
    for step in (_machines, _network, _data, _apps, _functions, _circuits):
        yield from step(site)


def _machines(site: Site) -> Iterator[Case]:
    builder = site.builder
    rows: tuple[tuple[int, str, str, str, int, Verdict, Verdict], ...] = (
        (0, "vm-idle-01", "Standard_D4s_v5", "idle", 200, "waste", "ok"),
        (1, "VM-Idle-02", "Standard_E4s_v5", "idle", 30, "waste", "ok"),
        (0, "vm-proxy", "Standard_D4s_v5", "idle_with_traffic", 200, "ok", "ok"),
        (1, "vm-relay", "Standard_D2s_v5", "idle_with_traffic", 200, "ok", "ok"),
        (1, "vm-large", "Standard_F8s_v2", "low", 200, "ok", "waste"),
        (2, "vm-large-dev", "Standard_D4s_v5", "low", 20, "ok", "waste"),
        (1, "vm-cache", "Standard_E4s_v5", "low_with_full_memory", 200, "ok", "ok"),
        (0, "vm-old-agent", "Standard_D4s_v5", "low_without_memory", 200, "ok", "undetermined"),
        (0, "vm-small", "Standard_D2s_v5", "low", 200, "ok", "ok"),
        (2, "vm-silent", "Standard_D4s_v5", "silent", 200, "undetermined", "undetermined"),
        (1, "vm-recent", "Standard_D4s_v5", "idle", 2, "not_applicable", "not_applicable"),
    )
    for home, name, size, use, days, idle, oversized in rows:
        machine = builder.machine(site.homes[home], name, size, created=builder.instant(days))
        builder.usage[machine.cost_id] = use
        yield Case("idle_vms", machine, idle, f"Use {use}, {days} days old.")
        yield Case("oversized_vms", machine, oversized, f"Use {use}, {days} days old, {size}.")
    kept = builder.machine(site.managed, "worker-idle", "Standard_D4s_v5")
    builder.usage[kept.cost_id] = "idle"
    yield Case("idle_vms", kept, "not_applicable", "Its resource group is managed by Databricks.")


def _of_kind(
    site: Site,
    check: str,
    resource_type: str,
    stem: str,
    rows: Found,
    home: int = 0,
    meter: Meter | None = None,
    **values: Any,
) -> Iterator[Case]:
    for name, use, days, verdict in rows:
        found: Listed = site.builder.listed(
            site.homes[home], resource_type, f"{stem}{name}", created=site.builder.instant(days), meter=meter, **values
        )
        site.builder.usage[found.cost_id] = use
        yield Case(check, found, verdict, f"Use {use}, {days} days old.")


def _network(site: Site) -> Iterator[Case]:
    network = "Microsoft.Network"
    subnet = {"id": site.network("virtualNetworks/vnet-use/subnets/default")}
    target = {"backendIPConfigurations": [{"id": site.network("networkInterfaces/nic-use/ipConfigurations/a")}]}
    pool = {"id": site.network("x/backendAddressPools/one"), "name": "one", "properties": target}
    rule = {"name": "http", "properties": {"protocol": "Tcp", "frontendPort": 80, "backendPort": 80}}
    yield from _of_kind(
        *(site, "idle_nat_gateways", f"{network}/natGateways", "ng-use-", IDLE),
        meter=hourly("NAT Gateway", "NAT Gateway", "Standard Gateway", "0.045"),
        properties={"subnets": [subnet], "publicIpAddresses": [subnet]},
        sku={"name": "Standard"},
    )
    yield from _of_kind(
        *(site, "idle_load_balancers", f"{network}/loadBalancers", "lb-use-", IDLE),
        properties={"backendAddressPools": [pool], "loadBalancingRules": [rule], "frontendIPConfigurations": []},
        sku={"name": "Standard", "tier": "Regional"},
    )
    address = {"name": "ip", "properties": {"publicIPAddress": {"id": site.network("publicIPAddresses/pip-use")}}}
    rules = [{"name": "allow", "properties": {"rules": [{"name": "a"}], "priority": 100}}]
    yield from _of_kind(
        *(site, "idle_firewalls", f"{network}/azureFirewalls", "fw-use-", IDLE),
        properties={
            "ipConfigurations": [address],
            "networkRuleCollections": rules,
            "sku": {"name": "AZFW_VNet", "tier": "Standard"},
        },
    )
    yield from _of_kind(
        *(site, "idle_application_gateways", f"{network}/applicationGateways", "agw-use-", IDLE),
        properties={
            "sku": {"name": "Standard_v2", "tier": "Standard_v2"},
            "autoscaleConfiguration": {"minCapacity": 0, "maxCapacity": 2},
            "operationalState": "Running",
            "backendAddressPools": [{"name": "one", "properties": {"backendAddresses": [{"fqdn": "app.example"}]}}],
            "requestRoutingRules": [{"name": "r", "properties": {"backendAddressPool": {"id": "x"}}}],
        },
    )


def _data(site: Site) -> Iterator[Case]:
    yield from _of_kind(
        *(site, "idle_cosmos_accounts", "Microsoft.DocumentDB/databaseAccounts", "cosmos-use-", STRICT, 1),
        properties={"databaseAccountOfferType": "Standard"},
        kind="GlobalDocumentDB",
    )
    yield from _of_kind(
        *(site, "idle_storage_accounts", "Microsoft.Storage/storageAccounts", "stuse", IDLE, 1),
        sku={"name": "Standard_LRS", "tier": "Standard"},
        kind="StorageV2",
    )
    online = {"status": "Online", "currentServiceObjectiveName": "S3"}
    meter = Meter("SQL Database", "SQL Database", "Single Standard", "S3 DTUs", "4.8390", 1, 0)
    for case in _of_kind(
        *(site, "idle_sql_databases", "Microsoft.Sql/servers/databases", "sql-batch/use-", STRICT, 1, meter),
        properties=online,
        sku={"name": "Standard", "tier": "Standard", "capacity": 100},
    ):
        yield case
        size: Verdict = "waste" if site.builder.usage[case.resource.cost_id] == "scanned" else case.verdict
        yield Case("oversized_sql_databases", case.resource, size, f"Larger than it needs, too. {case.reason}")
    rows: Found = (*(one for one in IDLE if one[0] != "scanned"), ("steady", "scanned", 300, "waste"))
    pools = list(
        _of_kind(
            *(site, "idle_sql_elastic_pools", "Microsoft.Sql/servers/elasticPools", "sql-batch/pool-use-", rows, 1),
            properties={"state": "Ready"},
            sku={"name": "StandardPool", "tier": "Standard", "capacity": 50},
        )
    )
    for pool in pools:
        inside = {**online, "elasticPoolId": pool.resource.plain_id}
        name = f"sql-batch/in-{pool.resource.name.rpartition('/')[2]}"
        site.builder.listed(site.homes[1], "Microsoft.Sql/servers/databases", name, inside)
    yield from pools


def _apps(site: Site) -> Iterator[Case]:
    rows: tuple[tuple[str, str, int, str, Verdict], ...] = (
        ("unused", "unused", 300, "app", "waste"),
        ("warm", "scanned", 300, "app,linux", "ok"),
        ("used", "busy", 300, "app", "ok"),
        ("silent", "silent", 300, "app", "undetermined"),
        ("clock", "unused", 300, "functionapp,linux", "not_applicable"),
        ("new", "unused", 12, "app", "not_applicable"),
    )
    builder, home = site.builder, site.homes[0]
    meter = Meter("Azure App Service", "Azure App Service", "Premium v3 Plan", "P1 v3 App", "0.1550", 24, 0)
    for name, use, days, kind, verdict in rows:
        properties: Mapping[str, Any] = {"numberOfSites": 1, "numberOfWorkers": 1, "status": "Ready"}
        sku = {"name": "P1v3", "tier": "PremiumV3", "capacity": 1}
        created = builder.instant(days)
        plan = builder.listed(
            home, "Microsoft.Web/serverFarms", f"asp-use-{name}", properties, sku=sku, created=created, meter=meter
        )
        builder.usage[plan.cost_id] = use
        app = {"serverFarmId": plan.plain_id, "state": "Running", "enabled": True}
        builder.listed(home, "Microsoft.Web/sites", f"app-use-{name}", app, kind=kind)
        yield Case("idle_app_service_plans", plan, verdict, f"Use {use}, {kind}, {days} days old.")
        size: Verdict = verdict if name in ("silent", "new") else "ok"
        yield Case("oversized_app_service_plans", plan, size, f"Use {use}: its memory is full, {days} days old.")


def _functions(site: Site) -> Iterator[Case]:
    """Add function apps, of which the plan that they share is billed by executions."""
    builder, home = site.builder, site.homes[0]
    shared = builder.listed(
        home, "Microsoft.Web/serverFarms", "asp-dynamic", {"numberOfSites": 9}, sku={"name": "Y1", "tier": "Dynamic"}
    )
    rows: tuple[tuple[str, str, int, str, str, Verdict], ...] = (
        ("unused", "functions_unused", 300, "functionapp,linux", "Dynamic", "waste"),
        ("DEDICATED", "functions_unused", 300, "functionapp", "Standard", "waste"),
        ("rare", "functions_rare", 300, "functionapp,linux", "Dynamic", "ok"),
        ("used", "busy", 300, "functionapp", "Dynamic", "ok"),
        ("silent", "silent", 300, "functionapp", "Dynamic", "undetermined"),
        ("new", "functions_unused", 12, "functionapp", "Dynamic", "not_applicable"),
        ("stopped", "functions_unused", 300, "functionapp", "Dynamic", "ok"),
        ("flexible", "functions_unused", 300, "functionapp,linux", "FlexConsumption", "ok"),
        ("workflow", "functions_unused", 300, "functionapp,workflowapp", "WorkflowStandard", "ok"),
        ("page", "functions_unused", 300, "app", "Standard", "ok"),
    )
    for name, use, days, kind, tier, verdict in rows:
        state = "Stopped" if name == "stopped" else "Running"
        properties = {"serverFarmId": shared.plain_id, "state": state, "enabled": True, "sku": tier}
        app = builder.listed(
            home, "Microsoft.Web/sites", f"func-use-{name}", properties, kind=kind, created=builder.instant(days)
        )
        builder.usage[app.cost_id] = use
        yield Case("idle_function_apps", app, verdict, f"Use {use}, {kind}, {days} days old.")


def _circuits(site: Site) -> Iterator[Case]:
    kind = "Microsoft.Network"
    gateways = list(
        _of_kind(
            *(site, "idle_express_route_gateways", f"{kind}/virtualNetworkGateways", "ergw-use-", IDLE),
            properties={
                "gatewayType": "ExpressRoute",
                "sku": {"name": "ErGw1AZ", "tier": "ErGw1AZ", "capacity": 2},
                "ipConfigurations": [{"id": "default", "properties": {}}],
            },
        )
    )
    for gateway in gateways:
        joined = {
            "connectionType": "ExpressRoute",
            "connectionStatus": "Connected",
            "virtualNetworkGateway1": {"id": gateway.resource.plain_id.upper()},
            "peer": {"id": site.network("expressRouteCircuits/erc-main")},
        }
        site.builder.listed(site.homes[1], f"{kind}/connections", f"cn-{gateway.resource.name}", joined)
    yield from gateways
