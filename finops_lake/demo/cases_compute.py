"""Snapshots, images, scale sets, clusters and licences: what was left over, and what only looks so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict
from finops_lake.demo.catalogue import Meter

SNAPSHOT_CHECKS = ("old_snapshots", "snapshots_of_deleted_disks", "premium_snapshots")


def plant(site: Site) -> Iterator[Case]:
    """Plant what belongs to machines, and yield its cases."""
    for step in (_snapshots, _images, _scale_sets, _licences, _sets, _idle_machines):
        yield from step(site)
    _clusters(site)


def _snapshots(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Compute/snapshots"
    meter = Meter("Storage", "Storage", "Standard HDD Managed Disks", "LRS Snapshots", "0.05", 42_000)
    disks = f"{site.homes[0].resource_id}/providers/Microsoft.Compute/disks"
    home = next(item for item in builder.subscriptions if item.subscription_id == site.homes[0].subscription_id)
    backup = builder.group(home, "AzureBackupRG_westeurope_1", "westeurope")
    there, gone = "disk-legacy-data01", "disk-that-was-deleted"
    rows: tuple[tuple[Any, str, int, str, str, bool, tuple[Verdict, Verdict, Verdict]], ...] = (
        (site.homes[0], "snap-before-upgrade", 400, there, "Standard_LRS", False, ("waste", "ok", "ok")),
        (site.homes[0], "snap-of-gone", 200, gone, "Standard_LRS", True, ("waste", "waste", "ok")),
        (site.homes[0], "snap-premium", 20, there, "Premium_LRS", False, ("ok", "ok", "waste")),
        (site.homes[0], "snap-premium-part", 20, there, "Premium_LRS", True, ("ok", "ok", "ok")),
        (site.homes[0], "snap-fresh", 5, there, "Standard_ZRS", True, ("ok", "ok", "ok")),
        (backup, "AzureBackup_disk_1", 90, there, "Standard_LRS", True, ("not_applicable", "ok", "ok")),
        (backup, "AzureBackup_disk_2", 5, gone, "Premium_LRS", False, ("ok", "not_applicable", "not_applicable")),
    )
    for group, name, days, source, sku, incremental, verdicts in rows:
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
        reason = f"{days} days old, of {source}, {sku}."
        for check, verdict in zip(SNAPSHOT_CHECKS, verdicts, strict=True):
            yield Case(check, snapshot, verdict, reason)


def _images(site: Site) -> Iterator[Case]:
    builder, home = site.builder, site.homes[0]
    disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 32, "storageAccountType": "Standard_LRS"}
    source = {"id": f"{home.resource_id}/providers/Microsoft.Compute/virtualMachines/vm-template"}
    properties = {"sourceVirtualMachine": source, "storageProfile": {"osDisk": disk, "dataDisks": []}}
    image = builder.listed(home, "Microsoft.Compute/images", "img-2023", properties, created=builder.instant(900))
    yield Case("unused_images", image, "waste", "No machine was made of it.")
    used = builder.listed(home, "Microsoft.Compute/images", "img-2026", properties, created=builder.instant(200))
    yield Case("unused_images", used, "ok", "A scale set is made of it.")
    profile = {"storageProfile": {"imageReference": {"id": used.plain_id.upper()}}}
    sku = {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": 2}
    kind = "Microsoft.Compute/virtualMachineScaleSets"
    builder.listed(home, kind, "vmss-of-image", {"virtualMachineProfile": profile}, sku=sku)
    kind = "Microsoft.Compute/galleries/images/versions"
    for version, days, verdict in (("1.0.0", 700, "waste"), ("2.0.0", 30, "ok")):
        published = {"publishedDate": f"{builder.instant(days):%Y-%m-%dT%H:%M:%SZ}", "replicaCount": 1}
        found = builder.listed(home, kind, f"gal/base/{version}", {"publishingProfile": published})
        yield Case("unused_gallery_image_versions", found, verdict, f"Published {days} days ago.")  # type: ignore[arg-type]


def _scale_sets(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Compute/virtualMachineScaleSets"
    base = {
        "publisher": "MicrosoftWindowsServer",
        "offer": "WindowsServer",
        "sku": "2022-datacenter",
        "version": "latest",
    }
    windows, linux = {"windowsConfiguration": {"timeZone": "UTC"}}, {"linuxConfiguration": {"patchSettings": {"a": 1}}}
    rows: tuple[tuple[Any, str, int, dict[str, Any], Verdict, Verdict], ...] = (
        (site.homes[0], "vmss-web", 3, windows, "ok", _licence_verdict(site, 0)),
        (site.homes[1], "VMSS-Empty", 0, linux, "waste", "ok"),
        (site.nodes, "aks-user-12345678-vmss", 0, linux, "not_applicable", "ok"),
    )
    for group, name, capacity, system, empty, licence in rows:
        profile = {
            "osProfile": {"computerNamePrefix": name[:9].lower(), "adminUsername": "azureuser", **system},
            "storageProfile": {"imageReference": base, "osDisk": {"createOption": "FromImage"}},
            "priority": "Regular",
        }
        properties = {"orchestrationMode": "Uniform", "virtualMachineProfile": profile}
        sku = {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": capacity}
        found = builder.listed(group, kind, name, properties, sku=sku)
        yield Case("empty_scale_sets", found, empty, f"{capacity} instances.")
        yield Case("windows_scale_sets_without_hybrid_benefit", found, licence, f"{next(iter(system))}.")


def _licence_verdict(site: Site, home: int) -> Verdict:
    """Return what to say of Windows without hybrid benefit in a home: in a dev/test offer no licence is paid."""
    wanted = site.homes[home].subscription_id
    offer = next(item.quota_id for item in site.builder.subscriptions if item.subscription_id == wanted)
    return "not_applicable" if offer.startswith("MSDNDevTest") else "waste"


def _clusters(site: Site) -> None:
    """Add clusters, of which only metrics could tell more."""
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
    builder.listed(site.homes[0], kind, "aks-shop", running, sku=sku, meter=meter)
    stopped = {
        "powerState": {"code": "Stopped"},
        "nodeResourceGroup": "MC_x",
        "agentPoolProfiles": [{**pool, "count": 0}],
    }
    builder.listed(site.homes[1], kind, "aks-stopped", stopped, sku=sku)


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
        yield Case("sql_vms_without_hybrid_benefit", found, verdict, f"{sql}, {edition}.")
        windows = "ok" if licence else _licence_verdict(site, home)
        yield Case("windows_vms_without_hybrid_benefit", machine, windows, f"Licence {licence}.")


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
        yield Case("empty_availability_sets", found, verdict, f"{len(machines)} machines.")
    builder.group(builder.subscriptions[-1], "rg-empty", "westeurope")


def _idle_machines(site: Site) -> Iterator[Case]:
    """Add machines that were deallocated, of which one stands by, and one whose system disk is a blob."""
    builder = site.builder
    rows: tuple[tuple[str, int, dict[str, str] | None], ...] = (
        ("vm-batch-forgotten", 100, None),
        ("vm-batch-weekend", 5, None),
        ("vm-batch-standby", 200, {"role": "Standby"}),
    )
    for name, days, tags in rows:
        since = builder.instant(days).date()
        builder.machine(site.homes[1], name, power_state="deallocated", since=since, tags=tags, data_disks=1)
    vhd = "https://stlegacyclassic.blob.example/vhds/os.vhd"
    old = builder.machine(site.homes[0], "vm-legacy-vhd", vhd=vhd)
    yield Case("unmanaged_disks", old, "waste", "Its system disk is a blob.")
