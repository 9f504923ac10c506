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
    meter = Meter("SQL Database", "SQL Database", "Elastic Pool - Standard", "eDTUs", "7.35", 1, 0)
    server = builder.listed(home, "Microsoft.Sql/servers", "sql-batch", {"state": "Ready", "version": "12.0"})
    kind, sku = "Microsoft.Sql/servers/elasticPools", {"name": "StandardPool", "tier": "Standard", "capacity": 100}
    empty = builder.listed(home, kind, "sql-batch/pool-empty", {"state": "Ready"}, sku=sku, meter=meter)
    yield Case("elastic_pools", empty, "waste", "Only master is on its server.")
    used = builder.listed(home, kind, "sql-batch/pool-used", {"state": "Ready"}, sku=sku, meter=meter)
    yield Case("elastic_pools", used, "ok", "A database is in it.")
    master = {"status": "Online", "currentServiceObjectiveName": "System0"}
    builder.listed(home, "Microsoft.Sql/servers/databases", f"{server.name}/master", master, kind="v12.0,system")
    inside = {"status": "Online", "elasticPoolId": used.plain_id.upper(), "currentServiceObjectiveName": "ElasticPool"}
    builder.listed(home, "Microsoft.Sql/servers/databases", f"{server.name}/orders", inside, kind="v12.0,user,pool")


def _databases(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[0]
    vcore = Meter("Azure Database for PostgreSQL", "Flexible Server", "General Purpose", "vCore", "0.089", 960_000)
    storage = {"storageSizeGB": 128}
    sku = {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"}
    for name, state, verdict in (("psql-stopped", "Stopped", "waste"), ("psql-main", "Ready", "ok")):
        properties = {"state": state, "version": "16", "storage": storage, "replicationRole": "None"}
        server = builder.listed(
            home,
            "Microsoft.DBforPostgreSQL/flexibleServers",
            name,
            properties,
            sku=sku,
            meter=vcore if state == "Ready" else None,
        )
        yield Case("flexible_servers", server, verdict, f"State {state}.")  # type: ignore[arg-type]
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
    yield Case("cosmos_accounts", account, "waste", "It keeps 40 copies.")


def _storage(site: Site) -> Iterator[Case]:
    kind = "Microsoft.Storage/storageAccounts"
    created = {"creationTime": "2019-03-01T08:00:00.0000000Z"}
    rows: tuple[Row, ...] = (
        (kind, "stlegacyclassic", created, {"name": "Standard_LRS", "tier": "Standard"}, "waste", "Kind Storage."),
        (kind, "stsandboxgrs", created, {"name": "Standard_GRS", "tier": "Standard"}, "waste", "Two regions, for dev."),
    )
    for row, home, variant in zip(rows, (site.homes[0], site.homes[2]), ("Storage", "StorageV2"), strict=True):
        account = site.builder.listed(home, *row[:3], sku=row[3], kind=variant, tags={"env": "dev"})
        yield Case("storage_accounts", account, row[4], row[5])


def _monitoring(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.OperationalInsights/workspaces"
    meter = Meter("Log Analytics", "Log Analytics", "Log Analytics", "Data Retention", "0.11", 60_000)
    for name, days, tier, verdict in (
        ("log-forever", 730, "PerGB2018", "waste"),
        ("log-by-node", 31, "PerNode", "waste"),
        ("log-main", 90, "CapacityReservation", "ok"),
    ):
        sku = {"name": tier, **({"capacityReservationLevel": 100} if tier.startswith("Cap") else {})}
        properties = {
            "sku": sku,
            "retentionInDays": days,
            "workspaceCapping": {"dailyQuotaGb": -1.0},
            "createdDate": "2022-01-01T00:00:00.0000000Z",
        }
        space = builder.listed(site.homes[0], kind, name, properties, meter=meter)
        yield Case("log_workspaces", space, verdict, f"Kept for {days} days, {tier}.")  # type: ignore[arg-type]
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
    rows: tuple[tuple[str, int, Verdict, str], ...] = (
        ("vm-legacy-app01", 1, "ok", "Backed up yesterday."),
        ("vm-legacy-app02", 120, "waste", "Not backed up for 120 days."),
        ("vm-long-gone", 2, "waste", "Its machine does not exist any more."),
    )
    for name, days, verdict, reason in rows:
        item = f"rsv-main/Azure/IaasVMContainer;{name}/VM;{name}"
        properties = {
            "sourceResourceId": f"{machines}/{name}",
            "lastBackupTime": f"{builder.instant(days):%Y-%m-%dT%H:%M:%S}.1234567Z",
            "protectionState": "Protected",
            "workloadType": "VM",
            "backupManagementType": "AzureIaasVM",
            "policyName": "daily",
        }
        yield Case("protected_items", builder.listed(home, kind, item, properties, meter=meter), verdict, reason)
    retention = {"weeklySchedule": {"retentionDuration": {"count": 104, "durationType": "Weeks"}}}
    policy = {"backupManagementType": "AzureIaasVM", "protectedItemsCount": 3, "retentionPolicy": retention}
    builder.listed(home, "Microsoft.RecoveryServices/vaults/backupPolicies", "rsv-main/daily", policy)


def _analytics(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[1]
    cluster = hourly("Azure Data Explorer", "Azure Data Explorer", "Standard Engine", "0.11")
    rows: tuple[Row, ...] = (
        ("Microsoft.Synapse/workspaces/sqlPools", "syn-batch/dw", {"status": "Online"}, {"name": "DW100c"},
         "undetermined", "Whether it is queried is a metric."),
        ("Microsoft.Kusto/clusters", "adx-batch", {"state": "Running"}, {"name": "Standard_E2a_v4", "capacity": 2},
         "undetermined", "Without optimized autoscale."),
        ("Microsoft.Fabric/capacities", "fabricbatch", {"state": "Active"}, {"name": "F2", "tier": "Fabric"},
         "undetermined", "Whether it is used is a metric."),
        ("Microsoft.Fabric/capacities", "fabricpaused", {"state": "Paused"}, {"name": "F64", "tier": "Fabric"},
         "ok", "Paused."),
        ("Microsoft.MachineLearningServices/workspaces/computes", "mlw-batch/ci-anna",
         {"computeType": "ComputeInstance", "properties": {"state": "Running", "vmSize": "STANDARD_NC6S_V3"}}, None,
         "undetermined", "A compute instance that does not stop by itself."),
        ("Microsoft.EventHub/namespaces", "evhns-batch", {"status": "Active", "isAutoInflateEnabled": False},
         {"name": "Premium", "tier": "Premium", "capacity": 1}, "undetermined", "Its throughput is a metric."),
        ("Microsoft.ApiManagement/service", "apim-dev-in-prod", {"createdAtUtc": "2024-05-01T00:00:00Z"},
         {"name": "Developer", "capacity": 1}, "waste", "A developer's tier in a production group."),
    )  # fmt: skip
    for kind, name, properties, sku, verdict, reason in rows:
        resource = builder.listed(home, kind, name, properties, sku=sku, meter=None if verdict == "ok" else cluster)
        yield Case("analytics", resource, verdict, reason)
    workspace = {"managedResourceGroupId": f"{site.managed.resource_id.lower()}"}
    builder.listed(site.homes[0], "Microsoft.Databricks/workspaces", "dbw-contoso", workspace, sku={"name": "premium"})
