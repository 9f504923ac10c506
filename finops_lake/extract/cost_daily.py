"""Cost of one scope and calendar month by day, resource and service.

Azure allows two groupings per query. ResourceId gives the resource, its group and type; ServiceName gives what a
resource id cannot. What the limit costs: charges of one resource and service on one day arrive as one sum, so
meters, charge types (purchases, refunds) and tags are not told apart by this source.

Azure groups by resource only within a subscription or resource group. Of a wider scope SubscriptionId and
ServiceName are asked for: whose cost it is, and for what; resource, group and region stay unknown.
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
            ("subscription_id", pa.string()),
            ("resource_id", pa.string()),
            ("service_name", pa.string()),
            ("currency", pa.string()),
            ("cost", AMOUNT),
            ("cost_usd", AMOUNT),
        ]
    ),
    key=("usage_date", "subscription_id", "resource_id", "service_name", "currency"),
    max_age=timedelta(hours=4),
    columns={
        "usage_date": "UTC day of the usage or purchase.",
        "subscription_id": "GUID of the subscription, where the scope is wider than one; null otherwise.",
        "resource_id": "Resource as the bill names it (lower case); empty for charges without one, null where unknown.",
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


WIDE_NAMES = {
    "SubscriptionId": "subscription_id",
    **{name: ours for name, ours in NAMES.items() if name != "ResourceId"},
}
"""The columns of a scope wider than a subscription."""


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return a month of one metric; costs one Cost Management call per 5,000 rows."""
    if chunk.scope_id.startswith("/subscriptions/"):
        return fetch_query(
            azure, chunk, query_body(chunk, "Daily", ("ResourceId", "ServiceName")), SOURCE.schema, NAMES
        )
    body = query_body(chunk, "Daily", ("SubscriptionId", "ServiceName"))
    return fetch_query(azure, chunk, body, SOURCE.schema, WIDE_NAMES)
