"""Resource groups of one subscription, with their tags and who manages them."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import as_json, listing, text
from finops_lake.source import Chunk, Fetched, Source

API_VERSION = "2021-04-01"

SOURCE = Source(
    table="resource_groups",
    comment="Resource groups with their tags.",
    schema=pa.schema(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("location", pa.string()),
            ("managed_by", pa.string()),
            ("provisioning_state", pa.string()),
            ("tags", pa.string()),
        ]
    ),
    key=("id",),
    max_age=timedelta(hours=6),
    columns={
        "id": "ARM id as Azure writes it (case varies).",
        "name": "Name as Azure writes it.",
        "location": "Region that holds the group's own metadata.",
        "managed_by": "Resource that manages the group (Databricks, AKS, ...); null for a group of one's own.",
        "provisioning_state": "State of the group itself.",
        "tags": "JSON object of the group's own tags.",
    },
)

FIELDS = {
    "id": ("id", text),
    "name": ("name", text),
    "location": ("location", text),
    "managed_by": ("managedBy", text),
    "provisioning_state": ("properties.provisioningState", text),
    "tags": ("tags", as_json),
}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the resource groups of the chunk's subscription."""
    return Fetched(listing(azure.get_all(f"{chunk.scope_id}/resourcegroups", API_VERSION), SOURCE.schema, FIELDS))
