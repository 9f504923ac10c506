"""Retail prices of the meters, sizes and products in use: what anybody pays, not what was negotiated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import amount, as_json, flag, instant
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.listing import Column, listing, listing_source
from finops_lake.source import Api, Chunk, Fetched

METERS_AT_ONCE = 15
"""Terms joined by `or` in one question; more make the address too long."""

EVERYWHERE = "Global"
"""The region under which the list names what costs the same everywhere, such as NAT gateways and private endpoints."""

COLUMNS = (
    Column("meter_id", "meterId", "GUID of the meter."),
    Column("meter_name", "meterName", "Name of the meter."),
    Column("product_id", "productId", "Product."),
    Column("product_name", "productName", "Name of the product."),
    Column("sku_id", "skuId", "SKU."),
    Column("sku_name", "skuName", "Name of the SKU; Spot and Low Priority stand in it."),
    Column("arm_sku_name", "armSkuName", "Size as resources name it."),
    Column("arm_region_name", "armRegionName", "Region as resources name it."),
    Column("service_name", "serviceName", "Service."),
    Column("price_type", "type", "Consumption, DevTestConsumption or Reservation."),
    Column("reservation_term", "reservationTerm", "1 Year, 3 Years; the price is for the whole term."),
    Column("unit_of_measure", "unitOfMeasure", "What the price is for, such as 1 Hour."),
    Column("tier_minimum_units", "tierMinimumUnits", "Units from which the price holds.", amount),
    Column("retail_price", "retailPrice", "Price without discount.", amount),
    Column("unit_price", "unitPrice", "Price of one unit.", amount),
    Column("currency", "currencyCode", "Currency; all but USD are for reference."),
    Column("is_primary_region", "isPrimaryMeterRegion", "Whether the meter is billed by its own region.", flag),
    Column("effective_from", "effectiveStartDate", "Instant from which the price holds (UTC).", instant),
    Column("savings_plan", "savingsPlan", "JSON of the prices under a savings plan.", as_json),
)

SOURCE = replace(
    listing_source(
        "retail_prices",
        "Retail prices of the meters, machine sizes and products in use, in the currencies of the bill.",
        timedelta(days=7),
        COLUMNS,
        api=Api.UNLIMITED,
        scope_kinds=frozenset(),
    ),
    key=("meter_id", "sku_id", "price_type", "tier_minimum_units", "reservation_term", "arm_region_name"),
)
"""Asked for at the end of a refresh only, since the bill and the inventory say what to ask for (see pricing.py)."""


@dataclass(frozen=True)
class PricesWanted:
    """What prices are needed for: meters by their guid, machine sizes as (region, size), products as (region, name)."""

    meter_ids: tuple[str, ...] = ()
    sizes: tuple[tuple[str, str], ...] = ()
    products: tuple[tuple[str, str], ...] = ()

    @property
    def calls(self) -> int:
        """How many calls they take, where every answer fits on one page."""
        return sum(1 for _ in self.questions())

    def questions(self) -> Iterator[str]:
        """Yield the filters that ask for all of them; values are case-sensitive, guids in lower case."""
        for some in _slices(self.meter_ids):
            yield " or ".join(f"meterId eq '{meter}'" for meter in some)
        for region, some in _slices_of_regions(self.sizes):
            named = " or ".join(f"armSkuName eq '{size}'" for size in some)
            yield f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}' and ({named})"
        everywhere = tuple((EVERYWHERE, name) for name in sorted({name for _, name in self.products}))
        for region, some in _slices_of_regions((*self.products, *everywhere)):
            named = " or ".join(f"productName eq '{name}'" for name in some)
            yield f"armRegionName eq '{region}' and ({named})"


def fetch_wanted(azure: AzureClients, chunk: Chunk, wanted: PricesWanted) -> Fetched:
    """Return the prices in the currency of the chunk's metric; costs a call per 15 meters, sizes or products."""
    currency = chunk.metric or "USD"
    prices = azure.prices()
    rows = {tuple(map(str, item.values())): item for one in wanted.questions() for item in prices.items(one, currency)}
    return Fetched(listing(rows.values(), COLUMNS))


def extractor_for(wanted: Mapping[Chunk, PricesWanted]) -> Extractor:
    """Return the extractor that asks, for each chunk, for the prices wanted of it."""
    return Extractor(SOURCE, lambda azure, chunk: fetch_wanted(azure, chunk, wanted[chunk]))


def _slices_of_regions(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Sequence[str]]]:
    for region in sorted({region for region, _ in pairs}):
        for some in _slices(tuple(name for place, name in pairs if place == region)):
            yield region, some


def _slices(items: Sequence[str]) -> Iterator[Sequence[str]]:
    return (items[place : place + METERS_AT_ONCE] for place in range(0, len(items), METERS_AT_ONCE))
