"""Every resource of one subscription: type, region and tags, in one listing."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import INSTANT, as_json, instant, listing, text
from finops_lake.source import Chunk, Fetched, Source

API_VERSION = "2021-04-01"

SOURCE = Source(
    table="resources",
    comment="Every resource that exists now, of any type, with its tags.",
    schema=pa.schema(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("type", pa.string()),
            ("kind", pa.string()),
            ("location", pa.string()),
            ("sku_name", pa.string()),
            ("managed_by", pa.string()),
            ("created_at", INSTANT),
            ("tags", pa.string()),
        ]
    ),
    key=("id",),
    max_age=timedelta(hours=6),
    columns={
        "id": "ARM id as Azure writes it (case varies).",
        "name": "Name as Azure writes it.",
        "type": "Resource type as Azure writes it.",
        "kind": "Variant of the type, where it has one.",
        "location": "Region.",
        "sku_name": "Name of the SKU, where the listing gives one.",
        "managed_by": "Resource that manages this one.",
        "created_at": "Instant of creation (UTC), where Azure tells it.",
        "tags": "JSON object of the resource's own tags.",
    },
)

FIELDS = {
    "id": ("id", text),
    "name": ("name", text),
    "type": ("type", text),
    "kind": ("kind", text),
    "location": ("location", text),
    "sku_name": ("sku.name", text),
    "managed_by": ("managedBy", text),
    "created_at": ("createdTime", instant),
    "tags": ("tags", as_json),
}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return all resources of the chunk's subscription; costs one call per 1,000 resources."""
    items = azure.get_all(f"{chunk.scope_id}/resources", API_VERSION, **{"$expand": "createdTime"})
    return Fetched(listing(items, SOURCE.schema, FIELDS))
