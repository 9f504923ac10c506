"""One charge as the fields of a usage-detail line, before a report or an API gives them its own names."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from functools import lru_cache

from finops_lake.demo.benefits import benefit_named
from finops_lake.demo.billing import Billing
from finops_lake.demo.catalogue import meter_id, unit_of
from finops_lake.demo.model import Charge, Line, Metric

Value = str | date | Decimal
OFFERS = {"EnterpriseAgreement": "MS-AZR-0017P", "MSDNDevTest": "MS-AZR-0017G", "PayAsYouGo": "MS-AZR-0003P"}


def line_values(charge: Charge, metric: Metric, billing: Billing) -> dict[str, Value]:
    """Return every field of a charge in one metric: text, days and exact decimals."""
    return {
        **_fixed(charge.line, billing),
        "date": charge.usage_date,
        "quantity": charge.quantity,
        "cost": charge.cost(metric),
        "cost_usd": charge.cost_usd(metric),
    }


@lru_cache(maxsize=65_536)
def _fixed(line: Line, billing: Billing) -> dict[str, Value]:
    """Return what is the same on all days of a line."""
    subscription, place = line.subscription, billing.place(line.subscription)
    kind = subscription.quota_id.partition("_")[0]
    return {
        **place,
        "account_name": "Contoso Operations",
        "subscription_id": subscription.subscription_id,
        "subscription_name": subscription.display_name,
        "resource_group": line.resource_group,
        "resource_id": line.resource_id,
        "resource_name": line.resource_id.rpartition("/")[2],
        "location": line.location,
        "product": f"{line.meter_category} - {line.meter_name}",
        "meter_id": meter_id(line.meter_category, line.meter_subcategory, line.meter_name, line.location),
        "meter_name": line.meter_name,
        "meter_category": line.meter_category,
        "meter_subcategory": line.meter_subcategory,
        "unit": unit_of(line.meter_name),
        "unit_price": line.contracted_price,
        "effective_price": line.unit_price,
        "benefit_id": benefit_named(billing.tenant_id, line.benefit),
        "benefit_name": line.benefit or "",
        "consumed_service": "/".join(line.resource_type.split("/")[:1]),
        "offer_id": OFFERS.get(kind, ""),
        "publisher_type": line.publisher_type,
        "charge_type": line.charge_type,
        "frequency": {"once": "OneTime", "monthly": "Recurring"}.get(line.rhythm, "UsageBased"),
        "pricing_model": line.pricing_model,
        "currency": line.currency,
        "pricing_currency": "USD",
        "tags": json.dumps(dict(line.tags)) if line.tags else "",
        "tags_bare": json.dumps(dict(line.tags))[1:-1],
    }
