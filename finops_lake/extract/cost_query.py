"""What all Cost Management queries share: the body, and pages of rows to Arrow by column name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finops_lake.azure_api.clients import AzureClients, QueryPage
from finops_lake.errors import UnreachableError
from finops_lake.extract.arrow import ENCODED, amounts, encoded_texts, readable, texts
from finops_lake.source import Chunk, Fetched, next_month

AMOUNTS = {"Cost": "cost", "CostUSD": "cost_usd"}
"""The two aggregations Azure allows in one query, and our columns for them."""


def query_body(chunk: Chunk, granularity: str | None, groupings: Sequence[str]) -> dict[str, Any]:
    """Return the query for a chunk's calendar month (both ends inclusive UTC days); Azure allows two groupings."""
    if chunk.month is None or chunk.metric is None:
        raise ValueError(f"{chunk} has no month or no metric")
    dataset: dict[str, Any] = {
        "aggregation": {name: {"name": name, "function": "Sum"} for name in AMOUNTS},
        "grouping": [{"type": "Dimension", "name": name} for name in groupings],
    }
    if granularity:
        dataset["granularity"] = granularity
    last = next_month(chunk.month) - timedelta(days=1)
    return {
        "type": chunk.metric,
        "timeframe": "Custom",
        "timePeriod": {"from": f"{chunk.month.isoformat()}T00:00:00Z", "to": f"{last.isoformat()}T23:59:59Z"},
        "dataset": dataset,
    }


def fetch_query(
    azure: AzureClients, chunk: Chunk, body: Mapping[str, Any], schema: pa.Schema, names: Mapping[str, str]
) -> Fetched:
    """Return every page of one query as one table, texts encoded; `names` maps Azure's column names to ours.

    A page with the very rows of the one before is an error: its rows would count twice.
    """
    tables, inexact, before = [], 0, None
    for page in azure.query_cost(chunk.scope_id, body):
        if page.row_count and page.values == before:
            raise UnreachableError(f"Cost of {chunk.scope_id}: Azure sent the same page twice; nothing was loaded.")
        before = page.values
        table, count = page_to_arrow(page, schema, names)
        tables.append(table)
        inexact += count
    rows = pa.concat_tables(tables) if tables else _encoded(schema).empty_table()
    return Fetched(rows, inexact_amounts=inexact)


def page_to_arrow(page: QueryPage, schema: pa.Schema, names: Mapping[str, str]) -> tuple[pa.Table, int]:
    """Return a page in our schema, texts encoded, and how many amounts had more decimals than we keep.

    What was not asked for is null. Columns are found by name: Azure's order depends on the question, and the
    currency comes unasked.
    """
    places = {name.lower(): place for place, name in enumerate(page.columns)}
    kinds = _encoded(schema)
    arrays, inexact = {field.name: pa.nulls(page.row_count, field.type) for field in kinds}, 0
    for theirs, ours in names.items():
        if theirs.lower() not in places:
            raise UnreachableError(f"Azure's reply has no column {theirs}; it has {', '.join(page.columns)}.")
        with readable(theirs):
            arrays[ours], count = _column(page.values[places[theirs.lower()]], schema.field(ours).type)
        inexact += count
    return pa.table(arrays, kinds), inexact


def _encoded(schema: pa.Schema) -> pa.Schema:
    """Return a schema in which each text is held once: a resource comes on every day, and its id is long."""
    return pa.schema([field.with_type(ENCODED) if pa.types.is_string(field.type) else field for field in schema])


def _column(values: Sequence[Any], kind: pa.DataType) -> tuple[pa.Array, int]:
    if pa.types.is_decimal(kind):
        return amounts(values)
    if pa.types.is_date(kind):  # UsageDate is a whole number, such as 20260401; BillingMonth is 2026-04-01T00:00:00
        is_text = bool(values) and "-" in str(values[0])
        days = pc.utf8_slice_codeunits(texts(values), 0, 10) if is_text else texts(values)
        return pc.strptime(days, format="%Y-%m-%d" if is_text else "%Y%m%d", unit="s").cast(pa.date32()), 0
    return encoded_texts(values), 0
