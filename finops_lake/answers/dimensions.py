"""What charges can be grouped and filtered by: dimensions of the bill and tags, under every name users know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from finops_lake.answers.sqltext import literal, quoted
from finops_lake.errors import InputError

TAG = "tag:"
"""What a tag key is written behind where a dimension is asked for, such as tag:env."""


VIRTUAL = "virtual:"
"""What a virtual tag of allocation.toml is written behind, such as virtual:team."""

VIRTUAL_COLUMN = "charges.x_virtual_"
"""What the columns of marts.charges_virtual begin with that hold virtual tags."""


@dataclass(frozen=True)
class Dimension:
    """A way to group or filter charges: columns to show (name -> SQL), and the SQL texts a filter compares.

    `has_case`: values are compared as they are written (tags, by Azure's rule); all others without case. `column`
    is the one of marts.charges it rests on: a source that does not give it cannot tell the dimension.
    """

    name: str
    columns: Mapping[str, str]
    compared: tuple[str, ...]
    column: str
    has_case: bool = False


def _plain(name: str, column: str, *also: str) -> Dimension:
    """Return a dimension of columns of marts.charges; `also` are shown and compared beside the first."""
    columns = {one: f"charges.{one}" for one in (column, *also)}
    return Dimension(name, columns, tuple(columns.values()), column)


DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension(
            "subscription",
            {
                "sub_account_name": "coalesce(subscriptions.sub_account_name, charges.sub_account_name)",
                "sub_account_id": "charges.sub_account_id",
            },
            (
                "coalesce(subscriptions.sub_account_name, charges.sub_account_name)",
                "subscriptions.subscription_id",
                "charges.sub_account_id",
            ),
            "sub_account_id",
        ),
        _plain("service", "service_name"),
        _plain("resource_group", "x_resource_group_name"),
        _plain("resource", "resource_id"),
        _plain("resource_type", "resource_type"),
        _plain("location", "region_id"),
        _plain("service_category", "service_category"),
        _plain("meter", "sku_meter"),
        _plain("meter_category", "x_meter_category"),
        _plain("meter_subcategory", "x_meter_subcategory"),
        _plain("charge_category", "charge_category"),
        _plain("charge_type", "x_charge_type"),
        _plain("pricing_category", "pricing_category"),
        _plain("commitment", "commitment_discount_name", "commitment_discount_id"),
        _plain("publisher", "publisher_name"),
        _plain("invoice_section", "x_invoice_section_name", "x_invoice_section_id"),
        _plain("billing_profile", "x_billing_profile_name", "x_billing_profile_id"),
        _plain("billing_account", "billing_account_name", "billing_account_id"),
        _plain("invoice", "invoice_id"),
        _plain("account", "x_account_name"),
        _plain("cost_center", "x_cost_center"),
        _plain("provider", "provider_name"),
    )
}

ALIASES: Mapping[str, str] = {
    "servicename": "service",
    "service_name": "service",
    "region": "location",
    "regionid": "location",
    "region_id": "location",
    "region_name": "location",
    "resourcelocation": "location",
    "resource_location": "location",
    "resourcegroup": "resource_group",
    "resourcegroupname": "resource_group",
    "x_resource_group_name": "resource_group",
    "resourceid": "resource",
    "resource_id": "resource",
    "resourcetype": "resource_type",
    "subscriptionid": "subscription",
    "subscription_id": "subscription",
    "subscriptionname": "subscription",
    "subscription_name": "subscription",
    "sub_account_id": "subscription",
    "sub_account_name": "subscription",
    "servicecategory": "service_category",
    "servicefamily": "service_category",
    "service_family": "service_category",
    "metername": "meter",
    "meter_name": "meter",
    "sku_meter": "meter",
    "metercategory": "meter_category",
    "x_meter_category": "meter_category",
    "metersubcategory": "meter_subcategory",
    "x_meter_subcategory": "meter_subcategory",
    "instance_type": "meter_subcategory",
    "chargecategory": "charge_category",
    "chargetype": "charge_type",
    "x_charge_type": "charge_type",
    "pricingcategory": "pricing_category",
    "pricing_model": "pricing_category",
    "pricingmodel": "pricing_category",
    "benefit": "commitment",
    "reservation": "commitment",
    "savings_plan": "commitment",
    "commitment_discount_id": "commitment",
    "commitment_discount_name": "commitment",
    "publishername": "publisher",
    "publisher_name": "publisher",
    "invoicesection": "invoice_section",
    "invoicesectionname": "invoice_section",
    "x_invoice_section_name": "invoice_section",
    "billingprofile": "billing_profile",
    "billingaccount": "billing_account",
    "billing_account_id": "billing_account",
    "invoiceid": "invoice",
    "invoice_id": "invoice",
    "accountname": "account",
    "enrollment_account": "account",
    "enrolment_account": "account",
    "costcenter": "cost_center",
    "cost_centre": "cost_center",
    "providername": "provider",
    "provider_name": "provider",
    "cloud": "provider",
}
"""Other spellings: Azure's, FOCUS's, and those of the predecessor (SERVICE, REGION, RESOURCE_ID, ...)."""

QUERY_TELLS = frozenset(
    (
        "sub_account_id",
        "service_name",
        "x_resource_group_name",
        "resource_id",
        "resource_type",
        "region_id",
        "provider_name",
        "tags",
    )
)
"""Columns whose dimensions are told although the Cost Management query groups by two things only.

The region comes from a query of its own, tags from the listing of resources.
"""


def dimension_of(name: str, field: str = "group_by") -> Dimension:
    """Return the dimension a user named, by any of its spellings, or that of a tag; InputError names the nearest."""
    word = name.strip()
    if word.lower().startswith(TAG):
        return tag_dimension(word[len(TAG) :], field)
    if word.lower().startswith(VIRTUAL):
        return _virtual_dimension(word[len(VIRTUAL) :].strip().lower(), field)
    word = word.lower().replace(" ", "_")
    known = DIMENSIONS.get(ALIASES.get(word, word))
    if known is not None:
        return known
    near = get_close_matches(word, [*DIMENSIONS, *ALIASES], n=1)
    hint = f"did you mean {ALIASES.get(near[0], near[0])}? Allowed are" if near else "allowed are"
    raise InputError(
        field, name, f"{hint} {', '.join(DIMENSIONS)}, tag:KEY for a tag, and virtual:NAME for a virtual tag"
    )


def _virtual_dimension(name: str, field: str) -> Dimension:
    if not name.isidentifier():
        raise InputError(field, f"{VIRTUAL}{name}", "the name of a virtual tag is needed, such as virtual:team")
    value = f"{VIRTUAL_COLUMN}{name}"
    return Dimension(f"{VIRTUAL}{name}", {f"{VIRTUAL}{name}": value}, (value,), "tags", has_case=True)


def tag_dimension(key: str, field: str = "tags") -> Dimension:
    """Return the dimension of a tag, whose key is compared without case."""
    name = key.strip().lower()
    if not name:
        raise InputError(field, f"{TAG}{key}", "the key of a tag is needed, such as tag:env")
    value = tag_value(name)
    return Dimension(f"{TAG}{name}", {f"{TAG}{name}": value}, (value,), "tags", has_case=True)


def tag_value(key: str) -> str:
    """Return SQL for a charge's value of a tag, null where it has none; `key` in lower case.

    A tag on the charge itself (sources that give tags) wins; else that of its resource now, by marts.resource_tags.
    """
    path = "'$.\"' || replace(list_filter(json_keys(charges.tags), lambda k: lower(k) = {0})[1], '\"', '\\\"') || '\"'"
    own = f"json_extract_string(charges.tags, {path.format(literal(key))})"
    listed = (
        "(select max(tagged.tag_value) from marts.resource_tags as tagged"
        f" where tagged.resource_id = charges.resource_id and tagged.tag_key = {literal(key)})"
    )
    return f"coalesce(case when charges.tags is not null then {own} end, {listed})"


def shown_columns(dimensions: Iterable[Dimension]) -> dict[str, str]:
    """Return the columns of several dimensions: name -> SQL; names that are not plain words are quoted in SQL."""
    return {name: sql for dimension in dimensions for name, sql in dimension.columns.items()}


def named(column: str) -> str:
    """Return a column's name as SQL writes it."""
    return column if column.isidentifier() else quoted(column)
