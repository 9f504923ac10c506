"""What a file is, by its columns and not by its name: FOCUS of any cloud, usage details, prices, reservations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from finops_lake.errors import BadFileError
from finops_lake.extract import cost_lines, focus_charges
from finops_lake.extract.cost_lines import header_key
from finops_lake.extract.export_tables import EXPORT_TABLES, Column

FOCUS_NAMES: Mapping[str, str] = {
    "chargetype": "charge_category",
    "provider": "provider_name",
    "publisher": "publisher_name",
    "region": "region_id",
    "chargesubcategory": "x_charge_type",
    "amortizedcost": "effective_cost",
    "listprice": "list_unit_price",
    "usagequantity": "consumed_quantity",
    "usageunit": "consumed_unit",
    "skumetername": "sku_meter",
    "xbilledcostinusd": "x_billed_cost_usd",
    "xeffectivecostinusd": "x_effective_cost_usd",
    "xlistcostinusd": "x_list_cost_usd",
    "xskumeterid": "x_meter_id",
    "xskumetercategory": "x_meter_category",
    "xskumetersubcategory": "x_meter_subcategory",
    "xskumetername": "sku_meter",
    "xskuofferid": "x_offer_id",
    "xskuterm": "x_term",
    "xskudetails": "x_additional_info",
    "xpublishercategory": "x_publisher_type",
    "xbillingexchangerate": "x_exchange_rate",
    "xinvoiceid": "invoice_id",
    "xpricingcurrency": "pricing_currency",
}
"""Names of FOCUS 1.0-preview, and Azure's own for columns that FOCUS or the lake call otherwise."""


@dataclass(frozen=True)
class Kind:
    """A kind of file: its raw table, the columns it cannot do without, and the one that says the month.

    Of each group in `needed` one column must be there. `dated_by` is None where only the export knows its month.
    """

    name: str
    table: str
    needed: tuple[tuple[str, ...], ...]
    dated_by: str | None
    column_of: Callable[[str], str | None]
    has_metrics: bool = False

    def missing(self, columns: Iterable[str]) -> list[str]:
        """Return what is missing for a file to be of this kind."""
        there = set(columns)
        return [" or ".join(group) for group in self.needed if not there.intersection(group)]


def _focus_column(header: str) -> str | None:
    key = header_key(header)
    return _FOCUS.get(key) or FOCUS_NAMES.get(key)


def _names(columns: Mapping[str, Column]) -> Callable[[str], str | None]:
    known = {header_key(name): name for name in columns}
    known |= {alias: name for name, column in columns.items() for alias in column.aliases if alias not in known}
    return lambda header: known.get(header_key(header))


_FOCUS = {header_key(name): name for name in focus_charges.SCHEMA.names}
_PRICES, _DETAILS, _TRANSACTIONS, _RECOMMENDATIONS = (_names(columns) for _, columns in EXPORT_TABLES)

KINDS: tuple[Kind, ...] = (
    Kind(
        "FOCUS charges",
        "focus_charges",
        (("billed_cost",), ("billing_currency",), ("charge_period_start",), ("charge_category", "provider_name")),
        "charge_period_start",
        _focus_column,
    ),
    Kind(
        "reservation recommendations",
        "exported_reservation_recommendations",
        (("net_savings",), ("recommended_quantity",), ("sku", "normalized_size")),
        None,
        _RECOMMENDATIONS,
    ),
    Kind(
        "reservation transactions",
        "exported_reservation_transactions",
        (("event_date",), ("event_type",), ("reservation_order_id",), ("amount",)),
        "event_date",
        _TRANSACTIONS,
    ),
    Kind(
        "reservation details",
        "exported_reservation_details",
        (("usage_date",), ("reservation_id",), ("reserved_hours",), ("used_hours",)),
        "usage_date",
        _DETAILS,
    ),
    Kind(
        "prices",
        "exported_prices",
        (("meter_id",), ("unit_price", "market_price"), ("unit_of_measure",), ("effective_start_date",)),
        "effective_start_date",
        _PRICES,
    ),
    Kind(
        "usage details",
        "cost_exports",
        (
            ("date",),
            ("cost_in_billing_currency", "cost_in_pricing_currency", "cost_in_usd"),
            ("meter_category", "meter_id", "product_name", "resource_id", "subscription_id"),
        ),
        "date",
        cost_lines.column_of,
        has_metrics=True,
    ),
)


@dataclass(frozen=True)
class Recognised:
    """The kind of a file, which of its headers (by place) fills which column, and FOCUS columns that fill none."""

    kind: Kind
    places: Mapping[str, int]
    unkept: tuple[str, ...] = ()


def recognise(headers: Sequence[str], label: str) -> Recognised:
    """Return what a file with these headers is.

    Raises BadFileError with the columns it has, and those missing for the kind it comes nearest to.
    """
    tried = [Recognised(kind, _places(kind, headers)) for kind in KINDS]
    for one in tried:
        if not one.kind.missing(one.places):
            return replace(one, unkept=_unkept(headers, one.places)) if one.kind.table == "focus_charges" else one
    nearest = max(tried, key=lambda one: (len(one.kind.needed) - len(one.kind.missing(one.places)), len(one.places)))
    missing = ", ".join(nearest.kind.missing(nearest.places))
    shown = ", ".join(header.strip()[:40] for header in headers[:40]) + (", ..." if len(headers) > 40 else "")
    raise BadFileError(
        f"{label} has no schema known here. It has the columns {shown or 'none'};"
        f" for {nearest.kind.name}, which it comes nearest to, it lacks {missing}."
    )


def _unkept(headers: Sequence[str], places: Mapping[str, int]) -> tuple[str, ...]:
    used = set(places.values())
    return tuple(header.strip()[:60] for place, header in enumerate(headers) if place not in used and header.strip())


def _places(kind: Kind, headers: Sequence[str]) -> dict[str, int]:
    """Return {column: place}; of several headers for one column the newest name wins, else the first."""
    if kind.table == "cost_exports":
        chosen = cost_lines.columns_of(headers)
        return {column: headers.index(header) for column, header in chosen.items()}
    found: dict[str, int] = {}
    for place, header in enumerate(headers):
        column = kind.column_of(header)
        is_own_name = column is not None and header_key(header) == header_key(column)
        if column is not None and (column not in found or is_own_name):
            found[column] = place
    return found
