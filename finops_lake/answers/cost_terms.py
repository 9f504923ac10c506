"""The words a cost question may use: metrics, dimensions and their aliases, filters as Key=Value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from finops_lake.answers.sqltext import literal, one_of
from finops_lake.errors import InputError


@dataclass(frozen=True)
class Dimension:
    """A way to group or filter charges: columns to show (name -> SQL), and the SQL texts a filter compares."""

    name: str
    columns: Mapping[str, str]
    compared: tuple[str, ...]
    lower: bool = True


def _plain(name: str, column: str, *, lower: bool = True) -> Dimension:
    return Dimension(name, {column: f"charges.{column}"}, (f"charges.{column}",), lower)


DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension(
            "subscription",
            {
                "sub_account_name": "subscriptions.sub_account_name",
                "sub_account_id": "charges.sub_account_id",
            },
            ("subscriptions.sub_account_name", "subscriptions.subscription_id", "charges.sub_account_id"),
        ),
        _plain("service", "service_name"),
        _plain("resource_group", "x_resource_group_name"),
        _plain("resource", "resource_id"),
        _plain("resource_type", "resource_type"),
        _plain("location", "region_id"),
    )
}

ALIASES: Mapping[str, str] = {
    "servicename": "service",
    "service_name": "service",
    "region": "location",
    "regionid": "location",
    "region_id": "location",
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
}
"""Other spellings: Azure's, FOCUS's, and those of the predecessor (SERVICE, REGION, RESOURCE_ID, ...)."""

METER_WORDS = frozenset(
    ("instance_type", "metersubcategory", "meter", "metername", "meter_name", "metercategory", "meter_category")
)
NO_METERS = "meters are not told apart by the Cost Management query, which allows two groupings"

METRICS: Mapping[str, str] = {
    "billed_cost": "billed_cost",
    "effective_cost": "effective_cost",
    "actual": "billed_cost",
    "actualcost": "billed_cost",
    "amortized": "effective_cost",
    "amortizedcost": "effective_cost",
}

GRANULARITIES: Mapping[str, Mapping[str, str]] = {
    "total": {},
    "monthly": {"billing_month": "charges.billing_month"},
    "daily": {"charge_date": "charges.charge_period_start"},
}
GRANULARITY_ALIASES: Mapping[str, str] = {"accumulated": "total", "none": "total"}


def dimension_of(name: str, field: str = "group_by") -> Dimension:
    """Return the dimension a user named, by any of its spellings; InputError names the nearest right one."""
    word = name.strip().lower().replace(" ", "_")
    known = DIMENSIONS.get(ALIASES.get(word, word))
    if known is not None:
        return known
    if word in METER_WORDS:
        raise InputError(field, name, f"{NO_METERS}; allowed are {', '.join(DIMENSIONS)}")
    near = get_close_matches(word, [*DIMENSIONS, *ALIASES], n=1)
    hint = f"did you mean {ALIASES.get(near[0], near[0])}? Allowed are" if near else "allowed are"
    raise InputError(field, name, f"{hint} {', '.join(DIMENSIONS)}")


def metric_of(name: str) -> str:
    """Return billed_cost or effective_cost by any of their names."""
    word = name.strip().lower().replace(" ", "_")
    if word not in METRICS:
        raise InputError("metric", name, "allowed are billed_cost (actual) and effective_cost (amortized)")
    return METRICS[word]


def granularity_of(name: str) -> str:
    """Return total, monthly or daily."""
    word = name.strip().lower()
    word = GRANULARITY_ALIASES.get(word, word)
    if word not in GRANULARITIES:
        raise InputError("granularity", name, f"allowed are {', '.join(GRANULARITIES)} (or accumulated)")
    return word


def pairs(items: Iterable[str], field: str) -> dict[str, list[str]]:
    """Return Key=Value items by key; several values of one key are alternatives. InputError on any other form."""
    found: dict[str, list[str]] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise InputError(field, item, "Key=Value is needed, such as env=prod; Key= asks for an empty value")
        found.setdefault(key.strip(), []).append(value.strip())
    return found


def dimension_conditions(items: Iterable[str], field: str = "dimensions") -> list[str]:
    """Return SQL conditions for dimension filters; text is compared without case, as Azure does with names."""
    wanted: dict[str, list[str]] = {}
    for key, values in pairs(items, field).items():
        dimension = dimension_of(key, field)
        wanted.setdefault(dimension.name, []).extend(_comparable(dimension, value) for value in values)
    return [
        "(" + " or ".join(one_of(f"lower({text})", values) for text in DIMENSIONS[name].compared) + ")"
        for name, values in wanted.items()
    ]


def tag_conditions(items: Iterable[str], field: str = "tags") -> list[str]:
    """Return SQL conditions for tag filters; keys are compared without case, values with case (Azure's rule)."""
    return [
        "charges.resource_id in (select resource_id from marts.resource_tags"
        f" where tag_key = {literal(key.lower())} and {one_of('tag_value', values)})"
        for key, values in pairs(items, field).items()
    ]


def _comparable(dimension: Dimension, value: str) -> str:
    word = value.lower()
    return word.replace(" ", "") if dimension.name == "location" else word
