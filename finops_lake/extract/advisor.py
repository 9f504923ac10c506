"""Advisor's cost recommendations, all look-backs and terms, by Resource Graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import amount, as_json, instant, only
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.graph import BATCH, Results, ask_by_subscription, one_of
from finops_lake.extract.listing import Column, listing, listing_source
from finops_lake.source import Api, Chunk

QUERY = (
    "advisorresources | where type =~ 'microsoft.advisor/recommendations' | where properties.category =~ 'Cost'"
    " | project id, name, type, properties | order by id asc"
)
EXTENDED = "properties.extendedProperties"

COLUMNS = (
    Column("id", "id", "ARM id of the recommendation."),
    Column("name", "name", "Its name, a guid; the same advice keeps it."),
    Column("recommendation_type_id", "properties.recommendationTypeId", "Kind of advice."),
    Column("impact", "properties.impact", "High, Medium or Low."),
    Column("impacted_type", "properties.impactedField", "Type of what it is about."),
    Column("impacted_name", "properties.impactedValue", "Name of what it is about."),
    Column("resource_id", "properties.resourceMetadata.resourceId", "Resource or subscription it is about."),
    Column("problem", "properties.shortDescription.problem", "What Advisor says is wrong."),
    Column("solution", "properties.shortDescription.solution", "What Advisor says to do."),
    Column("annual_savings_amount", f"{EXTENDED}.annualSavingsAmount", "Saving of a year at retail price.", amount),
    Column("monthly_savings_amount", f"{EXTENDED}.savingsAmount", "Saving of a month at retail price.", amount),
    Column("savings_currency", f"{EXTENDED}.savingsCurrency", "Currency of both, often USD whatever is billed."),
    Column("lookback_period", f"{EXTENDED}.lookbackPeriod", "Days looked back on; the others are alternatives."),
    Column("term", f"{EXTENDED}.term", "P1Y or P3Y of a commitment; alternatives, too."),
    Column("commitment_scope", f"{EXTENDED}.scope", "Single or Shared for a commitment."),
    Column("quantity", f"{EXTENDED}.qty", "Units to commit to.", amount),
    Column("target_sku", f"{EXTENDED}.targetSku", "Size to change to."),
    Column("current_sku", f"{EXTENDED}.currentSku", "Size it has."),
    Column("recommended_action", f"{EXTENDED}.recommendationType", "Shutdown, Resize, ..., where it is about a size."),
    Column("extended_properties", EXTENDED, "JSON of all else that Advisor says.", as_json),
    Column("suppression_ids", "properties.suppressionIds", "JSON list of dismissals or postponements.", as_json),
    Column("remediation", "properties.remediation", "JSON of the step it proposes.", only("httpMethod", "uri")),
    Column("last_updated_at", "properties.lastUpdated", "Instant of its latest evaluation (UTC).", instant),
)

SOURCE = listing_source(
    table="advisor_recommendations",
    comment="Advisor's recommendations of category Cost; several are alternatives to each other.",
    max_age=timedelta(hours=24),
    columns=COLUMNS,
    api=Api.RESOURCE_GRAPH,
    calls=2,
    batch=BATCH,
)


def fetch_many(azure: AzureClients, chunks: Sequence[Chunk]) -> Results:
    """Return the recommendations for up to 300 subscriptions in one question."""
    return ask_by_subscription(azure, chunks, [QUERY], table_of)


def table_of(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return recommendations, of Resource Graph or of Advisor's own listing, as the table."""
    return listing(rows, COLUMNS)


EXTRACTOR = Extractor(SOURCE, one_of(fetch_many), fetch_many)
