"""Raw tables of the exports that are not charges: price sheets and reservations, as Azure's files give them."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pyarrow as pa

from finops_lake.extract.arrow import AMOUNT
from finops_lake.source import Source

TEXT, DAY = pa.string(), pa.date32()
MAX_AGE = timedelta(days=7)


class Column(NamedTuple):
    """A column: its type, what it means, and other names files give it (lower case, letters and digits only)."""

    kind: pa.DataType
    meaning: str
    aliases: tuple[str, ...] = ()


PRICE_SHEET: dict[str, Column] = {
    "billing_account_id": Column(TEXT, "Enrolment (EA) or billing account (MCA).", ("enrollmentnumber",)),
    "billing_account_name": Column(TEXT, "Name of the billing account."),
    "billing_profile_id": Column(TEXT, "Billing profile (MCA)."),
    "billing_profile_name": Column(TEXT, "Name of the billing profile (MCA)."),
    "meter_id": Column(TEXT, "GUID of the meter."),
    "meter_name": Column(TEXT, "Name of the meter."),
    "meter_type": Column(TEXT, "Type of the meter."),
    "meter_category": Column(TEXT, "Service the meter counts."),
    "meter_sub_category": Column(TEXT, "Kind of the service."),
    "meter_region": Column(TEXT, "Region the price is for."),
    "service_family": Column(TEXT, "Family of services."),
    "product": Column(TEXT, "Name of the product.", ("productname",)),
    "product_id": Column(TEXT, "Product."),
    "sku_id": Column(TEXT, "SKU."),
    "part_number": Column(TEXT, "Part number of the price (EA)."),
    "offer_id": Column(TEXT, "Offer the price belongs to (EA)."),
    "unit_of_measure": Column(TEXT, "What the price is for, such as 100 Hours."),
    "price_type": Column(TEXT, "Consumption, Reservation or SavingsPlan, as written."),
    "term": Column(TEXT, "Term of a commitment, as written."),
    "tier_minimum_units": Column(AMOUNT, "Units from which the price holds (MCA)."),
    "included_quantity": Column(AMOUNT, "Quantity included without charge."),
    "currency": Column(TEXT, "Currency of the prices.", ("currencycode", "billingcurrency")),
    "base_price": Column(AMOUNT, "Price at the start of the agreement or of the meter."),
    "market_price": Column(AMOUNT, "Retail price."),
    "unit_price": Column(AMOUNT, "Price by the contract."),
    "discount": Column(AMOUNT, "Discount, as written (MCA)."),
    "effective_start_date": Column(DAY, "First day of the price (UTC)."),
    "effective_end_date": Column(DAY, "Last day of the price (UTC)."),
}

RESERVATION_DETAILS: dict[str, Column] = {
    "usage_date": Column(DAY, "UTC day.", ("date",)),
    "reservation_order_id": Column(TEXT, "Reservation order."),
    "reservation_id": Column(TEXT, "Reservation."),
    "sku_name": Column(TEXT, "Size that was reserved.", ("skuname",)),
    "kind": Column(TEXT, "Kind of the usage."),
    "instance_id": Column(TEXT, "Resource that used the reservation."),
    "instance_flexibility_group": Column(TEXT, "Group of sizes that the reservation covers."),
    "instance_flexibility_ratio": Column(AMOUNT, "Weight of the size within its group."),
    "reserved_hours": Column(AMOUNT, "Hours that were reserved."),
    "used_hours": Column(AMOUNT, "Hours that were used."),
    "total_reserved_quantity": Column(AMOUNT, "Instances that were reserved."),
}

RESERVATION_TRANSACTIONS: dict[str, Column] = {
    "event_date": Column(DAY, "UTC day of the transaction.", ("date",)),
    "event_type": Column(TEXT, "Purchase, Refund, Cancel or Exchange."),
    "billing_month": Column(TEXT, "Month of the invoice, as written."),
    "reservation_order_id": Column(TEXT, "Reservation order."),
    "reservation_order_name": Column(TEXT, "Name of the order."),
    "arm_sku_name": Column(TEXT, "Size that was reserved."),
    "region": Column(TEXT, "Region."),
    "term": Column(TEXT, "Term, such as P1Y."),
    "billing_frequency": Column(TEXT, "OneTime or Recurring."),
    "quantity": Column(AMOUNT, "Instances bought; negative for refunds."),
    "amount": Column(AMOUNT, "Amount in currency."),
    "currency": Column(TEXT, "Currency of the amount.", ("currencycode",)),
    "monetary_commitment": Column(AMOUNT, "Part paid from the prepayment (EA)."),
    "overage": Column(AMOUNT, "Part beyond the prepayment (EA)."),
    "description": Column(TEXT, "What was bought, in words."),
    "invoice_id": Column(TEXT, "Invoice (MCA).", ("invoice",)),
    "invoice_section_id": Column(TEXT, "Invoice section (MCA)."),
    "invoice_section_name": Column(TEXT, "Name of the invoice section (MCA)."),
    "billing_profile_id": Column(TEXT, "Billing profile (MCA)."),
    "billing_profile_name": Column(TEXT, "Name of the billing profile (MCA)."),
    "purchasing_subscription_guid": Column(TEXT, "Subscription that bought."),
    "purchasing_subscription_name": Column(TEXT, "Name of that subscription."),
    "purchasing_enrollment": Column(TEXT, "Enrolment that bought (EA)."),
    "current_enrollment_id": Column(TEXT, "Enrolment that holds the reservation now (EA).", ("currentenrollment",)),
    "account_name": Column(TEXT, "EA enrolment account."),
    "account_owner_email": Column(TEXT, "Owner of the account."),
    "cost_center": Column(TEXT, "Cost centre."),
    "department_name": Column(TEXT, "Department (EA)."),
}

RESERVATION_RECOMMENDATIONS: dict[str, Column] = {
    "sku": Column(TEXT, "Size to reserve.", ("skuname",)),
    "location": Column(TEXT, "Region."),
    "scope": Column(TEXT, "Single or Shared."),
    "term": Column(TEXT, "Term, such as P1Y."),
    "look_back_period": Column(TEXT, "Days the recommendation rests on, such as Last30Days."),
    "resource_type": Column(TEXT, "Type of the resource."),
    "meter_id": Column(TEXT, "GUID of the meter."),
    "subscription_id": Column(TEXT, "Subscription, for single scope."),
    "recommended_quantity": Column(AMOUNT, "Instances to reserve."),
    "recommended_quantity_normalized": Column(AMOUNT, "The same in instances of normalized_size."),
    "normalized_size": Column(TEXT, "Smallest size of the flexibility group."),
    "instance_flexibility_group": Column(TEXT, "Group of sizes that a reservation covers."),
    "instance_flexibility_ratio": Column(AMOUNT, "Weight of the size within its group."),
    "cost_with_no_reserved_instances": Column(TEXT, "Cost of the period without, as written (may be JSON)."),
    "total_cost_with_reserved_instances": Column(TEXT, "Cost of the period with, as written (may be JSON)."),
    "net_savings": Column(AMOUNT, "Saving in the period.", ("netsaving",)),
    "first_usage_date": Column(DAY, "First day of usage in the period (UTC)."),
    "sku_properties": Column(TEXT, "JSON of the size's properties."),
}


def _source(table: str, comment: str, columns: dict[str, Column], *, monthly: bool = True) -> Source:
    return Source(
        table=table,
        comment=comment,
        schema=pa.schema([(name, column.kind) for name, column in columns.items()]),
        key=(),
        max_age=MAX_AGE,
        columns={name: column.meaning for name, column in columns.items()},
        monthly=monthly,
    )


EXPORT_TABLES: tuple[tuple[Source, dict[str, Column]], ...] = (
    (_source("exported_prices", "Price sheet by files of exports.", PRICE_SHEET), PRICE_SHEET),
    (
        _source("exported_reservation_details", "Use of reservations by files of exports.", RESERVATION_DETAILS),
        RESERVATION_DETAILS,
    ),
    (
        _source(
            "exported_reservation_transactions",
            "Purchases and refunds of reservations by files of exports.",
            RESERVATION_TRANSACTIONS,
        ),
        RESERVATION_TRANSACTIONS,
    ),
    (
        _source(
            "exported_reservation_recommendations",
            "Recommended reservations by files of exports, by the month of the export.",
            RESERVATION_RECOMMENDATIONS,
        ),
        RESERVATION_RECOMMENDATIONS,
    ),
)
"""Each table with its columns and the names files give them."""
