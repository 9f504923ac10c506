"""One line of Azure's usage details, whatever brought it: the cost details report, the consumption API or an export.

The columns are a superset of the published ones: Enterprise Agreement 2024-08-01, Microsoft Customer (and Partner)
Agreement 2023-12-01-preview, pay-as-you-go 2019-11-01, and the names that older versions, the consumption API and
localised files gave the same things. Text is kept as Azure wrote it; amounts are exact decimals; unknown is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from finops_lake.errors import UnreachableError
from finops_lake.extract.arrow import AMOUNT
from finops_lake.source import Chunk, Source, next_month

METRICS = ("ActualCost", "AmortizedCost")
"""The two readings of the same usage: as billed, and with commitments spread over the time they cover."""

TEXT, DAY, FLAG = pa.string(), pa.date32(), pa.bool_()


class Line(NamedTuple):
    """A column: its type, what it means, and further names it has had (in any case, without _ - and blanks)."""

    kind: pa.DataType
    meaning: str
    aliases: tuple[str, ...] = ()


LINES: dict[str, Line] = {
    "date": Line(DAY, "UTC day of the usage or purchase.", ("usagedatetime", "usagedate", "usagestart")),
    "billing_account_id": Line(TEXT, "Enrolment number (EA) or billing account (MCA).", ("enrollmentnumber",)),
    "billing_account_name": Line(TEXT, "Name of the billing account."),
    "billing_profile_id": Line(TEXT, "Billing profile; the enrolment again for EA."),
    "billing_profile_name": Line(TEXT, "Name of the billing profile."),
    "billing_period_start_date": Line(DAY, "First day of the billing period.", ("billingperiodstart",)),
    "billing_period_end_date": Line(DAY, "Last day of the billing period, inclusive.", ("billingperiodend",)),
    "service_period_start_date": Line(DAY, "First day of the service (MCA)."),
    "service_period_end_date": Line(DAY, "Last day of the service (MCA)."),
    "invoice_id": Line(TEXT, "Invoice that bills the line; null until it is issued."),
    "previous_invoice_id": Line(TEXT, "Invoice that a refund corrects."),
    "invoice_section_id": Line(TEXT, "Invoice section (MCA) or department (EA).", ("departmentid",)),
    "invoice_section_name": Line(
        TEXT, "Name of the invoice section or department.", ("invoicesection", "departmentname", "department")
    ),
    "account_id": Line(TEXT, "EA enrolment account."),
    "account_name": Line(TEXT, "Name of the EA enrolment account."),
    "account_owner_id": Line(TEXT, "Sign-in name of the account's owner.", ("accountowneremail",)),
    "cost_center": Line(TEXT, "Cost centre of the invoice section or enrolment."),
    "subscription_id": Line(TEXT, "GUID of the subscription.", ("subscriptionguid", "abonnementguid")),
    "subscription_name": Line(TEXT, "Name of the subscription."),
    "resource_group": Line(TEXT, "Resource group.", ("resourcegroupname", "ressourcengruppe")),
    "resource_id": Line(TEXT, "ARM id of the resource; null for charges without one.", ("instanceid", "instancename")),
    "resource_name": Line(TEXT, "Name of the resource."),
    "resource_type": Line(TEXT, "Type of the resource."),
    "resource_location": Line(
        TEXT, "Region the resource runs in, as written.", ("ressourcenstandort", "instancelocation")
    ),
    "resource_location_normalized": Line(TEXT, "Region in Azure's short spelling."),
    "location": Line(TEXT, "Region in MCA's long spelling."),
    "availability_zone": Line(TEXT, "Availability zone, for external clouds."),
    "consumed_service": Line(TEXT, "Resource provider that was used.", ("genutzterdienst",)),
    "service_name": Line(TEXT, "Service of the meter (pay-as-you-go)."),
    "service_tier": Line(TEXT, "Tier of the service (pay-as-you-go)."),
    "service_family": Line(TEXT, "Family of services the meter belongs to."),
    "meter_id": Line(TEXT, "GUID of the meter.", ("idderverbrauchseinheit",)),
    "meter_name": Line(TEXT, "Name of the meter.", ("namederverbrauchseinheit",)),
    "meter_category": Line(TEXT, "Service the meter counts.", ("kategoriederverbrauchseinheit",)),
    "meter_sub_category": Line(TEXT, "Kind of the service.", ("unterkategoriederverbrauchseinheit",)),
    "meter_region": Line(TEXT, "Region the price is for.", ("regionderverbrauchseinheit",)),
    "product_id": Line(TEXT, "Product (MCA)."),
    "product_name": Line(TEXT, "Name of the product.", ("product",)),
    "product_order_id": Line(TEXT, "Order the product belongs to."),
    "product_order_name": Line(TEXT, "Name of the order."),
    "plan_name": Line(TEXT, "Marketplace plan."),
    "part_number": Line(TEXT, "Part number of the price (EA)."),
    "offer_id": Line(TEXT, "Offer of the subscription, such as MS-AZR-0017P."),
    "unit_of_measure": Line(TEXT, "What quantity counts, such as 100 Hours.", ("maßeinheit", "unit")),
    "quantity": Line(AMOUNT, "Quantity in unit_of_measure.", ("usagequantity", "consumedquantity")),
    "effective_price": Line(
        AMOUNT, "Price of one unit after discounts, in the billing currency.", ("resourcerate", "ressourcensatz")
    ),
    "unit_price": Line(AMOUNT, "Price of one unit by the contract."),
    "payg_price": Line(AMOUNT, "Retail price of one unit.", ("marketprice",)),
    "cost_in_billing_currency": Line(
        AMOUNT, "Cost before tax, in the billing currency.", ("cost", "pretaxcost", "extendedcost")
    ),
    "cost_in_pricing_currency": Line(AMOUNT, "Cost before tax, in the pricing currency (MCA)."),
    "cost_in_usd": Line(AMOUNT, "Cost before tax in US dollars (MCA)."),
    "payg_cost_in_billing_currency": Line(AMOUNT, "Cost at retail price, in the billing currency (MCA)."),
    "payg_cost_in_usd": Line(AMOUNT, "Cost at retail price in US dollars (MCA)."),
    "billing_currency": Line(TEXT, "Currency of the cost.", ("billingcurrencycode", "currency", "currencycode")),
    "pricing_currency": Line(TEXT, "Currency of the prices (MCA).", ("pricingcurrencycode",)),
    "exchange_rate_pricing_to_billing": Line(
        AMOUNT, "Rate from the pricing to the billing currency (MCA).", ("exchangerate",)
    ),
    "exchange_rate_date": Line(DAY, "Day of that rate."),
    "charge_type": Line(
        TEXT, "Usage, Purchase, Refund, UnusedReservation, UnusedSavingsPlan, RoundingAdjustment, Tax, as written."
    ),
    "frequency": Line(TEXT, "OneTime, Recurring or UsageBased."),
    "pricing_model": Line(TEXT, "OnDemand, Reservation, SavingsPlan or Spot."),
    "term": Line(TEXT, "Term of the commitment, such as 36 (months) or P1Y, as written."),
    "reservation_id": Line(TEXT, "Reservation that covers the usage or was bought."),
    "reservation_name": Line(TEXT, "Name of the reservation."),
    "benefit_id": Line(TEXT, "Reservation or savings plan that covers the usage."),
    "benefit_name": Line(TEXT, "Name of the benefit."),
    "cost_allocation_rule_name": Line(TEXT, "Cost allocation rule that made the line."),
    "is_azure_credit_eligible": Line(FLAG, "Whether Azure credits pay for the charge."),
    "publisher_type": Line(TEXT, "Microsoft, Azure, AWS or Marketplace.", ("chargesource",)),
    "publisher_id": Line(TEXT, "Publisher (marketplace)."),
    "publisher_name": Line(TEXT, "Name of the publisher."),
    "provider": Line(TEXT, "Cloud the charge comes from, as written."),
    "partner_tenant_id": Line(TEXT, "Tenant of the partner (MPA)."),
    "partner_name": Line(TEXT, "Name of the partner (MPA)."),
    "reseller_name": Line(TEXT, "Name of the reseller."),
    "reseller_mpn_id": Line(TEXT, "Partner network id of the reseller."),
    "customer_tenant_id": Line(TEXT, "Tenant of the customer (MPA)."),
    "customer_name": Line(TEXT, "Name of the customer (MPA)."),
    "partner_earned_credit_applied": Line(TEXT, "Whether partner earned credit was applied, as written."),
    "partner_earned_credit_rate": Line(AMOUNT, "Rate of the partner earned credit."),
    "service_info1": Line(TEXT, "Further detail of the service.", ("dienstinformation1", "serviceinfo")),
    "service_info2": Line(TEXT, "Further detail of the service.", ("dienstinformation2",)),
    "additional_info": Line(TEXT, "JSON of further detail; may lack its braces.", ("zusätzlicheinformationen",)),
    "tags": Line(TEXT, "JSON of the resource's tags on that day; may lack its braces."),
}
"""Every column of a usage-detail line, in the order of the tables."""

SCHEMA = pa.schema([(name, line.kind) for name, line in LINES.items()])
COLUMNS: Mapping[str, str] = {name: line.meaning for name, line in LINES.items()}

_BRACKETED = re.compile(r"^(?P<local>.*)\((?P<original>[^()]+)\)\s*$", re.DOTALL)


def header_key(header: str) -> str:
    """Return a header without byte order mark, case, quotes, blanks and punctuation."""
    return "".join(letter for letter in header.lstrip("\ufeff").casefold() if letter.isalnum())


def _aliases() -> Iterable[tuple[str, str]]:
    for name, line in LINES.items():
        yield header_key(name), name
        yield from ((header_key(alias), name) for alias in line.aliases)


CANONICAL: Mapping[str, str] = dict(_aliases())
"""Column by header key: old and new names in any case, and known translations."""


def column_of(header: str) -> str | None:
    """Return the column that a header names, None for one we do not know.

    A localised header has the original name in brackets: `Ressourcengruppe (ResourceGroup)`.
    """
    found = CANONICAL.get(header_key(header))
    bracketed = _BRACKETED.match(header)
    if found is None and bracketed:
        names = (bracketed["original"], bracketed["local"])
        found = next((CANONICAL[key] for key in map(header_key, names) if key in CANONICAL), None)
    return found


def columns_of(headers: Iterable[str]) -> dict[str, str]:
    """Return {column: header as written}; of two headers for one column the newer name (first in LINES) wins."""
    found: dict[str, str] = {}
    for header in headers:
        column = column_of(header)
        if column is not None and (column not in found or _rank(header, column) < _rank(found[column], column)):
            found[column] = header
    return found


def lines_source(table: str, comment: str, max_age: timedelta, **asked: Any) -> Source:
    """Return the raw table of a source of usage-detail lines: by month and metric, lines without a key.

    `asked` says of whom it is asked, as in Source.
    """
    return Source(
        table=table,
        comment=comment,
        schema=SCHEMA,
        key=(),
        max_age=max_age,
        columns=COLUMNS,
        monthly=True,
        metrics=METRICS,
        **asked,
    )


def _rank(header: str, column: str) -> int:
    """Return the place of a header among the names of its column; a translation comes last."""
    names = [header_key(column), *map(header_key, LINES[column].aliases)]
    key = header_key(header)
    return names.index(key) if key in names else len(names)


def days_of(chunk: Chunk) -> tuple[date, date]:
    """Return the first and the last day of a chunk's calendar month."""
    if chunk.month is None or chunk.metric is None:
        raise ValueError(f"{chunk} has no month or no metric")
    return chunk.month, next_month(chunk.month) - timedelta(days=1)


def check_month(lines: pa.Table, first: date, last: date, name: str) -> None:
    """Raise UnreachableError when a line has no day, or one outside the days that were asked for (inclusive)."""
    found = pc.min_max(lines["date"]).as_py()
    if lines["date"].null_count:
        raise UnreachableError(f"{name}: {lines['date'].null_count} lines have no date.")
    if lines.num_rows and (found["min"] < first or found["max"] > last):
        raise UnreachableError(
            f"{name}: its lines are of {found['min']} to {found['max']}, and {first} to {last} was asked for."
        )
