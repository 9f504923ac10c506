"""Databases, storage, monitoring, backup and analytics: empty, idle, and merely unusual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict
from finops_lake.demo.cases_network import hourly
from finops_lake.demo.catalogue import Meter

Row = tuple[str, str, dict[str, Any], dict[str, Any] | None, Verdict, str]


def plant(site: Site) -> Iterator[Case]:
    """Plant databases, storage and the like, and yield their cases."""
    for step in (_pools, _databases, _storage, _monitoring, _backup, _analytics):
        yield from step(site)


def _pools(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[1]
    product = "SQL Database Elastic Pool - Standard"
    meter, smaller = (Meter("SQL Database", "SQL Database", product, "eDTUs", one, 1, 0) for one in ("7.35", "3.675"))
    server = builder.listed(home, "Microsoft.Sql/servers", "sql-batch", {"state": "Ready", "version": "12.0"})
    kind, sku = "Microsoft.Sql/servers/elasticPools", {"name": "StandardPool", "tier": "Standard", "capacity": 100}
    builder.listed(site.homes[0], "Microsoft.Sql/servers", "sql-legacy", {"state": "Ready", "version": "12.0"})
    left = builder.listed(
        site.homes[0], kind, "sql-legacy/pool-left", {"state": "Ready"}, sku={**sku, "capacity": 50}, meter=smaller
    )
    yield Case("empty_sql_elastic_pools", left, "waste", "It is alone on its server.")
    empty = builder.listed(home, kind, "sql-batch/pool-empty", {"state": "Ready"}, sku=sku, meter=meter)
    yield Case("empty_sql_elastic_pools", empty, "waste", "Only master is on its server.")
    used = builder.listed(home, kind, "sql-batch/pool-used", {"state": "Ready"}, sku=sku, meter=meter)
    yield Case("empty_sql_elastic_pools", used, "ok", "A database is in it.")
    master = {"status": "Online", "currentServiceObjectiveName": "System0"}
    builder.listed(home, "Microsoft.Sql/servers/databases", f"{server.name}/master", master, kind="v12.0,system")
    inside = {"status": "Online", "elasticPoolId": used.plain_id.upper(), "currentServiceObjectiveName": "ElasticPool"}
    builder.listed(home, "Microsoft.Sql/servers/databases", f"{server.name}/orders", inside, kind="v12.0,user,pool")
    yield from _licences(site, inside)


def _licences(site: Site, inside: dict[str, Any]) -> Iterator[Case]:
    """Add SQL by vCore, with its licence paid by the hour, brought along, and not to be had."""
    home, servers = site.homes[1], "Microsoft.Sql/servers"
    paid, own = {"licenseType": "LicenseIncluded"}, {"licenseType": "BasePrice"}
    serverless = {**paid, "autoPauseDelay": 60}
    rows: tuple[tuple[str, str, str, dict[str, Any], Verdict, str], ...] = (
        ("databases", f"{servers}/databases", "sql-batch/ledger", paid, "waste", "Paid by the hour."),
        ("databases", f"{servers}/databases", "sql-batch/owned", own, "ok", "Brought along."),
        ("databases", f"{servers}/databases", "sql-batch/paused", serverless, "ok", "Serverless."),
        ("databases", f"{servers}/databases", "sql-batch/pooled", {**inside, **paid}, "ok", "Its pool pays."),
        ("elastic_pools", f"{servers}/elasticPools", "sql-batch/pool-vcore", paid, "waste", "Paid by the hour."),
        ("managed_instances", "Microsoft.Sql/managedInstances", "sqlmi-batch", paid, "waste", "Paid by the hour."),
        ("managed_instances", "Microsoft.Sql/managedInstances", "sqlmi-owned", own, "ok", "Brought along."),
    )
    sku = {"name": "GP_Gen5", "tier": "GeneralPurpose", "capacity": 4}
    for kind, resource_type, name, properties, verdict, reason in rows:
        found = site.builder.listed(home, resource_type, name, properties, sku=sku)
        yield Case(f"sql_{kind}_without_hybrid_benefit", found, verdict, reason)
        if kind == "elastic_pools":
            part = {"elasticPoolId": found.plain_id}
            site.builder.listed(home, f"{servers}/databases", "sql-batch/member", part)


def _databases(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[0]
    vcore = Meter("Azure Database for PostgreSQL", "Flexible Server", "General Purpose", "vCore", "0.089", 960_000)
    service = "Azure Database for PostgreSQL"
    product = f"{service} Flex Server Storage"
    stored = Meter(service, service, product, "Storage Data Stored", "0.115", 128 * 33_336, 6)
    storage = {"storageSizeGB": 128, "type": "Premium_LRS"}
    sku = {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"}
    for name, state, verdict in (("psql-stopped", "Stopped", "waste"), ("psql-main", "Ready", "ok")):
        properties = {"state": state, "version": "16", "storage": storage, "replicationRole": "None"}
        server = builder.listed(
            home,
            "Microsoft.DBforPostgreSQL/flexibleServers",
            name,
            properties,
            sku=sku,
            meter=vcore if state == "Ready" else stored,
        )
        yield Case("stopped_flexible_servers", server, verdict, f"State {state}.")  # type: ignore[arg-type]
    periodic = {
        "type": "Periodic",
        "periodicModeProperties": {"backupIntervalInMinutes": 240, "backupRetentionIntervalInHours": 160},
    }
    account = builder.listed(
        home,
        "Microsoft.DocumentDB/databaseAccounts",
        "cosmos-many-copies",
        {"backupPolicy": periodic, "databaseAccountOfferType": "Standard"},
        kind="GlobalDocumentDB",
        meter=hourly("Azure Cosmos DB", "Azure Cosmos DB", "100 RU/s", "0.008"),
    )
    yield Case("cosmos_backup_copies", account, "waste", "It keeps 40 copies.")
    two = {"type": "Periodic", "periodicModeProperties": {"backupIntervalInMinutes": 240}}
    two["periodicModeProperties"]["backupRetentionIntervalInHours"] = 8  # type: ignore[index]
    account = builder.listed(home, "Microsoft.DocumentDB/databaseAccounts", "cosmos-default", {"backupPolicy": two})
    yield Case("cosmos_backup_copies", account, "ok", "It keeps the two that are free.")


def _storage(site: Site) -> Iterator[Case]:
    kind = "Microsoft.Storage/storageAccounts"
    created = {"creationTime": "2019-03-01T08:00:00.0000000Z"}
    rows: tuple[tuple[int, str, str, str, str, Verdict, Verdict], ...] = (
        (0, "stlegacyclassic", "Storage", "Standard_LRS", "dev", "waste", "ok"),
        (2, "stsandboxgrs", "StorageV2", "Standard_GRS", "dev", "ok", "waste"),
        (2, "stsandboxzones", "StorageV2", "Standard_RAGZRS", "Test", "ok", "waste"),
        (0, "stledger", "StorageV2", "Standard_RAGRS", "prod", "ok", "ok"),
    )
    for home, name, variant, sku, environment, legacy, regions in rows:
        tier, tags = {"name": sku, "tier": "Standard"}, {"env": environment}
        account = site.builder.listed(site.homes[home], kind, name, created, sku=tier, kind=variant, tags=tags)
        yield Case("legacy_storage_accounts", account, legacy, f"Kind {variant}.")
        yield Case("geo_redundant_storage_in_non_production", account, regions, f"{sku}, {environment}.")


def _monitoring(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.OperationalInsights/workspaces"
    meter = Meter("Log Analytics", "Log Analytics", "Log Analytics", "Data Retention", "0.11", 60_000)
    rows: tuple[tuple[str, int, str, Verdict, Verdict], ...] = (
        ("log-forever", 730, "PerGB2018", "waste", "ok"),
        ("log-by-node", 31, "PerNode", "ok", "waste"),
        ("log-main", 90, "CapacityReservation", "ok", "ok"),
    )
    for name, days, tier, long, legacy in rows:
        sku = {"name": tier, **({"capacityReservationLevel": 100} if tier.startswith("Cap") else {})}
        properties = {
            "sku": sku,
            "retentionInDays": days,
            "workspaceCapping": {"dailyQuotaGb": -1.0},
            "createdDate": "2022-01-01T00:00:00.0000000Z",
        }
        space = builder.listed(site.homes[0], kind, name, properties, meter=meter)
        yield Case("log_analytics_long_retention", space, long, f"Kept for {days} days.")
        yield Case("log_analytics_legacy_plans", space, legacy, f"On the plan {tier}.")
        if name == "log-main":
            watched = {"workspaceResourceId": space.plain_id}
            builder.listed(
                site.homes[0], "Microsoft.OperationsManagement/solutions", f"SecurityInsights({name})", watched
            )
    insights = {"WorkspaceResourceId": space.plain_id, "RetentionInDays": 90, "IngestionMode": "LogAnalytics"}
    builder.listed(site.homes[0], "Microsoft.Insights/components", "appi-shop", insights, kind="web")


def _backup(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[0]
    redundancy = {"redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant"}}
    builder.listed(home, "Microsoft.RecoveryServices/vaults", "rsv-main", redundancy, sku={"name": "RS0"})
    kind = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"
    machines = f"{home.resource_id}/providers/Microsoft.Compute/virtualMachines"
    meter = Meter("Backup", "Backup", "Backup", "Azure VM Protected Instances", "10", 33_336, 6)
    rows: tuple[tuple[str, int, Verdict, Verdict], ...] = (
        ("vm-legacy-app01", 1, "ok", "ok"),
        ("vm-legacy-app02", 120, "waste", "ok"),
        ("vm-long-gone", 2, "ok", "waste"),
    )
    for name, days, stale, orphaned in rows:
        item = f"rsv-main/Azure/IaasVMContainer;{name}/VM;{name}"
        properties = {
            "sourceResourceId": f"{machines}/{name}",
            "lastBackupTime": f"{builder.instant(days):%Y-%m-%dT%H:%M:%S}.1234567Z",
            "protectionState": "Protected",
            "workloadType": "VM",
            "backupManagementType": "AzureIaasVM",
            "policyName": "daily",
        }
        found = builder.listed(home, kind, item, properties, meter=meter)
        yield Case("stale_backups", found, stale, f"Backed up {days} days ago.")
        yield Case("backups_of_deleted_resources", found, orphaned, f"Of {name}.")
    policies: tuple[tuple[str, int, int, Verdict], ...] = (
        ("daily", 104, 3, "waste"),
        ("weekly", 12, 5, "ok"),
        ("unused", 200, 0, "ok"),
    )
    for name, weeks, items, verdict in policies:
        retention = {"weeklySchedule": {"retentionDuration": {"count": weeks, "durationType": "Weeks"}}}
        policy = {"backupManagementType": "AzureIaasVM", "protectedItemsCount": items, "retentionPolicy": retention}
        kept = builder.listed(home, "Microsoft.RecoveryServices/vaults/backupPolicies", f"rsv-main/{name}", policy)
        yield Case("long_backup_retention", kept, verdict, f"{weeks} weeks, of {items} items.")


def _analytics(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[1]
    cluster = hourly("Azure Data Explorer", "Azure Data Explorer", "Standard Engine", "0.11")
    scaling = "data_explorer_without_autoscale"
    automatic = {"state": "Running", "optimizedAutoscale": {"isEnabled": True}}
    rows: tuple[Row, ...] = (
        ("Microsoft.Kusto/clusters", "adx-batch", {"state": "Running"}, {"name": "Standard_E2a_v4", "capacity": 2},
         "waste", scaling),
        ("Microsoft.Kusto/clusters", "adxscaling", automatic, {"name": "Standard_E2a_v4", "capacity": 2},
         "ok", scaling),
        ("Microsoft.Kusto/clusters", "adxstopped", {"state": "Stopped"}, {"name": "Standard_E2a_v4", "capacity": 2},
         "not_applicable", scaling),
        ("Microsoft.ApiManagement/service", "apim-dev-in-prod", {"createdAtUtc": "2024-05-01T00:00:00Z"},
         {"name": "Developer", "capacity": 1}, "waste", "developer_tiers_in_production"),
        ("Microsoft.ApiManagement/service", "apim-prod", {"createdAtUtc": "2024-05-01T00:00:00Z"},
         {"name": "StandardV2", "capacity": 1}, "ok", "developer_tiers_in_production"),
    )  # fmt: skip
    for kind, name, properties, sku, verdict, check in rows:
        resource = builder.listed(home, kind, name, properties, sku=sku, meter=cluster if verdict == "waste" else None)
        yield Case(check, resource, verdict, f"{(sku or {}).get('name')}, {properties}.")
    _unjudged(site, cluster)
    workspace = {"managedResourceGroupId": f"{site.managed.resource_id.lower()}"}
    builder.listed(site.homes[0], "Microsoft.Databricks/workspaces", "dbw-contoso", workspace, sku={"name": "premium"})


def _unjudged(site: Site, meter: Meter) -> None:
    """Add what only its metrics could tell to be idle: no check says anything of it."""
    rows: tuple[tuple[str, str, dict[str, Any], dict[str, Any] | None], ...] = (
        ("Microsoft.Synapse/workspaces/sqlPools", "syn-batch/dw", {"status": "Online"}, {"name": "DW100c"}),
        ("Microsoft.Fabric/capacities", "fabricbatch", {"state": "Active"}, {"name": "F2", "tier": "Fabric"}),
        ("Microsoft.Fabric/capacities", "fabricpaused", {"state": "Paused"}, {"name": "F64", "tier": "Fabric"}),
        ("Microsoft.MachineLearningServices/workspaces/computes", "mlw-batch/ci-anna",
         {"computeType": "ComputeInstance", "properties": {"state": "Running", "vmSize": "STANDARD_NC6S_V3"}}, None),
        ("Microsoft.EventHub/namespaces", "evhns-batch", {"status": "Active", "isAutoInflateEnabled": False},
         {"name": "Premium", "tier": "Premium", "capacity": 1}),
    )  # fmt: skip
    for kind, name, properties, sku in rows:
        paid = None if name == "fabricpaused" else meter
        site.builder.listed(site.homes[1], kind, name, properties, sku=sku, meter=paid)
