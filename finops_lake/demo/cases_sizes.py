"""Resources that are used, but could be smaller or cheaper, and those that only look so by one metric."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict
from finops_lake.demo.catalogue import COMPUTE, Meter


def plant(site: Site) -> Iterator[Case]:
    """Plant what is too large for its use, and yield its cases."""
    for step in (_disks, _scale_sets):
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
