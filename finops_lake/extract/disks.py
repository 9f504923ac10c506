"""Managed disks of one subscription."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import as_json, flag, instant, whole
from finops_lake.extract.listing import ID, LOCATION, NAME, TAGS, TIME_CREATED, ZONES, Column, listing, listing_source
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched

COLUMNS = (
    ID,
    NAME,
    LOCATION,
    Column("sku_name", "sku.name", "Storage SKU, such as Premium_LRS."),
    Column("tier", "properties.tier", "Performance tier, such as P30."),
    Column(
        "disk_state",
        "properties.diskState",
        "Unattached, Attached, Reserved (on a deallocated VM), ActiveSAS, ReadyToUpload, ...",
    ),
    Column("managed_by", "managedBy", "VM that holds the disk; null when none does."),
    Column("managed_by_extended", "managedByExtended", "JSON list of the VMs that hold a shared disk.", as_json),
    Column("disk_size_gb", "properties.diskSizeGB", "Provisioned size in GiB.", whole),
    Column("max_shares", "properties.maxShares", "VMs that may hold the disk at once.", whole),
    Column("disk_iops", "properties.diskIOPSReadWrite", "Operations per second it allows.", whole),
    Column("disk_mbps", "properties.diskMBpsReadWrite", "Megabytes per second it allows.", whole),
    Column("is_bursting_enabled", "properties.burstingEnabled", "True when bursting on demand is paid for.", flag),
    Column("os_type", "properties.osType", "Windows or Linux for an operating system disk."),
    Column("create_option", "properties.creationData.createOption", "How it was made: Empty, FromImage, Copy, ..."),
    Column(
        "source_resource_id", "properties.creationData.sourceResourceId", "Snapshot, disk or image it was copied from."
    ),
    TIME_CREATED,
    Column(
        "last_ownership_update_time",
        "properties.LastOwnershipUpdateTime",
        "Instant of the last attach, detach, start or deallocation; null on old disks.",
        instant,
    ),
    ZONES,
    TAGS,
)

SOURCE = listing_source(
    table="disks",
    comment="Managed disks.",
    max_age=timedelta(hours=1),
    columns=COLUMNS,
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the managed disks of the chunk's subscription, in one listing."""
    return Fetched(listing(azure.disks(subscription_of(chunk.scope_id)), COLUMNS))
