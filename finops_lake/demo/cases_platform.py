"""Databases, clusters, analytics and messaging by their use, and what a check must tell apart from idle ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict
from finops_lake.demo.cases_network import hourly
from finops_lake.demo.catalogue import Meter
from finops_lake.demo.model import Listed

Row = tuple[str, str, int, Mapping[str, Any], Verdict]
"""Name, use, age in days, properties besides those of its kind, and verdict."""


def plant(site: Site) -> Iterator[Case]:
    """Plant platform services and yield their cases."""
    for step in (_servers, _instances, _clusters, _analytics, _messaging, _gateways, _vaults, _tiers):
        yield from step(site)


def _planted(
    site: Site, check: str, kind: str, stem: str, rows: tuple[Row, ...], properties: Mapping[str, Any], **values: Any
) -> Iterator[Case]:
    home = site.homes[values.pop("home", 1)]
    for name, use, days, special, verdict in rows:
        found: Listed = site.builder.listed(
            home, kind, f"{stem}{name}", {**properties, **special}, created=site.builder.instant(days), **values
        )
        site.builder.usage[found.cost_id] = use
        yield Case(check, found, verdict, f"Use {use}, {days} days old, {dict(special) or 'nothing special'}.")


def _servers(site: Site) -> Iterator[Case]:
    rows: tuple[Row, ...] = (
        ("unused", "unused", 300, {}, "waste"),
        ("standby", "unused", 300, {"highAvailability": {"mode": "ZoneRedundant"}}, "waste"),
        ("replica", "unused", 300, {"replicationRole": "AsyncReplica"}, "not_applicable"),
        ("pooled", "pooled", 300, {}, "ok"),
        ("strained", "strained", 300, {}, "ok"),
        ("used", "busy", 300, {}, "ok"),
        ("silent", "silent", 300, {}, "undetermined"),
        ("new", "unused", 12, {}, "not_applicable"),
        ("asleep", "unused", 300, {"state": "Stopped"}, "ok"),
    )
    check, sku = "idle_flexible_servers", {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"}
    for kind, stem, service in (
        ("Microsoft.DBforPostgreSQL/flexibleServers", "psql-use-", "Azure Database for PostgreSQL"),
        ("Microsoft.DBforMySQL/flexibleServers", "mysql-use-", "Azure Database for MySQL"),
    ):
        meter = Meter(service, service, "Flexible Server General Purpose Ddsv5 Series Compute", "vCore", "0.089", 96, 0)
        awake = (
            rows
            if "PostgreSQL" in kind
            else (*rows[:1], ("source", "unused", 300, {"replicationRole": "Source"}, "not_applicable"), *rows[3:-1])
        )
        cases = list(_planted(site, check, kind, stem, awake, {"state": "Ready"}, sku=sku, meter=meter))
        yield from cases
        for case in cases:
            is_stopped = case.resource.name.endswith("asleep")
            yield Case("stopped_flexible_servers", case.resource, "waste" if is_stopped else "ok", "As its state says.")


def _instances(site: Site) -> Iterator[Case]:
    rows: tuple[Row, ...] = (
        ("low", "unused", 300, {"vCores": 8}, "waste"),
        ("least", "unused", 300, {"vCores": 4}, "ok"),
        ("pooled", "unused", 300, {"vCores": 8, "instancePoolId": site.network("x/instancePools/p")}, "ok"),
        ("used", "busy", 300, {"vCores": 16}, "ok"),
        ("silent", "silent", 300, {"vCores": 8}, "undetermined"),
        ("new", "unused", 5, {"vCores": 8}, "not_applicable"),
    )
    yield from _planted(
        *(site, "oversized_sql_managed_instances", "Microsoft.Sql/managedInstances", "sqlmi-use-", rows),
        {"state": "Ready", "licenseType": "BasePrice", "storageSizeInGB": 256},
        sku={"name": "GP_Gen5", "tier": "GeneralPurpose"},
        meter=hourly("SQL Managed Instance", "SQL Managed Instance General Purpose", "vCore", "0.126", 8),
    )


def _clusters(site: Site) -> Iterator[Case]:
    pool = {"name": "user", "count": 4, "vmSize": "Standard_D4s_v5", "mode": "User", "osType": "Linux"}
    scaled = {**pool, "enableAutoScaling": True, "minCount": 4, "maxCount": 9}
    system = {**pool, "name": "system", "mode": "System", "count": 1}
    paused = {"powerState": {"code": "Stopped"}}
    rows: tuple[Row, ...] = (
        ("low", "unused", 300, {"agentPoolProfiles": [system, pool]}, "waste"),
        ("wide", "unused", 300, {"agentPoolProfiles": [system, {**scaled, "minCount": 2}]}, "waste"),
        ("least", "unused", 300, {"agentPoolProfiles": [system, scaled]}, "not_applicable"),
        ("single", "unused", 300, {"agentPoolProfiles": [system]}, "not_applicable"),
        (
            "auto",
            "unused",
            300,
            {"agentPoolProfiles": [pool], "nodeProvisioningProfile": {"mode": "Auto"}},
            "not_applicable",
        ),
        ("cache", "full", 300, {"agentPoolProfiles": [pool]}, "ok"),
        ("strained", "strained", 300, {"agentPoolProfiles": [pool]}, "ok"),
        ("stopped", "silent", 300, {"agentPoolProfiles": [pool], **paused}, "ok"),
        ("silent", "silent", 300, {"agentPoolProfiles": [pool]}, "undetermined"),
        ("new", "unused", 5, {"agentPoolProfiles": [pool]}, "not_applicable"),
    )
    yield from _planted(
        *(site, "underused_kubernetes_clusters", "Microsoft.ContainerService/managedClusters", "aks-use-", rows),
        {"powerState": {"code": "Running"}, "nodeResourceGroup": "MC_aks-use"},
        sku={"name": "Base", "tier": "Standard"},
        meter=Meter("Azure Kubernetes Service", "Azure Kubernetes Service", "", "Standard Uptime SLA", "0.10", 24, 0),
    )


def _used(*special: Row) -> tuple[Row, ...]:
    """Return what each service of which a metric counts the use is planted as, and what is special about its kind."""
    return (
        ("unused", "unused", 300, {}, "waste"),
        ("scanned", "scanned", 300, {}, "ok"),
        ("used", "busy", 300, {}, "ok"),
        ("silent", "silent", 300, {}, "undetermined"),
        ("new", "unused", 12, {}, "not_applicable"),
        *special,
    )


def _analytics(site: Site) -> Iterator[Case]:
    yield from _planted(
        *(site, "idle_synapse_sql_pools", "Microsoft.Synapse/workspaces/sqlPools", "syn-use/dw"),
        _used(("paused", "silent", 300, {"status": "Paused"}, "ok")),
        {"status": "Online"},
        sku={"name": "DW100c"},
        meter=hourly("Azure Synapse Analytics", "Azure Synapse Analytics Dedicated SQL Pool", "100 DWUs", "1.20"),
    )
    yield from _planted(
        *(site, "idle_data_explorer_clusters", "Microsoft.Kusto/clusters", "adxuse"),
        _used(
            ("kept", "unused", 300, {"enableAutoStop": False}, "waste"),
            ("stopped", "silent", 300, {"state": "Stopped"}, "ok"),
        ),
        {"state": "Running", "enableAutoStop": True, "optimizedAutoscale": {"isEnabled": True}},
        sku={"name": "Standard_E2a_v4", "tier": "Standard", "capacity": 2},
        meter=hourly("Azure Data Explorer", "Azure Data Explorer", "Standard Engine", "0.11", 4),
    )


def _messaging(site: Site) -> Iterator[Case]:
    dedicated = {"clusterArmId": f"{site.homes[1].resource_id}/providers/Microsoft.EventHub/clusters/evhc"}
    yield from _planted(
        *(site, "idle_event_hubs", "Microsoft.EventHub/namespaces", "evhns-use-"),
        _used(("inside", "silent", 300, dedicated, "ok")),
        {"status": "Active", "isAutoInflateEnabled": False},
        sku={"name": "Standard", "tier": "Standard", "capacity": 4},
        meter=hourly("Event Hubs", "Event Hubs", "Standard Throughput Unit", "0.03", 4),
    )
    check, kind = "idle_service_bus_namespaces", "Microsoft.ServiceBus/namespaces"
    yield from _planted(
        *(site, check, kind, "sb-use-", _used(), {"status": "Active"}),
        sku={"name": "Premium", "tier": "Premium", "capacity": 1},
        meter=hourly("Service Bus", "Service Bus", "Premium Messaging Unit", "0.9275"),
    )
    rows: tuple[Row, ...] = (("standard", "silent", 300, {}, "ok"),)
    yield from _planted(
        *(site, check, kind, "sb-use-", rows, {"status": "Active"}),
        sku={"name": "Standard", "tier": "Standard"},
        meter=hourly("Service Bus", "Service Bus", "Standard Base Unit", "0.0135"),
    )


def _gateways(site: Site) -> Iterator[Case]:
    check, kind = "idle_api_management", "Microsoft.ApiManagement/service"
    made = {"createdAtUtc": "2024-05-01T00:00:00Z"}
    yield from _planted(
        *(site, check, kind, "apim-use-", _used(), made),
        sku={"name": "Standard", "capacity": 1},
        meter=hourly("API Management", "API Management", "Standard Units", "0.9407"),
    )
    rows: tuple[Row, ...] = (("second", "unused", 300, {}, "waste"),)
    yield from _planted(
        *(site, check, kind, "apim-use-", rows, made),
        sku={"name": "StandardV2", "capacity": 1},
        meter=hourly("API Management", "API Management", "Standard v2 Unit", "0.9589"),
    )
    rows = (("calls", "silent", 300, {}, "ok"),)
    yield from _planted(*(site, check, kind, "apim-use-", rows, made), sku={"name": "Consumption", "capacity": 0})
    check, kind = "idle_container_registries", "Microsoft.ContainerRegistry/registries"
    for tier, price, cases in (
        ("Premium", "1.6666", _used()),
        ("Standard", "0.6666", (("standard", "unused", 300, {}, "waste"),)),
        ("Basic", "0.1666", (("basic", "silent", 300, {}, "ok"),)),
    ):
        yield from _planted(
            *(site, check, kind, "cruse", cases, {"creationDate": "2024-05-01T00:00:00Z"}),
            sku={"name": tier, "tier": tier},
            meter=Meter("Container Registry", "Container Registry", "", f"{tier} Registry Unit", price, 1, 0),
        )


def _vaults(site: Site) -> Iterator[Case]:
    recovery, backup = "Microsoft.RecoveryServices/vaults", "Microsoft.DataProtection/backupVaults"
    far = {"redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant"}}
    near = {"redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant"}}
    stores = {"storageSettings": [{"datastoreType": "VaultStore", "type": "GeoRedundant"}]}
    meter = Meter("Backup", "Backup", "Backup", "GRS Data Stored", "0.0448", 3_300_000, 6)
    rows: tuple[tuple[str, str, Mapping[str, Any], str, Verdict], ...] = (
        (recovery, "rsv-test", far, "test", "waste"),
        (backup, "bv-sandbox", stores, "Sandbox", "waste"),
        (recovery, "rsv-near", near, "test", "ok"),
        (recovery, "rsv-prod", far, "prod", "ok"),
    )
    for kind, name, properties, environment, verdict in rows:
        sku = {"name": "RS0", "tier": "Standard"}
        found: Listed = site.builder.listed(
            site.homes[1], kind, name, properties, sku=sku, tags={"env": environment}, meter=meter
        )
        yield Case("geo_redundant_vaults_in_non_production", found, verdict, f"{environment}, {dict(properties)}.")


def _tiers(site: Site) -> Iterator[Case]:
    rows: tuple[tuple[str, str, str, Verdict], ...] = (
        ("sb-tier-test", "Premium", "test", "waste"),
        ("sb-tier-qa", "Standard", "qa", "ok"),
        ("sb-tier-shop", "Premium", "prod", "ok"),
    )
    for name, tier, environment, verdict in rows:
        found: Listed = site.builder.listed(
            *(site.homes[0], "Microsoft.ServiceBus/namespaces", name, {"status": "Active"}),
            sku={"name": tier, "tier": tier, "capacity": 1},
            tags={"Environment": environment},
            meter=hourly("Service Bus", "Service Bus", f"{tier} Messaging Unit", "0.9275"),
        )
        yield Case("premium_tiers_in_non_production", found, verdict, f"{tier}, {environment}.")
