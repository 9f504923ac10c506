"""One row of a FOCUS file of any cloud: the columns of FOCUS 1.2, and those that Azure adds.

FOCUS 1.0, 1.0r2 and 1.2-preview have a part of these columns; what a file does not have is null. Amounts, prices and
quantities are exact decimals; days are UTC, and ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import pyarrow as pa

from finops_lake.extract.arrow import AMOUNT
from finops_lake.source import Source

TEXT, DAY = pa.string(), pa.date32()


class Column(NamedTuple):
    """A column: its type and what it means."""

    kind: pa.DataType
    meaning: str


COLUMNS: dict[str, Column] = {
    "availability_zone": Column(TEXT, "Availability zone of the resource."),
    "billed_cost": Column(
        AMOUNT,
        "Actual cost: what the invoice is made of, before tax; purchases on their day, refunds negative."
        " Null when not loaded.",
    ),
    "billing_account_id": Column(TEXT, "Account that receives the invoice, as the cloud names it."),
    "billing_account_name": Column(TEXT, "Its name."),
    "billing_account_type": Column(TEXT, "What the cloud calls such an account, such as Billing Profile."),
    "billing_currency": Column(TEXT, "Currency of the amounts; amounts of different currencies are never added."),
    "billing_period_end": Column(DAY, "Day after the last of the billing period (UTC)."),
    "billing_period_start": Column(DAY, "First day of the billing period (UTC)."),
    "capacity_reservation_id": Column(TEXT, "Capacity reservation that the charge belongs to."),
    "capacity_reservation_status": Column(TEXT, "Whether that capacity was Used or Unused."),
    "charge_category": Column(TEXT, "Usage, Purchase, Tax, Credit or Adjustment."),
    "charge_class": Column(TEXT, "Correction for a change to an invoiced period; else null."),
    "charge_description": Column(TEXT, "What was charged, in words."),
    "charge_frequency": Column(TEXT, "One-Time, Recurring or Usage-Based."),
    "charge_period_end": Column(DAY, "Day after the last of the charge (UTC; the end is exclusive)."),
    "charge_period_start": Column(DAY, "UTC day of the charge, or its first."),
    "commitment_discount_category": Column(TEXT, "Spend or Usage: what the commitment is about."),
    "commitment_discount_id": Column(TEXT, "Reservation or savings plan that was bought, used or left unused."),
    "commitment_discount_name": Column(TEXT, "Name of the commitment."),
    "commitment_discount_quantity": Column(AMOUNT, "Quantity of the commitment that was bought or used."),
    "commitment_discount_status": Column(TEXT, "Used, or Unused for the part that nothing took; null for purchases."),
    "commitment_discount_type": Column(TEXT, "What the cloud calls it, such as Reservation or Savings Plan."),
    "commitment_discount_unit": Column(TEXT, "Unit of commitment_discount_quantity."),
    "consumed_quantity": Column(AMOUNT, "Quantity that was used; null for what is not usage."),
    "consumed_unit": Column(TEXT, "Unit of consumed_quantity."),
    "contracted_cost": Column(AMOUNT, "contracted_unit_price times pricing_quantity: before commitments."),
    "contracted_unit_price": Column(AMOUNT, "Price of one pricing unit after negotiated discounts."),
    "effective_cost": Column(
        AMOUNT,
        "Amortized cost: commitments spread over their term, and 0 for their purchase. Null when not loaded."
        " Never add it to billed_cost.",
    ),
    "invoice_id": Column(TEXT, "Invoice that bills the charge; null until it is issued."),
    "invoice_issuer_name": Column(TEXT, "Who issues the invoice."),
    "list_cost": Column(AMOUNT, "list_unit_price times pricing_quantity: without any discount."),
    "list_unit_price": Column(AMOUNT, "Public price of one pricing unit."),
    "pricing_category": Column(TEXT, "Standard, Dynamic (spot), Committed or Other."),
    "pricing_currency": Column(TEXT, "Currency of the price list."),
    "pricing_currency_contracted_unit_price": Column(AMOUNT, "contracted_unit_price in the pricing currency."),
    "pricing_currency_effective_cost": Column(AMOUNT, "effective_cost in the pricing currency."),
    "pricing_currency_list_unit_price": Column(AMOUNT, "list_unit_price in the pricing currency."),
    "pricing_quantity": Column(AMOUNT, "Quantity in pricing units."),
    "pricing_unit": Column(TEXT, "Unit that prices are for, such as 100 Hours."),
    "provider_name": Column(TEXT, "Cloud that provides it, such as Microsoft, AWS, Google Cloud or Oracle."),
    "publisher_name": Column(TEXT, "Who makes the product, such as a marketplace vendor."),
    "region_id": Column(TEXT, "Region, such as westeurope; null where the bill names none."),
    "region_name": Column(TEXT, "Region as people know it."),
    "resource_id": Column(TEXT, "Resource by its full id (lower case for Azure); null for charges without one."),
    "resource_name": Column(TEXT, "Name of the resource."),
    "resource_type": Column(TEXT, "Kind of the resource, such as microsoft.compute/disks for Azure's own sources."),
    "service_category": Column(TEXT, "FOCUS's category of the service, such as Compute."),
    "service_name": Column(TEXT, "Service by the bill, such as Virtual Machines."),
    "service_subcategory": Column(TEXT, "FOCUS's subcategory of the service."),
    "sku_id": Column(TEXT, "Id of what was bought, whatever its price."),
    "sku_meter": Column(TEXT, "What the price counts, such as the name of the meter."),
    "sku_price_details": Column(TEXT, "JSON of what makes up the price."),
    "sku_price_id": Column(TEXT, "Id of the price."),
    "sub_account_id": Column(
        TEXT, "Subscription, /subscriptions/<guid> in lower case; another cloud's account or project as written."
    ),
    "sub_account_name": Column(TEXT, "Name of the subscription or account on the bill."),
    "sub_account_type": Column(TEXT, "What the cloud calls it, such as Subscription."),
    "tags": Column(TEXT, "JSON object of the resource's tags on that day."),
    "x_resource_group_name": Column(TEXT, "Resource group, lower case; null for charges without one."),
    "x_billed_cost_usd": Column(AMOUNT, "billed_cost in US dollars by Azure's own rate."),
    "x_effective_cost_usd": Column(AMOUNT, "effective_cost in US dollars by Azure's own rate."),
    "x_list_cost_usd": Column(AMOUNT, "list_cost in US dollars by Azure's own rate."),
    "x_meter_id": Column(TEXT, "GUID of Azure's meter."),
    "x_meter_category": Column(TEXT, "Service the meter counts."),
    "x_meter_subcategory": Column(TEXT, "Kind of the service."),
    "x_invoice_section_id": Column(TEXT, "Invoice section (MCA) or department (EA)."),
    "x_invoice_section_name": Column(TEXT, "Its name."),
    "x_billing_profile_id": Column(TEXT, "Billing profile (MCA) or enrolment (EA)."),
    "x_billing_profile_name": Column(TEXT, "Its name."),
    "x_account_name": Column(TEXT, "EA enrolment account."),
    "x_cost_center": Column(TEXT, "Cost centre of the invoice section or enrolment."),
    "x_charge_type": Column(
        TEXT,
        "Azure's ChargeType as written: Usage, Purchase, Refund, UnusedReservation, UnusedSavingsPlan,"
        " RoundingAdjustment, Tax ...",
    ),
    "x_pricing_model": Column(TEXT, "Azure's PricingModel: OnDemand, Reservation, SavingsPlan or Spot."),
    "x_publisher_type": Column(TEXT, "Microsoft (or Azure), Marketplace or AWS, as written."),
    "x_offer_id": Column(TEXT, "Offer of the subscription, such as MS-AZR-0017P."),
    "x_term": Column(TEXT, "Term of the commitment, as written."),
    "x_additional_info": Column(TEXT, "JSON of further detail, such as the size of a machine."),
    "x_cost_allocation_rule_name": Column(TEXT, "Cost allocation rule that made the charge."),
    "x_exchange_rate": Column(AMOUNT, "Rate from the pricing to the billing currency."),
    "x_effective_unit_price": Column(AMOUNT, "Price of one unit after all discounts, commitments included."),
}
"""Every column of a FOCUS row that the lake keeps, in the order of `marts.charges`."""

SCHEMA = pa.schema([(name, column.kind) for name, column in COLUMNS.items()])
MEANINGS: Mapping[str, str] = {name: column.meaning for name, column in COLUMNS.items()}

SOURCE = Source(
    table="focus_charges",
    comment="Charges by FOCUS files (exports of Azure and of other clouds), as the files give them.",
    schema=SCHEMA,
    key=(),
    max_age=timedelta(hours=24),
    columns=MEANINGS,
    monthly=True,
    remembers=True,
)
