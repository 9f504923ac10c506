"""Which retail prices a lake needs: those of the meters on its bill and of the machine sizes in its inventory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from finops_lake.extract.retail_prices import SOURCE, PricesWanted
from finops_lake.plan import TENANT_SCOPE, Demand
from finops_lake.source import Chunk, months_back

NEW_METERS_AFTER = timedelta(hours=24)
"""How old prices must be before a meter that has none is reason enough to ask for all again."""

METERS_SQL = """select distinct billing_currency, lower(x_meter_id) from marts.charges
where billing_currency is not null and billing_month >= date '{first_month}'"""
SIZES_SQL = """select distinct location, vm_size from staging.virtual_machines where vm_size is not null
union select location, sku_name from staging.scale_sets where sku_name is not null order by all"""
HELD_SQL = "select metric, max(last_attempt_at) from meta.chunks where table_name = 'retail_prices' group by metric"
PRICED_SQL = "select distinct currency, meter_id from staging.retail_prices"

Query = Callable[[str], Sequence[tuple[Any, ...]]]


def prices_due(query: Query, now: datetime, demand: Demand) -> dict[Chunk, PricesWanted]:
    """Return the prices to ask for now, a chunk for each currency of the last two months' bill.

    They are due when they are older than a week, or than a day where a meter on the bill has none.
    """
    if demand.tables is not None and SOURCE.table not in demand.tables:
        return {}
    bill: dict[str, set[str]] = {}
    for currency, meter in query(METERS_SQL.format(first_month=months_back(now.date(), 2)[-1])):
        bill.setdefault(currency, set()).update({meter} - {None})
    sizes = tuple((str(region), str(size)) for region, size in query(SIZES_SQL))
    held: dict[str, datetime] = dict(query(HELD_SQL))
    priced = set(query(PRICED_SQL))
    due = {}
    for currency, meters in sorted(bill.items()):
        is_new = any((currency, meter) not in priced for meter in meters)
        if demand.force or _is_due(held.get(currency), now, is_new=is_new):
            wanted = PricesWanted(tuple(sorted(meters)), sizes)
            due[Chunk(SOURCE.table, TENANT_SCOPE, None, currency)] = wanted
    return due


def _is_due(held: datetime | None, now: datetime, *, is_new: bool) -> bool:
    return held is None or held + (NEW_METERS_AFTER if is_new else SOURCE.max_age) <= now
