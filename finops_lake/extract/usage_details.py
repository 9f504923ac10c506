"""Consumption usage details of one scope and month: lines with meters and tags, also for pay-as-you-go.

Azure has two shapes, `legacy` (EA and pay-as-you-go) and `modern` (Customer Agreements); old replies have no `kind` and
older names still. One table holds them all, found by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import BadRequestError, NotFoundError, UnreachableError, UnsupportedOfferError
from finops_lake.extract.arrow import amounts, as_json, day, readable, text, texts
from finops_lake.extract.cost_csv import NEEDED, lines_table
from finops_lake.extract.cost_lines import SCHEMA, check_month, columns_of, days_of, lines_source
from finops_lake.extract.spool import Spool
from finops_lake.source import Api, Chunk, Fetched

SOURCE = lines_source(
    "usage_details",
    "Lines of the bill from the consumption API's usage details, one metric per load.",
    timedelta(hours=4),
    api=Api.USAGE_DETAILS,
    calls=4,
)

METRICS = {"ActualCost": "actualcost", "AmortizedCost": "amortizedcost"}
RENAMED = {
    "additionalproperties": "additional_info",
    "productidentifier": "product_id",
    "meterlocation": "meter_region",
}
"""Names of this API alone, for columns of the shared table."""

MODERN = ("/billingprofiles/", "/invoicesections/", "/customers/")


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return a month of one metric; costs one throttled call per 1000 lines."""
    try:
        return _fetched(azure, chunk)
    except (BadRequestError, NotFoundError) as error:  # Azure says so in many words where there are none
        raise UnsupportedOfferError(error.message, next_step=error.next_step, code=error.code) from error


def _fetched(azure: AzureClients, chunk: Chunk) -> Fetched:
    first, last = days_of(chunk)
    what = f"Usage details of {chunk.scope_id} for {first:%Y-%m}"
    inexact, seen = 0, set[tuple[str, ...]]()
    with Spool(SCHEMA, azure.scratch) as spool:
        for page in azure.usage_details(chunk.scope_id, _params(chunk, first, last)):
            ids = tuple(str(item.get("id")) for item in page)
            if ids and ids in seen:
                raise UnreachableError(f"{what}: Azure sent the same page twice; nothing was loaded.")
            seen.add(ids)
            table, count = page_to_arrow(page, what)
            check_month(table, first, last, what)
            spool.add(table)
            inexact += count
        return Fetched(spool.finish(), inexact_amounts=inexact)


def page_to_arrow(items: Sequence[Mapping[str, Any]], what: str) -> tuple[pa.Table, int]:
    """Return the items of a page, of either kind or of none, in SCHEMA; and how many amounts had to be rounded."""
    lines = [_line(item) for item in items]
    found: dict[str, list[Any]] = {}
    for column in dict.fromkeys(column for line in lines for column in line):
        found[column] = [line.get(column) for line in lines]
    missing = [column for column in NEEDED if lines and any(value is None for value in found.get(column, [None]))]
    if missing:
        raise UnreachableError(f"{what}: an item has no {missing[0]}; it has {', '.join(sorted(items[0]))}.")
    arrays = {column: _array(column, values) for column, values in found.items()}
    rounded = sum(count for _, count in arrays.values())
    return lines_table({column: array for column, (array, _) in arrays.items()}, len(lines)), rounded


def _params(chunk: Chunk, first: date, last: date) -> dict[str, str]:
    """Return the question: Customer Agreements take two dates, everything else a filter."""
    params = {"metric": METRICS[chunk.metric or ""], "$expand": "properties/meterDetails,properties/additionalInfo"}
    if any(part in f"{chunk.scope_id}/" for part in MODERN) or ":" in chunk.scope_id:
        return {**params, "startDate": first.isoformat(), "endDate": last.isoformat()}
    return {**params, "$filter": f"properties/usageStart ge '{first}' and properties/usageEnd le '{last}'"}


def _line(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item by our columns; its own tags are beside its properties, its meter may be inside them."""
    properties = item.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    meter = properties.get("meterDetails")
    values = {**(meter if isinstance(meter, Mapping) else {}), **properties}
    line = {column: values[name] for name, column in _names(tuple(values))}
    return {**line, "tags": as_json(item.get("tags"))}


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return (name, column) for the names of one shape of item that we know."""
    known = {column: name for column, name in columns_of(names).items() if name != "meterDetails"}
    more = {RENAMED[name.lower()]: name for name in names if name.lower() in RENAMED}
    return tuple((name, column) for column, name in {**more, **known}.items())


def _array(column: str, values: Sequence[Any]) -> tuple[pa.Array, int]:
    kind = SCHEMA.field(column).type
    with readable(column):
        if pa.types.is_decimal(kind):
            return amounts([None if value == "" else value for value in values])
        if pa.types.is_date(kind):
            return pa.array([day(value) for value in values], pa.date32()), 0
        if pa.types.is_boolean(kind):
            return pa.array([value if isinstance(value, bool) else None for value in values], pa.bool_()), 0
        return texts([text(value) for value in values]), 0
