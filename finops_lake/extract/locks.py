"""Locks of one subscription: its own, those of its groups and of single resources, in one listing."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.listing import ID, NAME, Column, listing, listing_source
from finops_lake.source import Chunk, Fetched

API_VERSION = "2020-05-01"

COLUMNS = (
    ID,
    NAME,
    Column("level", "properties.level", "CanNotDelete or ReadOnly."),
    Column("notes", "properties.notes", "Why it was set, in its owner's words."),
)

SOURCE = listing_source(
    table="locks",
    comment="Management locks (Resource Graph does not have them).",
    max_age=timedelta(hours=6),
    columns=COLUMNS,
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return every lock in the chunk's subscription."""
    path = f"{chunk.scope_id}/providers/Microsoft.Authorization/locks"
    return Fetched(listing(azure.get_all(path, API_VERSION), COLUMNS))
