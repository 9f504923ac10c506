"""Which retail prices a lake needs: of the meters on its bill, and of the sizes and products in its inventory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from finops_lake.extract.retail_prices import EVERYWHERE, SOURCE, PricesWanted
from finops_lake.planner.due import TENANT_SCOPE, Demand
from finops_lake.source import Chunk, months_back

NEW_METERS_AFTER = timedelta(hours=24)
"""How old prices must be before a meter or product that has none is reason enough to ask for all again."""

METERS_SQL = """select distinct billing_currency, lower(x_meter_id) from marts.charges
where billing_currency is not null and billing_month >= date '{first_month}'"""
SIZES_SQL = """select distinct location, vm_size from staging.virtual_machines where vm_size is not null
union select location, sku_name from staging.scale_sets where sku_name is not null order by all"""
PRODUCTS_SQL = """select distinct currencies.billing_currency, meters.location, meters.product_name
from (
    select sub_account_id, location, product_name from marts.sku_meters
    union all select sub_account_id, location, standard_ssd_product_name from marts.disk_meters
) as meters
inner join marts.billing_currencies as currencies using (sub_account_id)
where meters.product_name is not null and meters.location is not null order by all"""
HELD_SQL = "select metric, max(last_attempt_at) from meta.chunks where table_name = 'retail_prices' group by metric"
PRICED_SQL = "select distinct currency, meter_id from staging.retail_prices"
LISTED_SQL = "select distinct currency, location, product_name from staging.retail_prices"

Query = Callable[[str], Sequence[tuple[Any, ...]]]


def prices_due(query: Query, now: datetime, demand: Demand) -> dict[Chunk, PricesWanted]:
    """Return the prices to ask for now, a chunk for each currency that subscriptions are billed in.

    They are due when they are older than a week, or than a day where a meter of the last two months' bill, or a product
    of the inventory in its region, has none.
    """
    if demand.tables is not None and SOURCE.table not in demand.tables:
        return {}
    meters = _by_currency(query(METERS_SQL.format(first_month=months_back(now.date(), 2)[-1])))
    products = _by_currency(query(PRODUCTS_SQL))
    sizes = tuple((str(region), str(size)) for region, size in query(SIZES_SQL))
    held: dict[str, datetime] = dict(query(HELD_SQL))
    priced, listed = set(query(PRICED_SQL)), set(query(LISTED_SQL))
    due = {}
    for currency in sorted({*meters, *products}):
        wanted = PricesWanted(
            tuple(sorted(meter for (meter,) in meters.get(currency, []) if meter is not None)),
            sizes,
            tuple((str(region), str(name)) for region, name in products.get(currency, [])),
        )
        is_new = any((currency, meter) not in priced for meter in wanted.meter_ids) or any(
            listed.isdisjoint({(currency, region.lower(), name), (currency, EVERYWHERE.lower(), name)})
            for region, name in wanted.products
        )
        if demand.force or _is_due(held.get(currency), now, is_new=is_new):
            due[Chunk(SOURCE.table, TENANT_SCOPE, None, currency)] = wanted
    return due


def _by_currency(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for currency, *rest in rows:
        found.setdefault(currency, []).append(tuple(rest))
    return found


def _is_due(held: datetime | None, now: datetime, *, is_new: bool) -> bool:
    return held is None or held + (NEW_METERS_AFTER if is_new else SOURCE.max_age) <= now
