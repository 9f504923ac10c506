"""Managed disks of one subscription."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import INSTANT, as_json, instant, listing, text, whole
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched, Source

SOURCE = Source(
    table="disks",
    comment="Managed disks.",
    schema=pa.schema(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("location", pa.string()),
            ("sku_name", pa.string()),
            ("tier", pa.string()),
            ("disk_state", pa.string()),
            ("managed_by", pa.string()),
            ("managed_by_extended", pa.string()),
            ("disk_size_gb", pa.int64()),
            ("max_shares", pa.int64()),
            ("os_type", pa.string()),
            ("create_option", pa.string()),
            ("source_resource_id", pa.string()),
            ("time_created", INSTANT),
            ("last_ownership_update_time", INSTANT),
            ("zones", pa.string()),
            ("tags", pa.string()),
        ]
    ),
    key=("id",),
    max_age=timedelta(hours=1),
    columns={
        "id": "ARM id as Azure writes it (case varies).",
        "name": "Name as Azure writes it.",
        "location": "Region.",
        "sku_name": "Storage SKU, such as Premium_LRS.",
        "tier": "Performance tier, such as P30.",
        "disk_state": "Unattached, Attached, Reserved (on a deallocated VM), ActiveSAS, ReadyToUpload, ...",
        "managed_by": "VM that holds the disk; null when none does.",
        "managed_by_extended": "JSON list of the VMs that hold a shared disk.",
        "disk_size_gb": "Provisioned size in GiB.",
        "max_shares": "VMs that may hold the disk at once.",
        "os_type": "Windows or Linux for an operating system disk.",
        "create_option": "How it was made: Empty, FromImage, Copy, ...",
        "source_resource_id": "Snapshot, disk or image it was copied from.",
        "time_created": "Instant of creation (UTC).",
        "last_ownership_update_time": "Instant of the last attach, detach, start or deallocation; null on old disks.",
        "zones": "JSON list of availability zones.",
        "tags": "JSON object of the disk's own tags.",
    },
)

FIELDS = {
    "id": ("id", text),
    "name": ("name", text),
    "location": ("location", text),
    "sku_name": ("sku.name", text),
    "tier": ("properties.tier", text),
    "disk_state": ("properties.diskState", text),
    "managed_by": ("managedBy", text),
    "managed_by_extended": ("managedByExtended", as_json),
    "disk_size_gb": ("properties.diskSizeGB", whole),
    "max_shares": ("properties.maxShares", whole),
    "os_type": ("properties.osType", text),
    "create_option": ("properties.creationData.createOption", text),
    "source_resource_id": ("properties.creationData.sourceResourceId", text),
    "time_created": ("properties.timeCreated", instant),
    "last_ownership_update_time": ("properties.LastOwnershipUpdateTime", instant),
    "zones": ("zones", as_json),
    "tags": ("tags", as_json),
}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the managed disks of the chunk's subscription, in one listing."""
    return Fetched(listing(azure.disks(subscription_of(chunk.scope_id)), SOURCE.schema, FIELDS))
