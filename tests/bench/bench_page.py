"""A page of 5,000 rows, from the bytes of the reply to Arrow."""

from __future__ import annotations

import json
import random

from finops_lake.azure_api.pages import read_query_page
from finops_lake.extract.cost_daily import NAMES, SOURCE
from finops_lake.extract.cost_query import page_to_arrow
from tests.bench.timing import median_ms, show

ROWS = 5000


def body() -> bytes:
    """Return a reply of about 0.9 MB, with amounts as Azure writes them."""
    random.seed(1)
    columns = {"Cost": "Number", "CostUSD": "Number", "UsageDate": "Number"}
    columns |= {"ResourceId": "String", "ServiceName": "String", "Currency": "String"}
    prefix = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/rg"
    rows = [
        [
            round(random.random() * 90, 12),
            round(random.random() * 90, 12),
            20261101 + number % 30,
            f"{prefix}{number % 50}/providers/microsoft.compute/virtualmachines/vm{number % 2500}",
            "Virtual Machines",
            "EUR",
        ]
        for number in range(ROWS)
    ]
    properties = {
        "nextLink": None,
        "columns": [{"name": name, "type": kind} for name, kind in columns.items()],
        "rows": rows,
    }
    return json.dumps({"id": "subscriptions/x", "properties": properties}, separators=(",", ":")).encode()


def to_arrow(reply: bytes) -> int:
    """Return the rows of a reply, parsed as the clients do it."""
    page, _ = read_query_page(reply, "The bench")
    return int(page_to_arrow(page, SOURCE.schema, NAMES)[0].num_rows)


def main() -> None:
    """Print the time of one page."""
    reply = body()
    print(f"page: {ROWS} rows, {len(reply) / 1e6:.2f} MB of JSON")
    bare = median_ms(lambda: json.loads(reply))
    ours = median_ms(lambda: to_arrow(reply))
    show("bytes to Arrow, amounts exact", ours, "ms", aim="<= 8 ms", baseline=f"{ours / bare:.1f} x bare json.loads")
