"""The management groups above each subscription, by Resource Graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import only
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.graph import BATCH, READABLE, Results, ask_by_subscription, one_of
from finops_lake.extract.listing import ID, NAME, Column, listing, listing_source
from finops_lake.source import Api, Chunk

COLUMNS = (
    ID,
    NAME,
    Column(
        "management_groups",
        "properties.managementGroupAncestorsChain",
        "JSON list of the management groups above it, the nearest first.",
        only("name", "displayName"),
    ),
)

SOURCE = listing_source(
    table="subscription_ancestors",
    comment="The management groups above each subscription.",
    max_age=timedelta(hours=24),
    columns=COLUMNS,
    api=Api.RESOURCE_GRAPH,
    calls=1,
    batch=BATCH,
)


def fetch_many(azure: AzureClients, chunks: Sequence[Chunk]) -> Results:
    """Return the rows of up to 300 subscriptions in one question."""
    return ask_by_subscription(azure, chunks, [READABLE], lambda rows: listing(rows, COLUMNS))


EXTRACTOR = Extractor(SOURCE, one_of(fetch_many), fetch_many)
