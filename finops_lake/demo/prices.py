"""The public price list: several rows for most meters, in the currency asked for; nobody signs in to it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from finops_lake.demo.calls import Call
from finops_lake.demo.catalogue import COMPUTE, PRICE_FACTORS, REGIONS
from finops_lake.demo.replies import Reply, error_reply, json_reply
from finops_lake.demo.world import World

PAGE = 100
PATH = "/api/retail/prices"
_TERM = re.compile(r"(meterId|armSkuName|armRegionName|serviceName|priceType) eq '([^']*)'")


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


def _rows(currency: str) -> Iterator[dict[str, Any]]:
    factor = PRICE_FACTORS.get(currency, Decimal(1))
    for size, (series, name, price) in COMPUTE.items():
        for region in REGIONS:
            for sku, kind, share, term in (
                (name, "Consumption", Decimal(1), None),
                (f"{name} Spot", "Consumption", Decimal("0.2"), None),
                (f"{name} Low Priority", "Consumption", Decimal("0.2"), None),
                (name, "DevTestConsumption", Decimal(1), None),
                (name, "Reservation", Decimal(8760) * Decimal("0.6"), "1 Year"),
            ):
                meter = str(uuid.uuid5(uuid.NAMESPACE_OID, f"Virtual Machines/{sku}/{region}"))
                yield {
                    "currencyCode": currency,
                    "tierMinimumUnits": Decimal(0),
                    "retailPrice": Decimal(price) * share * factor,
                    "unitPrice": Decimal(price) * share * factor,
                    "armRegionName": region,
                    "location": region,
                    "effectiveStartDate": "2024-01-01T00:00:00Z",
                    "meterId": meter,
                    "meterName": sku,
                    "productId": "DZH318Z0",
                    "skuId": f"DZH318Z0/{meter[:4]}/{kind}",
                    "productName": f"Virtual Machines {series}",
                    "skuName": sku,
                    "serviceName": "Virtual Machines",
                    "serviceId": "DZH313Z7MMC8",
                    "serviceFamily": "Compute",
                    "unitOfMeasure": "1 Hour",
                    "type": kind,
                    "isPrimaryMeterRegion": True,
                    "armSkuName": size,
                    **({"reservationTerm": term} if term else {}),
                }
