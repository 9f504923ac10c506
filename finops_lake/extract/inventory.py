"""Listings of one kind of resource in one subscription, one call for each page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import only
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.listing import ID, LOCATION, NAME, TAGS, Column, listing, listing_source
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched

MAX_AGE = timedelta(hours=6)
IDS = only("id")
"""Keeps the ids of a list of references."""


def inventory(table: str, comment: str, columns: Sequence[Column]) -> Extractor:
    """Return the extractor of a table that the SDK's listing of the same name fills.

    `columns` are its own ones; id, name and region stand before those of every table, and tags behind them.
    """
    shown = (ID, NAME, LOCATION, *columns, TAGS)

    def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
        return Fetched(listing(azure.listing(table, subscription_of(chunk.scope_id)), shown))

    return Extractor(listing_source(table=table, comment=comment, max_age=MAX_AGE, columns=shown), fetch)
