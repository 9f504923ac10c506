"""What Azure says each of the twelve months before the running one cost, in one call per scope.

Closed months are not asked for again, yet Azure restates some. Their totals tell which: twelve months of them are one
request, where the rows would be two or more for each month.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import AMOUNT
from finops_lake.extract.cost_query import AMOUNTS, fetch_query
from finops_lake.source import Api, Chunk, Fetched, Source, first_of_month, months_back

MONTHS = 12
"""The most that Azure tells in one query (a year); each counts one query unit (QPU)."""

SOURCE = Source(
    table="cost_monthly_totals",
    comment="Actual cost of whole months as Azure totals them: the twelve before the running month, by currency.",
    schema=pa.schema(
        [
            ("billing_month", pa.date32()),
            ("currency", pa.string()),
            ("cost", AMOUNT),
            ("cost_usd", AMOUNT),
        ]
    ),
    key=("billing_month", "currency"),
    max_age=timedelta(hours=24),
    columns={
        "billing_month": "First day of the calendar month (UTC).",
        "currency": "Billing currency of cost.",
        "cost": "Actual cost of the month in the billing currency, before tax.",
        "cost_usd": "The same in US dollars, by Azure's own rate.",
    },
    api=Api.COST_QUERY,
    query_months=MONTHS,
    remembers=True,
)

NAMES = {"BillingMonth": "billing_month", "Currency": "currency", **AMOUNTS}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the totals of one scope; costs one Cost Management call."""
    return fetch_query(azure, chunk, totals_body(azure.utc_now().date()), SOURCE.schema, NAMES)


def totals_body(today: date) -> dict[str, Any]:
    """Return the query for the twelve whole months before the one of `today` (both ends inclusive UTC days)."""
    running, first = first_of_month(today), months_back(today, MONTHS + 1)[-1]
    last = running - timedelta(days=1)
    return {
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": {"from": f"{first.isoformat()}T00:00:00Z", "to": f"{last.isoformat()}T23:59:59Z"},
        "dataset": {
            "granularity": "Monthly",
            "aggregation": {name: {"name": name, "function": "Sum"} for name in AMOUNTS},
        },
    }
