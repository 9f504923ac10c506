"""Snapshots, images, scale sets, clusters and licences: what was left over, and what only looks so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict
from finops_lake.demo.catalogue import Meter


def plant(site: Site) -> Iterator[Case]:
    """Plant what belongs to machines, and yield its cases."""
    for step in (_snapshots, _images, _scale_sets, _clusters, _licences, _sets):
        yield from step(site)


def _snapshots(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Compute/snapshots"
    meter = Meter("Storage", "Storage", "Standard HDD Managed Disks", "LRS Snapshots", "0.05", 42_000)
    disks = f"{site.homes[0].resource_id}/providers/Microsoft.Compute/disks"
    backup = builder.group(site.builder.subscriptions[0], "AzureBackupRG_westeurope_1", "westeurope")
    rows: tuple[tuple[Any, str, int, str, str, bool, Verdict, str], ...] = (
        (site.homes[0], "snap-before-upgrade", 400, "disk-legacy-data01", "Standard_LRS", False, "waste", "Old."),
        (site.homes[0], "snap-of-gone", 200, "disk-that-was-deleted", "Standard_LRS", True, "waste", "Of nothing."),
        (site.homes[0], "snap-premium", 20, "disk-legacy-data01", "Premium_LRS", False, "waste", "On premium storage."),
        (site.homes[0], "snap-fresh", 5, "disk-legacy-data01", "Standard_ZRS", True, "ok", "Of this week."),
        (backup, "AzureBackup_disk_1", 90, "disk-legacy-data01", "Standard_LRS", True, "not_applicable", "A vault's."),
    )
    for group, name, days, source, sku, incremental, verdict, reason in rows:
        created = builder.instant(days)
        properties = {
            "creationData": {"createOption": "Copy", "sourceResourceId": f"{disks}/{source}"},
            "diskSizeGB": 1024,
            "incremental": incremental,
            "diskState": "Unattached",
            "timeCreated": f"{created:%Y-%m-%dT%H:%M:%S.%f}1+00:00",
        }
        tier = {"name": sku, "tier": sku.partition("_")[0]}
        snapshot = builder.listed(group, kind, name, properties, sku=tier, created=created, meter=meter)
        yield Case("snapshots", snapshot, verdict, reason)


def _images(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[0]
    disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 32, "storageAccountType": "Standard_LRS"}
    source = {"id": f"{home.resource_id}/providers/Microsoft.Compute/virtualMachines/vm-template"}
    properties = {"sourceVirtualMachine": source, "storageProfile": {"osDisk": disk, "dataDisks": []}}
    image = builder.listed(home, "Microsoft.Compute/images", "img-2023", properties, created=builder.instant(900))
    yield Case("images", image, "waste", "No machine was made of it.")
    kind = "Microsoft.Compute/galleries/images/versions"
    for version, days, verdict in (("1.0.0", 700, "waste"), ("2.0.0", 30, "ok")):
        published = {"publishedDate": f"{builder.instant(days):%Y-%m-%dT%H:%M:%SZ}", "replicaCount": 1}
        found = builder.listed(home, kind, f"gal/base/{version}", {"publishingProfile": published})
        yield Case("gallery_versions", found, verdict, f"Published {days} days ago.")  # type: ignore[arg-type]


def _scale_sets(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Compute/virtualMachineScaleSets"
    base = {
        "publisher": "MicrosoftWindowsServer",
        "offer": "WindowsServer",
        "sku": "2022-datacenter",
        "version": "latest",
    }
    rows: tuple[tuple[Any, str, int, dict[str, Any], Verdict, str], ...] = (
        (site.homes[0], "vmss-web", 3, {"windowsConfiguration": {}}, "waste", "Windows without hybrid benefit."),
        (site.homes[1], "VMSS-Empty", 0, {"linuxConfiguration": {}}, "waste", "No instance."),
        (site.nodes, "aks-user-12345678-vmss", 0, {"linuxConfiguration": {}}, "not_applicable", "Scaled to zero."),
    )
    for group, name, capacity, system, verdict, reason in rows:
        profile = {
            "osProfile": {"computerNamePrefix": name[:9].lower(), "adminUsername": "azureuser", **system},
            "storageProfile": {"imageReference": base, "osDisk": {"createOption": "FromImage"}},
            "priority": "Regular",
        }
        properties = {"orchestrationMode": "Uniform", "virtualMachineProfile": profile}
        sku = {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": capacity}
        yield Case("scale_sets", builder.listed(group, kind, name, properties, sku=sku), verdict, reason)


def _clusters(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.ContainerService/managedClusters"
    pool = {"name": "user", "count": 3, "vmSize": "Standard_D4s_v5", "mode": "User", "enableAutoScaling": True}
    system = {"name": "system", "count": 1, "vmSize": "Standard_D2s_v5", "mode": "System", "enableAutoScaling": True}
    running = {
        "powerState": {"code": "Running"},
        "nodeResourceGroup": site.nodes.name.upper(),
        "agentPoolProfiles": [system, {**pool, "minCount": 0, "maxCount": 6, "osType": "Linux"}],
    }
    meter = Meter("Azure Kubernetes Service", "Azure Kubernetes Service", "", "Standard Uptime SLA", "0.10", 24, 0)
    sku = {"name": "Base", "tier": "Standard"}
    yield Case(
        "clusters", builder.listed(site.homes[0], kind, "aks-shop", running, sku=sku, meter=meter), "ok", "Running."
    )
    stopped = {
        "powerState": {"code": "Stopped"},
        "nodeResourceGroup": "MC_x",
        "agentPoolProfiles": [{**pool, "count": 0}],
    }
    yield Case("clusters", builder.listed(site.homes[1], kind, "aks-stopped", stopped, sku=sku), "ok", "Stopped.")


def _licences(site: Site) -> Iterator[Case]:
    """Add two machines of one name in two groups, of which one has its hybrid benefit: names must not be joined."""
    builder, kind = site.builder, "Microsoft.SqlVirtualMachine/sqlVirtualMachines"
    rows: tuple[tuple[int, str | None, str, str, Verdict], ...] = (
        (0, "Windows_Server", "AHUB", "Standard", "ok"),
        (1, None, "PAYG", "Standard", "waste"),
        (2, None, "PAYG", "Developer", "not_applicable"),
    )
    for home, licence, sql, edition, verdict in rows:
        machine = builder.machine(
            site.homes[home],
            "vm-sql-01",
            "Standard_E4s_v5",
            os_type="Windows",
            license_type=licence,
            publisher="MicrosoftSQLServer",
        )
        meter = Meter(
            "Virtual Machines", "Virtual Machines Licenses", "Windows Server", "4 vCPU License", "0.184", 24, 0
        )
        if licence is None:
            builder.line(machine, meter)
        properties = {
            "virtualMachineResourceId": machine.plain_id,
            "sqlServerLicenseType": sql,
            "sqlImageSku": edition,
            "sqlImageOffer": "SQL2022-WS2022",
        }
        found = builder.listed(site.homes[home], kind, "vm-sql-01", properties)
        yield Case("sql_machines", found, verdict, f"{sql}, {edition}.")


def _sets(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Compute/availabilitySets"
    rows: tuple[tuple[str, list[Any], Verdict], ...] = (
        ("avail-empty", [], "waste"),
        ("avail-legacy-asr", [], "not_applicable"),
        ("avail-legacy", [{"id": f"{site.homes[0].resource_id}/providers/x/virtualMachines/y"}], "ok"),
    )
    for name, machines, verdict in rows:
        properties = {"virtualMachines": machines, "platformFaultDomainCount": 2}
        found = builder.listed(site.homes[0], kind, name, properties, sku={"name": "Aligned"})
        yield Case("availability_sets", found, verdict, f"{len(machines)} machines.")
    builder.group(builder.subscriptions[-1], "rg-empty", "westeurope")
