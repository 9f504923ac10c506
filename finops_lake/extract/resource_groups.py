"""Resource groups of one subscription, with their tags and who manages them."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.listing import ID, NAME, TAGS, Column, listing, listing_source
from finops_lake.source import Chunk, Fetched

API_VERSION = "2021-04-01"


COLUMNS = (
    ID,
    NAME,
    Column("location", "location", "Region that holds the group's own metadata."),
    Column(
        "managed_by",
        "managedBy",
        "Resource that manages the group (Databricks, AKS, ...); null for a group of one's own.",
    ),
    Column("provisioning_state", "properties.provisioningState", "State of the group itself."),
    TAGS,
)

SOURCE = listing_source(
    table="resource_groups",
    comment="Resource groups with their tags.",
    max_age=timedelta(hours=6),
    columns=COLUMNS,
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the resource groups of the chunk's subscription."""
    return Fetched(listing(azure.get_all(f"{chunk.scope_id}/resourcegroups", API_VERSION), COLUMNS))
