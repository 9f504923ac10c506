"""What is planted for the audits to find, and the lookalikes they must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from finops_lake.demo.builder import MACHINES, Builder
from finops_lake.demo.cases import Case, Verdict, plant_cases
from finops_lake.demo.catalogue import Meter
from finops_lake.demo.model import Line, Resource, ResourceGroup, Spike, Subscription

Check = Literal["stopped_vms", "unattached_disks", "unassociated_public_ips"]


@dataclass(frozen=True)
class Planted:
    """One resource that a check should judge, and how; `ok` ones need not be reported at all.

    One that `is_young` turns into waste when the clock has moved on by more than a few days.
    """

    check: Check
    resource: Resource
    verdict: Verdict
    reason: str
    is_young: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything planted in an estate; `spike` is the line that carries the anomaly, `cases` await their checks."""

    findings: tuple[Planted, ...]
    spike: Line
    cases: tuple[Case, ...] = ()


@dataclass
class _Planter:
    builder: Builder
    findings: list[Planted] = field(default_factory=list)

    def note(self, check: Check, resource: Resource, verdict: Verdict, reason: str, *, is_young: bool = False) -> None:
        self.findings.append(Planted(check, resource, verdict, reason, is_young))


def plant(builder: Builder) -> Plan:
    """Plant waste, lookalikes and the anomaly; spread over three subscriptions where there are so many.

    With the first seed they are the first three; each further seed begins with the next subscription.
    """
    planter = _Planter(builder)
    places = [(place + builder.spec.seed - 1) % len(builder.subscriptions) for place in range(3)]
    homes = [_home(builder, builder.subscriptions[number], place) for place, number in enumerate(places)]
    managed = _managed_groups(builder, builder.subscriptions[places[0]])
    for step in (_machines, _disks, _more_disks, _addresses):
        step(planter, homes, managed)
    spike = _spike(builder, homes[1])
    return Plan(tuple(planter.findings), spike, tuple(plant_cases(builder, homes, managed)))


def _home(builder: Builder, subscription: Subscription, place: int) -> ResourceGroup:
    name, location = (("rg-legacy-prod", "westeurope"), ("RG-Batch-Prod", "northeurope"), ("rg-sandbox-dev", "eastus"))[
        place
    ]
    tags = ({"env": "prod", "Owner": "platform-team"}, {"ENV": "prod"}, None)[place]
    return builder.group(subscription, name, location, tags)


def _managed_groups(builder: Builder, subscription: Subscription) -> tuple[ResourceGroup, ResourceGroup]:
    """Add the node group of a cluster (which has no managedBy here) and a group that Databricks manages."""
    nodes = builder.group(subscription, "MC_rg-shop-prod_aks-shop_westeurope", "westeurope")
    workspace = (
        f"{subscription.scope}/resourceGroups/rg-data-prod/providers/Microsoft.Databricks/workspaces/dbw-contoso"
    )
    managed = builder.group(
        subscription, "databricks-rg-dbw-contoso-x7k2p", "westeurope", {"vendor": "Databricks"}, workspace
    )
    return nodes, managed


def _machines(planter: _Planter, homes: list[ResourceGroup], managed: tuple[ResourceGroup, ResourceGroup]) -> None:
    builder, today = planter.builder, planter.builder.spec.today
    transfer = Meter(
        "Bandwidth", "Bandwidth", "Rtn Preference: MGN", "Standard Data Transfer Out", "0.087", 4_125, noise=200
    )
    for group, name, size in (
        (homes[0], "vm-legacy-app01", "Standard_D4s_v5"),
        (homes[1], "VM-Batch-07", "Standard_F8s_v2"),
        (homes[2], "vm-sandbox-jump", "Standard_B2s"),
    ):
        machine = builder.machine(group, name, size, power_state="stopped", prompt=True, data_disks=1)
        planter.note("stopped_vms", machine, "waste", "Stopped in the guest, still allocated.")
        if size == "Standard_F8s_v2":
            builder.line(machine, transfer, prompt=True)
    since = today - timedelta(days=45)
    deallocated = builder.machine(homes[0], "vm-legacy-app02", power_state="deallocated", since=since, data_disks=1)
    planter.note("stopped_vms", deallocated, "ok", "Deallocated: compute is not billed.")
    silent = builder.machine(homes[1], "vm-batch-08", power_state=None)
    planter.note("stopped_vms", silent, "undetermined", "Azure reports no power state.")
    young = builder.machine(homes[0], "vm-legacy-app03", power_state="stopped", created=builder.instant(1))
    planter.note("stopped_vms", young, "not_applicable", "Created yesterday.", is_young=True)
    worker = builder.machine(managed[1], "workers-5f1c", power_state="stopped")
    planter.note("stopped_vms", worker, "not_applicable", "Its resource group is managed by Databricks.")


