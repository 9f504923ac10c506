"""Resources that are used, but could be smaller or cheaper, and those that only look so by one metric."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site, Verdict


def plant(site: Site) -> Iterator[Case]:
    """Plant what is too large for its use, and yield its cases."""
    for step in (_disks,):
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
