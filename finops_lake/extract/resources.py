"""Every resource of one subscription: type, region and tags, in one listing."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import instant
from finops_lake.extract.listing import ID, LOCATION, NAME, TAGS, Column, listing, listing_source
from finops_lake.source import Chunk, Fetched

API_VERSION = "2021-04-01"


COLUMNS = (
    ID,
    NAME,
    Column("type", "type", "Resource type as Azure writes it."),
    Column("kind", "kind", "Variant of the type, where it has one."),
    LOCATION,
    Column("sku_name", "sku.name", "Name of the SKU, where the listing gives one."),
    Column("managed_by", "managedBy", "Resource that manages this one."),
    Column("created_at", "createdTime", "Instant of creation (UTC), where Azure tells it.", instant),
    TAGS,
)

SOURCE = listing_source(
    table="resources",
    comment="Every resource that exists now, of any type, with its tags.",
    max_age=timedelta(hours=6),
    columns=COLUMNS,
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return all resources of the chunk's subscription; costs one call per 1,000 resources."""
    items = azure.get_all(f"{chunk.scope_id}/resources", API_VERSION, **{"$expand": "createdTime"})
    return Fetched(listing(items, COLUMNS))