def _disks(planter: _Planter, homes: list[ResourceGroup], managed: tuple[ResourceGroup, ResourceGroup]) -> None:
    builder = planter.builder
    note = planter.note
    check: Check = "unattached_disks"
    orphan = builder.disk(homes[0], "disk-legacy-data01", "Premium_LRS", 1024, ownership_updated=builder.instant(75))
    note(check, orphan, "waste", "Detached 75 days ago.")
    old = builder.disk(homes[1], "OLD-Batch_DataDisk_0", "Standard_LRS", 1024, created=builder.instant(900))
    note(check, old, "waste", "Unattached, and too old to carry the instant of its detachment.")
    small = builder.disk(
        homes[2],
        "disk-sandbox-scratch",
        "StandardSSD_LRS",
        128,
        ownership_updated=builder.instant(20),
        tags={"env": "dev"},
    )
    note(check, small, "waste", "Detached 20 days ago, inside the 30 days its cost is taken from.")
    free = builder.disk(homes[0], "disk-legacy-free", "Premium_LRS", 64, billed=False, created=builder.instant(120))
    note(check, free, "waste", "Unattached, without a single row of cost: not priced.")
    for name, sku, performance in (
        ("disk-legacy-fast", "PremiumV2_LRS", (8_000, 300)),
        ("disk-legacy-roomy", "PremiumV2_LRS", (3_000, 125)),
        ("disk-legacy-ultra", "UltraSSD_LRS", (2_048, 8)),
    ):
        provisioned = builder.provisioned_disk(homes[0], name, sku, 512, performance)
        note(check, provisioned, "waste", f"Unattached, {sku}.")
    young = builder.disk(homes[0], "disk-legacy-restore", "Premium_LRS", 512, created=builder.instant(1))
    note(check, young, "not_applicable", "Created yesterday.", is_young=True)
    claim = builder.disk(managed[0], "pvc-" + builder.guid("claim"), "Premium_LRS", 128)
    note(check, claim, "not_applicable", "Persistent volume in the node group of a cluster, without a tag.")
    worker = builder.disk(managed[1], "workers-5f1c-containerRootVolume", "Premium_LRS", 128)
    note(check, worker, "not_applicable", "Its resource group is managed by Databricks.")


def _more_disks(planter: _Planter, homes: list[ResourceGroup], managed: tuple[ResourceGroup, ResourceGroup]) -> None:
    """Add disks whose state, name or tag says that they are in use, or in somebody's hands."""
    builder = planter.builder
    lookalikes: tuple[tuple[ResourceGroup, str, str, dict[str, Any]], ...] = (
        (
            homes[0],
            "disk-erp-replica",
            "Replica of Site Recovery, by a tag in upper case.",
            {"tags": {"ASR-REPLICADISK": "asr-1"}},
        ),
        (homes[1], "vm-batch-01_OsDisk-ASRReplica", "Replica of Site Recovery, by its name.", {}),
        (
            homes[2],
            "disk-tagged-claim",
            "Persistent volume, by its tag.",
            {"tags": {"kubernetes.io-created-for-pvc-name": "data-0"}},
        ),
        (
            homes[0],
            "disk-vault-restore",
            "Restore of a Recovery Services vault.",
            {"tags": {"RSVaultBackup": "restore"}},
        ),
        (homes[1], "disk-being-copied", "A copy is in progress.", {"state": "ActiveSAS"}),
        (homes[1], "disk-being-filled", "An upload is in progress.", {"state": "ReadyToUpload"}),
    )
    for group, name, reason, values in lookalikes:
        planter.note("unattached_disks", builder.disk(group, name, **values), "not_applicable", reason)
    holder = f"{homes[0].resource_id}/providers/{MACHINES}/vm-legacy-app01"
    shared = builder.disk(
        homes[0],
        "disk-cluster-shared",
        "Premium_LRS",
        1024,
        state="Attached",
        managed_by_extended=(holder,),
        max_shares=2,
    )
    planter.note("unattached_disks", shared, "ok", "Shared: held through managedByExtended alone.")
    reserved = next(item for item in builder.resources if getattr(item, "state", None) == "Reserved")
    planter.note("unattached_disks", reserved, "ok", "Reserved: attached to a deallocated machine.")


