"""Where each resource of a month's bill ran.

The daily query has no grouping left for the region, so one more query per month, without days, tells it: a call
and a row per resource, also for resources that no longer exist.
"""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import AMOUNT
from finops_lake.extract.cost_query import AMOUNTS, fetch_query, query_body
from finops_lake.source import Api, Chunk, Fetched, Source

SOURCE = Source(
    table="cost_resource_locations",
    comment="Region of each resource on a month's bill, with the month's actual cost there.",
    schema=pa.schema(
        [
            ("resource_id", pa.string()),
            ("resource_location", pa.string()),
            ("currency", pa.string()),
            ("cost", AMOUNT),
            ("cost_usd", AMOUNT),
        ]
    ),
    key=("resource_id", "resource_location", "currency"),
    max_age=timedelta(hours=24),
    columns={
        "resource_id": "Resource as the bill names it (lower case); empty for charges without one.",
        "resource_location": "Region as the bill names it; empty or Unassigned for services without one.",
        "currency": "Billing currency of cost.",
        "cost": "Actual cost of the month in the billing currency, before tax.",
        "cost_usd": "The same in US dollars, by Azure's own rate.",
    },
    monthly=True,
    metrics=("ActualCost",),
    api=Api.COST_QUERY,
)

NAMES = {
    "ResourceId": "resource_id",
    "ResourceLocation": "resource_location",
    "Currency": "currency",
    **AMOUNTS,
}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the regions of one month; costs one Cost Management call per 5,000 resources."""
    return fetch_query(azure, chunk, query_body(chunk, None, ("ResourceId", "ResourceLocation")), SOURCE.schema, NAMES)
