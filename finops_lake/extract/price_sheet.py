"""Prices by contract of an Enterprise Agreement, by the sheet that Azure gives for any of its subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import UnreachableError
from finops_lake.extract.arrow import amount, as_json, billing_month
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.listing import Column, listing, listing_source
from finops_lake.source import Api, Chunk, Fetched

COLUMNS = (
    Column("billing_month", "billingPeriodId", "First day of the billing period the price is of.", billing_month),
    Column("meter_id", "meterId", "GUID of the meter."),
    Column("meter_name", "meterDetails.meterName", "Name of the meter."),
    Column("meter_category", "meterDetails.meterCategory", "Service the meter counts."),
    Column("meter_sub_category", "meterDetails.meterSubCategory", "Kind of the service."),
    Column("meter_region", "meterDetails.meterLocation", "Region the price is for."),
    Column("part_number", "partNumber", "Part number of the price."),
    Column("offer_id", "offerId", "Offer the price belongs to."),
    Column("unit_of_measure", "unitOfMeasure", "What the price is for, such as 100 Hours."),
    Column("included_quantity", "includedQuantity", "Quantity included without charge.", amount),
    Column("unit_price", "unitPrice", "Price by the contract.", amount),
    Column("currency", "currencyCode", "Currency of the price."),
    Column("savings_plan", "savingsPlan", "JSON of the prices under a savings plan.", as_json),
)

SOURCE = replace(
    listing_source(
        "price_sheet",
        "Prices by contract of Enterprise Agreements, by one subscription of each directory.",
        timedelta(days=30),
        COLUMNS,
        api=Api.CONSUMPTION,
        calls=100,
        scope_kinds=frozenset(),
    ),
    key=("meter_id", "part_number", "offer_id"),
    remembers=False,
)
"""Asked for at the end of a refresh only, of the subscriptions that the planner names (see planner/price_sheets.py)."""


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the sheet of a subscription's enrolment; costs one call per 1,000 prices.

    UnreachableError where Azure repeats a page: nothing is loaded then.
    """
    rows: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for page in azure.price_sheet(chunk.scope_id):
        before = len(rows)
        rows.update({(one.get("meterId"), one.get("partNumber"), one.get("offerId")): one for one in page})
        if page and len(rows) == before:
            raise UnreachableError(f"Price sheet of {chunk.scope_id}: Azure sent a page twice; nothing was loaded.")
    return Fetched(listing(rows.values(), COLUMNS))


EXTRACTOR = Extractor(SOURCE, fetch)
