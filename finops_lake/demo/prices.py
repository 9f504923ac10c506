"""The public price list: several rows for most meters, in the currency asked for; nobody signs in to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from finops_lake.demo.calls import Call
from finops_lake.demo.catalogue import (
    COMPUTE,
    DISK_TIERS,
    PRICE_FACTORS,
    PRODUCTS,
    PROVISIONED_DISKS,
    REGIONS,
    SOLD_EVERYWHERE,
    meter_id,
)
from finops_lake.demo.replies import Reply, error_reply, json_reply
from finops_lake.demo.world import World

PAGE = 100
SHEET_PAGE = 1000
PATH = "/api/retail/prices"
_TERM = re.compile(r"(meterId|armSkuName|armRegionName|serviceName|productName|priceType) eq '([^']*)'")


def retail_prices(world: World, call: Call) -> Reply:
    """Answer a filter of `or` and `and` over equalities; values are compared with their case."""
    if "authorization" in call.headers:
        return error_reply(400, "BadRequest", "This address takes no token.")
    currency = call.query.get("currencyCode", "'USD'").strip("'")
    wanted: dict[str, set[str]] = {}
    for name, value in _TERM.findall(call.query.get("$filter", "")):
        wanted.setdefault(name, set()).add(value)
    names = {"priceType": "type"}
    rows = [row for row in _rows(currency) if all(row[names.get(key, key)] in some for key, some in wanted.items())]
    start = int(call.query.get("$skip", "0"))
    more = start + PAGE < len(rows)
    asked = "&".join(f"{name}={quote(value)}" for name, value in call.query.items() if name != "$skip")
    return json_reply(
        {
            "BillingCurrency": currency,
            "CustomerEntityId": "Default",
            "CustomerEntityType": "Retail",
            "Items": rows[start : start + PAGE],
            "NextPageLink": f"{call.endpoint}{PATH}?{asked}&$skip={start + PAGE}" if more else None,
            "Count": len(rows[start : start + PAGE]),
        }
    )


def price_sheet(world: World, call: Call) -> Reply:
    """Answer a page of the sheet of an Enterprise Agreement: what its bill rests on, by the hundred hours."""
    owner = next(
        (one for one in world.estate.subscriptions if one.subscription_id == call.names["subscription"].lower()), None
    )
    if owner is None or not owner.quota_id.startswith("EnterpriseAgreement"):
        return error_reply(404, "NotFound", f"The price sheet of '{call.scope}' was not found.")
    start = call.query.get("$skiptoken", "0")
    size = min(int(call.query.get("$top", SHEET_PAGE)), world.usage_page_size)
    if not start.isdecimal():
        return error_reply(400, "BadRequest", f"The skip token '{start}' is not valid.")
    period = f"/providers/Microsoft.Billing/billingPeriods/{world.ledger.today:%Y%m}01"
    expanded = "meterdetails" in call.query.get("$expand", "").lower()
    rows = [
        _sheet_row(row, period, expanded=expanded)
        for row in _rows(owner.currency)
        if row["type"] == "Consumption" and not row["tierMinimumUnits"] and row["retailPrice"]
    ]
    more = int(start) + size < len(rows)
    kept = [(name, value) for name, value in call.query.items() if name != "$skiptoken"]
    pairs = [*kept, ("$skiptoken", str(int(start) + size))]
    link = f"{call.endpoint}{quote(call.path)}?" + "&".join(f"{name}={quote(value)}" for name, value in pairs)
    scope = f"/subscriptions/{owner.subscription_id}"
    return json_reply(
        {
            "id": f"{scope}{period}/providers/Microsoft.Consumption/pricesheets/default",
            "name": "default",
            "type": "Microsoft.Consumption/pricesheets",
            "properties": {
                "nextLink": link if more else None,
                "download": None,
                "pricesheets": rows[int(start) : int(start) + size],
            },
        }
    )


def _sheet_row(row: dict[str, Any], period: str, *, expanded: bool) -> dict[str, Any]:
    blocks = 100 if row["unitOfMeasure"] == "1 Hour" else 1
    details = {
        "meterName": row["meterName"],
        "meterCategory": row["serviceName"],
        "meterLocation": row["location"],
        "unit": row["unitOfMeasure"],
    }
    return {
        "billingPeriodId": period,
        "meterId": row["meterId"].upper(),
        "meterDetails": details if expanded else None,
        "unitOfMeasure": "100 Hours" if blocks == 100 else row["unitOfMeasure"],
        "includedQuantity": 0,
        "partNumber": f"AAA-{row['meterId'][:5].upper()}",
        "unitPrice": row["unitPrice"] * blocks,
        "currencyCode": row["currencyCode"],
        "offerId": "MS-AZR-0017P",
    }


def _rows(currency: str) -> Iterator[dict[str, Any]]:
    for row in (*_machines(), *_disks(), *_provisioned_disks(), *_products()):
        price = row.pop("price") * PRICE_FACTORS.get(currency, Decimal(1))
        yield {
            "currencyCode": currency,
            "tierMinimumUnits": Decimal(0),
            "retailPrice": price,
            "unitPrice": price,
            "location": row["armRegionName"],
            "effectiveStartDate": "2024-01-01T00:00:00Z",
            "productId": "DZH318Z0",
            "skuId": f"DZH318Z0/{row['meterId'][:4]}/{row['skuName']}/{row['type']}",
            "serviceId": "DZH313Z7MMC8",
            "isPrimaryMeterRegion": True,
            **row,
        }


def _machines() -> Iterator[dict[str, Any]]:
    for size, (series, name, price) in COMPUTE.items():
        for region in REGIONS:
            for sku, kind, share, term in (
                (name, "Consumption", Decimal(1), None),
                (f"{name} Spot", "Consumption", Decimal("0.2"), None),
                (f"{name} Low Priority", "Consumption", Decimal("0.2"), None),
                (name, "DevTestConsumption", Decimal(1), None),
                (name, "Reservation", Decimal(8760) * Decimal("0.6"), "1 Year"),
            ):
                service, product = "Virtual Machines", f"Virtual Machines {series}"
                row = _row(service, product, sku, sku, "1 Hour", Decimal(price) * share, region)
                yield row | {"type": kind, "armSkuName": size} | ({"reservationTerm": term} if term else {})


def _disks() -> Iterator[dict[str, Any]]:
    """Yield each tier with its neighbours: the mount of a shared disk, and the one that is kept in three zones."""
    for _, product, meter, price in DISK_TIERS.values():
        sku = meter.removesuffix(" Disk")
        for region in REGIONS:
            yield _row("Storage", product, sku, meter, "1/Month", Decimal(price), region)
            yield _row("Storage", product, sku, f"{meter} Mount", "1/Month", Decimal(price) / 20, region)
            zonal = sku.replace("LRS", "ZRS")
            yield _row("Storage", product, zonal, f"{zonal} Disk", "1/Month", Decimal(price) * Decimal("1.5"), region)


def _provisioned_disks() -> Iterator[dict[str, Any]]:
    """Yield each meter by its tiers: what is free has a row of its own, that costs nothing."""
    for meters in PROVISIONED_DISKS.values():
        for product, meter, unit, price, free in meters:
            for region in REGIONS:
                row = _row("Storage", product, " ".join(meter.split()[:2]), meter, unit, Decimal(price), region)
                yield row | {"tierMinimumUnits": Decimal(free)}
                if free:
                    yield row | {"price": Decimal(0)}


def _products() -> Iterator[dict[str, Any]]:
    for service, product, sku, meter, unit, price in PRODUCTS:
        for region in (SOLD_EVERYWHERE[product],) if product in SOLD_EVERYWHERE else REGIONS:
            yield _row(service, product, sku, meter, unit, Decimal(price), region)


def _row(service: str, product: str, sku: str, meter: str, unit: str, price: Decimal, region: str) -> dict[str, Any]:
    return {
        "armRegionName": region,
        "meterId": meter_id(service, product, meter, region),
        "meterName": meter,
        "productName": product,
        "skuName": sku,
        "serviceName": service,
        "serviceFamily": {"Virtual Machines": "Compute", "Storage": "Storage"}.get(service, "Networking"),
        "unitOfMeasure": unit,
        "type": "Consumption",
        "armSkuName": "",
        "price": price,
    }
