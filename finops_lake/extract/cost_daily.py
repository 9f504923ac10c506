"""Cost of one subscription and calendar month by day, resource and service.

Azure allows two groupings per query. ResourceId gives the resource, its group and type; ServiceName gives what a
resource id cannot. What the limit costs: charges of one resource and service on one day arrive as one sum, so
meters, charge types (purchases, refunds) and tags are not told apart by this source.
"""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import AMOUNT
from finops_lake.extract.cost_query import AMOUNTS, fetch_query, query_body
from finops_lake.source import Api, Chunk, Fetched, Source

SOURCE = Source(
    table="cost_daily",
    comment="Cost by UTC day, resource and service, as the Cost Management query gives it; one metric per load.",
    schema=pa.schema(
        [
            ("usage_date", pa.date32()),
            ("resource_id", pa.string()),
            ("service_name", pa.string()),
            ("currency", pa.string()),
            ("cost", AMOUNT),
            ("cost_usd", AMOUNT),
        ]
    ),
    key=("usage_date", "resource_id", "service_name", "currency"),
    max_age=timedelta(hours=4),
    columns={
        "usage_date": "UTC day of the usage or purchase.",
        "resource_id": "Resource as the bill names it (lower case); empty for charges without one.",
        "service_name": "Service, such as Virtual Machines.",
        "currency": "Billing currency of cost.",
        "cost": "Cost in the billing currency, before tax.",
        "cost_usd": "The same in US dollars, by Azure's own rate.",
    },
    monthly=True,
    metrics=("ActualCost", "AmortizedCost"),
    api=Api.COST_QUERY,
)

NAMES = {
    "UsageDate": "usage_date",
    "ResourceId": "resource_id",
    "ServiceName": "service_name",
    "Currency": "currency",
    **AMOUNTS,
}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return a month of one metric; costs one Cost Management call per 5,000 rows."""
    return fetch_query(azure, chunk, query_body(chunk, "Daily", ("ResourceId", "ServiceName")), SOURCE.schema, NAMES)