def _addresses(planter: _Planter, homes: list[ResourceGroup], managed: tuple[ResourceGroup, ResourceGroup]) -> None:
    builder, note = planter.builder, planter.note
    check: Check = "unassociated_public_ips"
    for group, name, sku in (
        (homes[0], "pip-legacy-gateway", "Standard"),
        (homes[1], "PIP-Batch-Old", "Standard"),
        (homes[2], "pip-sandbox-basic", "Basic"),
    ):
        note(check, builder.address(group, name, sku=sku), "waste", "Static, and nothing uses it.")
    network: Callable[[str], str] = lambda path: f"{homes[0].resource_id}/providers/Microsoft.Network/{path}"  # noqa: E731
    balancer = network("loadBalancers/lb-legacy/frontendIPConfigurations/public")
    note(
        check,
        builder.address(homes[0], "pip-lb-legacy", ip_configuration=balancer, zones=("1", "2", "3")),
        "ok",
        "On a load balancer.",
    )
    gateway = network("natGateways/ng-legacy")
    note(
        check,
        builder.address(homes[0], "pip-ng-legacy", nat_gateway=gateway),
        "ok",
        "On a NAT gateway, which leaves ipConfiguration out.",
    )
    prefix = network("publicIPPrefixes/ippre-legacy")
    note(
        check,
        builder.address(homes[0], "pip-from-prefix", prefix=prefix, billed=False),
        "not_applicable",
        "Taken from a prefix.",
    )
    moving = network("publicIPAddresses/pip-legacy-new")
    note(
        check,
        builder.address(homes[0], "pip-migrating", linked_address=moving),
        "not_applicable",
        "Part of a migration.",
    )
    idle = builder.address(
        homes[1], "pip-batch-dynamic", sku="Basic", allocation="Dynamic", ip_address=None, billed=False
    )
    note(check, idle, "not_applicable", "Dynamic and without an address: free of charge.")
    note(
        check,
        builder.address(managed[0], "kubernetes-" + builder.guid("ip")[:8]),
        "not_applicable",
        "In the node group of a cluster.",
    )
    note(
        check,
        builder.address(managed[1], "nat-gw-public-ip"),
        "not_applicable",
        "Its resource group is managed by Databricks.",
    )
    young = builder.address(homes[1], "pip-batch-new", created=builder.instant(1))
    note(check, young, "not_applicable", "Created yesterday.", is_young=True)


def _spike(builder: Builder, group: ResourceGroup) -> Line:
    """Add a storage account whose data transfer costs twelve times as much for three days."""
    today = builder.spec.today
    account = Resource(group, "Microsoft.Storage/storageAccounts", "stcontosoexports")
    builder.resources.append(account)
    builder.created[account.cost_id] = builder.instant(430)
    stored = Meter("Storage", "Storage", "Tiered Block Blob", "Hot LRS Data Stored", "0.0184", 1_204_000, noise=10)
    transfer = Meter(
        "Bandwidth", "Bandwidth", "Rtn Preference: MGN", "Standard Data Transfer Out", "0.087", 2_450_000, noise=60
    )
    builder.line(account, stored)
    spike = Spike(today - timedelta(days=9), today - timedelta(days=7), 12)
    return builder.line(account, transfer, prompt=True, spike=spike)
