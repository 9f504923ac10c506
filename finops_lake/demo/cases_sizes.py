"""Resources that are used, but could be smaller or cheaper, and those that only look so by one metric."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict
from finops_lake.demo.catalogue import COMPUTE, Meter


def plant(site: Site) -> Iterator[Case]:
    """Plant what is too large for its use, and yield its cases."""
    for step in (_disks, _scale_sets, _plans, _databases, _pools):
        yield from step(site)


def _disks(site: Site) -> Iterator[Case]:
    """Attach Premium disks to a machine that runs, and one to a machine that does not."""
    builder, check = site.builder, "underused_premium_disks"
    rows: tuple[tuple[str, str, int, dict[str, Any], Verdict], ...] = (
        ("quiet", "disk_quiet", 300, {}, "waste"),
        ("SYSTEM", "disk_quiet", 300, {"os_type": "Linux"}, "waste"),
        ("backed-up", "disk_backed_up", 20, {}, "waste"),
        ("restored", "disk_restored", 300, {}, "ok"),
        ("scanned", "disk_scanned", 300, {}, "ok"),
        ("asked", "disk_asked", 300, {}, "ok"),
        ("silent", "silent", 300, {}, "undetermined"),
        ("new", "disk_quiet", 8, {}, "not_applicable"),
        ("shared", "disk_quiet", 300, {"max_shares": 2}, "not_applicable"),
        ("bursting", "disk_quiet", 300, {"is_bursting": True}, "not_applicable"),
        ("cheap", "disk_quiet", 300, {"sku": "StandardSSD_LRS"}, "ok"),
    )
    machine = builder.machine(site.homes[1], "vm-files", "Standard_D4s_v5")
    for name, use, days, values, verdict in rows:
        held: dict[str, Any] = {
            "state": "Attached",
            "managed_by": machine.plain_id,
            "created": builder.instant(days),
            **values,
        }
        disk = builder.disk(site.homes[1], f"disk-use-{name}", **held)
        builder.usage[disk.cost_id] = use
        yield Case(check, disk, verdict, f"Use {use}, {days} days old.")
    builder.machine(site.managed, "worker-files", "Standard_D4s_v5", data_disks=1)
    kept = builder.resources[-2]
    builder.usage[kept.cost_id] = "disk_quiet"
    yield Case(check, kept, "not_applicable", "Its resource group is managed by Databricks.")


def _scale_sets(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Compute/virtualMachineScaleSets"
    rows: tuple[tuple[str, str, int, str, int, Verdict, Verdict], ...] = (
        ("idle", "Standard_D2s_v5", 2, "idle", 300, "waste", "ok"),
        ("proxy", "Standard_D4s_v5", 2, "idle_with_traffic", 300, "ok", "ok"),
        ("wide", "Standard_D2s_v5", 5, "low", 300, "ok", "waste"),
        ("TALL", "Standard_D4s_v5", 2, "low", 20, "ok", "waste"),
        ("pair", "Standard_D2s_v5", 2, "low", 300, "ok", "ok"),
        ("cache", "Standard_D4s_v5", 3, "low_with_full_memory", 300, "ok", "ok"),
        ("blind", "Standard_D4s_v5", 3, "low_without_memory", 300, "ok", "undetermined"),
        ("silent", "Standard_D4s_v5", 3, "silent", 300, "undetermined", "undetermined"),
        ("new", "Standard_D4s_v5", 3, "idle", 8, "not_applicable", "not_applicable"),
        ("credits", "Standard_B2s", 3, "low", 300, "ok", "not_applicable"),
        ("scaled", "Standard_D2s_v5", 5, "low", 300, "ok", "not_applicable"),
        ("flexible", "Standard_D4s_v5", 4, "silent", 300, "ok", "ok"),
    )
    for name, size, capacity, use, days, idle, oversized in rows:
        subcategory, meter, price = COMPUTE[size]
        found = builder.listed(
            site.homes[1],
            kind,
            f"vmss-use-{name}",
            {
                "orchestrationMode": "Flexible" if name == "flexible" else "Uniform",
                "virtualMachineProfile": {"osProfile": {"linuxConfiguration": {"provisionVMAgent": True}}},
            },
            sku={"name": size, "tier": "Standard", "capacity": capacity},
            created=builder.instant(days),
            meter=Meter("Virtual Machines", "Virtual Machines", subcategory, meter, price, 24 * capacity, 0),
        )
        builder.usage[found.cost_id] = use
        yield Case("idle_scale_sets", found, idle, f"Use {use}, {days} days old.")
        yield Case("oversized_scale_sets", found, oversized, f"{capacity} of {size}, use {use}, {days} days old.")
        if name in ("scaled", "wide"):
            rule = {"enabled": name == "scaled", "targetResourceUri": found.plain_id.upper()}
            builder.listed(site.homes[1], "Microsoft.Insights/autoscaleSettings", f"{found.name}-autoscale", rule)
    nodes = {"name": "Standard_D4s_v5", "tier": "Standard", "capacity": 3}
    kept = builder.listed(site.nodes, kind, "aks-spare-87654321-vmss", {"orchestrationMode": "Uniform"}, sku=nodes)
    builder.usage[kept.cost_id] = "idle"
    yield Case("idle_scale_sets", kept, "not_applicable", "A pool of a cluster, which manages it.")


def _plans(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[0]
    large, small = ("P2v3", "PremiumV3", "0.310"), ("P1v3", "PremiumV3", "0.155")
    least, basic = ("P0v3", "Premium0V3", "0.0775"), ("B1", "Basic", "0.018")
    rows: tuple[tuple[str, tuple[str, str, str], int, str, int, dict[str, Any], Verdict, Verdict], ...] = (
        ("wide", small, 5, "plan_low", 300, {}, "ok", "waste"),
        ("TALL", large, 1, "plan_deployed_to", 20, {}, "not_applicable", "waste"),
        ("pair", large, 2, "plan_low", 300, {}, "ok", "waste"),
        ("spiky", large, 1, "plan_spiky", 300, {}, "ok", "ok"),
        ("asked", small, 4, "plan_asked", 300, {}, "ok", "ok"),
        ("zones", least, 6, "plan_low", 300, {"zoneRedundant": True}, "ok", "waste"),
        ("three-zones", least, 3, "plan_low", 300, {"zoneRedundant": True}, "ok", "ok"),
        ("least", basic, 2, "plan_low", 300, {}, "ok", "ok"),
        ("half-full", large, 1, "plan_half_full", 300, {}, "ok", "ok"),
        ("half-full-wide", small, 4, "plan_half_full", 300, {}, "ok", "waste"),
        ("full", small, 4, "plan_full", 300, {}, "ok", "ok"),
        ("blind", small, 4, "plan_blind", 300, {}, "ok", "undetermined"),
        ("mute", small, 4, "silent", 300, {}, "undetermined", "undetermined"),
        ("young", small, 4, "plan_low", 8, {}, "not_applicable", "not_applicable"),
        ("elastic", small, 4, "plan_low", 300, {"elasticScaleEnabled": True}, "ok", "not_applicable"),
        ("scaled", small, 4, "plan_low", 300, {}, "ok", "not_applicable"),
        ("functions", ("EP1", "ElasticPremium", "0.173"), 4, "plan_low", 300, {}, "ok", "ok"),
    )
    for name, (sku, tier, price), instances, use, days, more, idle, oversized in rows:
        plan = builder.listed(
            home,
            "Microsoft.Web/serverFarms",
            f"asp-size-{name}",
            {"numberOfSites": 1, "numberOfWorkers": instances, "status": "Ready", "reserved": True, **more},
            sku={"name": sku, "tier": tier, "capacity": instances},
            kind="linux",
            created=builder.instant(days),
            meter=Meter(
                "Azure App Service",
                "Azure App Service",
                "Azure App Service Premium v3 Plan - Linux",
                f"{sku.replace('v', ' v')} App",
                price,
                24 * instances,
                0,
            ),
        )
        builder.usage[plan.cost_id] = use
        app = {"serverFarmId": plan.plain_id, "state": "Running", "enabled": True}
        builder.listed(home, "Microsoft.Web/sites", f"app-size-{name}", app, kind="app,linux")
        yield Case("idle_app_service_plans", plan, idle, f"Use {use}, {days} days old.")
        yield Case("oversized_app_service_plans", plan, oversized, f"{instances} of {sku}, use {use}, {days} days old.")
        if name in ("scaled", "wide"):
            rule = {"enabled": name == "scaled", "targetResourceUri": plan.plain_id}
            builder.listed(home, "Microsoft.Insights/autoscaleSettings", f"{plan.name}-autoscale", rule)


def _databases(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Sql/servers/databases"
    cores = "SQL Database Single/Elastic Pool General Purpose - Compute Gen5"
    by_dtu = Meter("SQL Database", "SQL Database", "SQL Database Single Standard", "S4 DTUs", "9.678", 1, 0)
    small = Meter("SQL Database", "SQL Database", "SQL Database Single Standard", "S2 DTUs", "2.4195", 1, 0)
    by_core = Meter("SQL Database", "SQL Database", cores, "vCore", "0.126", 24 * 8, 0)
    of_two = Meter("SQL Database", "SQL Database", cores, "vCore", "0.126", 24 * 2, 0)
    rows: tuple[tuple[str, str, Meter, str, int, dict[str, Any], Verdict, Verdict], ...] = (
        ("large", "S4", by_dtu, "sql_low", 300, {}, "ok", "waste"),
        ("NIGHTLY", "S4", by_dtu, "sql_nightly", 20, {}, "not_applicable", "waste"),
        ("throttled", "S4", by_dtu, "sql_throttled", 300, {}, "ok", "ok"),
        ("reading", "S4", by_dtu, "sql_reading", 300, {}, "ok", "ok"),
        ("steep", "S2", small, "sql_low", 300, {}, "ok", "ok"),
        ("cores", "GP_Gen5_8", by_core, "sql_low", 300, {"maxSizeBytes": 34359738368}, "ok", "waste"),
        ("two-cores", "GP_Gen5_2", of_two, "sql_low", 300, {}, "ok", "ok"),
        ("full", "GP_Gen5_8", by_core, "sql_low", 300, {"maxSizeBytes": 2199023255552}, "ok", "not_applicable"),
        ("serverless", "GP_S_Gen5_8", by_core, "sql_low", 300, {"autoPauseDelay": -1}, "ok", "ok"),
        ("secondary", "S4", by_dtu, "silent", 300, {"secondaryType": "Geo"}, "ok", "ok"),
        ("grouped", "S4", by_dtu, "sql_low", 300, {"failoverGroupId": "x"}, "ok", "not_applicable"),
        ("mute", "S4", by_dtu, "silent", 300, {}, "undetermined", "undetermined"),
        ("young", "S4", by_dtu, "sql_low", 8, {}, "not_applicable", "not_applicable"),
    )
    for name, size, meter, use, days, more, idle, oversized in rows:
        properties = {"status": "Online", "currentServiceObjectiveName": size, "licenseType": "BasePrice", **more}
        found = builder.listed(
            site.homes[1], kind, f"sql-batch/size-{name}", properties, created=builder.instant(days), meter=meter
        )
        stored = Meter(
            "SQL Database", "SQL Database", "LTR Backup Storage", "Backup RA-GRS Data Stored", "0.05", 31_667
        )
        builder.line(found, stored)
        builder.usage[found.cost_id] = use
        yield Case("idle_sql_databases", found, idle, f"Use {use}, {days} days old.")
        yield Case("oversized_sql_databases", found, oversized, f"{size}, use {use}, {days} days old.")


def _pools(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Sql/servers/elasticPools"
    product = "SQL Database Elastic Pool - Standard"
    large = Meter("SQL Database", "SQL Database", product, "eDTUs", "14.70", 1, 0)
    cores = "SQL Database Single/Elastic Pool Business Critical - Compute Gen5"
    by_core = Meter("SQL Database", "SQL Database", cores, "vCore", "0.34", 24 * 6, 0)
    standard, critical = ("StandardPool", "Standard"), ("BC_Gen5", "BusinessCritical")
    rows: tuple[tuple[str, tuple[str, str], int, Meter, str, int, dict[str, Any], Verdict, Verdict], ...] = (
        ("large", standard, 200, large, "sql_low", 300, {}, "ok", "waste"),
        ("cores", critical, 6, by_core, "sql_low", 300, {}, "ok", "waste"),
        ("least", standard, 50, large, "sql_low", 300, {}, "ok", "ok"),
        ("reading", standard, 200, large, "sql_reading", 300, {}, "ok", "ok"),
        ("full", standard, 200, large, "sql_low", 300, {"maxSizeBytes": 1099511627776}, "ok", "not_applicable"),
        ("mute", standard, 200, large, "silent", 300, {}, "undetermined", "undetermined"),
        ("young", standard, 200, large, "sql_low", 8, {}, "not_applicable", "not_applicable"),
    )
    for name, (sku, tier), capacity, meter, use, days, more, idle, oversized in rows:
        found = builder.listed(
            site.homes[1],
            kind,
            f"sql-batch/pool-size-{name}",
            {"state": "Ready", "licenseType": "BasePrice", **more},
            sku={"name": sku, "tier": tier, "capacity": capacity},
            created=builder.instant(days),
            meter=meter,
        )
        builder.usage[found.cost_id] = use
        inside = {"status": "Online", "elasticPoolId": found.plain_id, "currentServiceObjectiveName": "ElasticPool"}
        builder.listed(site.homes[1], "Microsoft.Sql/servers/databases", f"sql-batch/in-size-{name}", inside)
        yield Case("idle_sql_elastic_pools", found, idle, f"Use {use}, {days} days old.")
        yield Case("oversized_sql_elastic_pools", found, oversized, f"{sku} {capacity}, use {use}, {days} days old.")
