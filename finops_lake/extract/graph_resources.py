"""The long tail of resources, by Resource Graph: a few calls for hundreds of subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import as_json, whole
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.graph import BATCH, Results, ask_by_subscription, kept, one_of
from finops_lake.extract.graph_types import KEPT, TABLES
from finops_lake.extract.listing import ID, LOCATION, NAME, TAGS, ZONES, Column, listing, listing_source
from finops_lake.source import Api, Chunk

COLUMNS = (
    ID,
    NAME,
    Column("type", "type", "Resource type, lower case."),
    Column("kind", "kind", "Variant of the type, where it has one."),
    LOCATION,
    Column("sku_name", "sku.name", "Name of the SKU, where it has one."),
    Column("sku_tier", "sku.tier", "Tier of the SKU."),
    Column("sku_capacity", "sku.capacity", "Units of the SKU.", whole),
    Column("managed_by", "managedBy", "Resource that manages this one."),
    Column("properties", "kept", "JSON of those properties that views need.", as_json),
    ZONES,
    TAGS,
)

SOURCE = listing_source(
    table="graph_resources",
    comment="Resources of many types as Resource Graph knows them: apps, data, monitoring, backup, gateways.",
    max_age=timedelta(hours=6),
    columns=COLUMNS,
    api=Api.RESOURCE_GRAPH,
    calls=1 + len(TABLES),
    batch=BATCH,
)


def query(table: str, types: Iterable[str]) -> str:
    """Return the question for all resources of these types."""
    listed = ", ".join(f"'{name}'" for name in types)
    columns = "id, name, type, kind, location, sku, managedBy, zones, tags, properties"
    return f"{table} | where type in~ ({listed}) | project {columns} | order by id asc"


def fetch_many(azure: AzureClients, chunks: Sequence[Chunk]) -> Results:
    """Return the resources of up to 300 subscriptions in one question for each of Resource Graph's tables."""
    return ask_by_subscription(azure, chunks, [query(*table) for table in TABLES.items()], table_of)


def table_of(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows of Resource Graph as the table; properties that no view needs are left behind."""
    return listing(({**row, "kept": _kept(row)} for row in rows), COLUMNS)


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    return kept(row.get("properties"), KEPT.get(str(row.get("type", "")).lower(), ()))


EXTRACTOR = Extractor(SOURCE, one_of(fetch_many), fetch_many)
