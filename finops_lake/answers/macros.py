"""Arguments of the table macros over charges: what to group by, and which charges count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from finops_lake.answers.cost_terms import dimension_conditions, dimension_of, pairs, tag_conditions
from finops_lake.answers.dimensions import TAG, VIRTUAL, Dimension
from finops_lake.answers.filters import Filter, Resolve, dimensions_of, filter_conditions, within_charges
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import Subscription


def views_of(
    group_by: Iterable[str], dimensions: Iterable[str], tags: Iterable[str], filters: Iterable[Filter] = ()
) -> list[str]:
    """Check the words of a question before anything is refreshed for it; return the views they need beside charges.

    Raises InputError for an unknown dimension, operator or form, naming the nearest.
    """
    tags, filters, dimensions = list(tags), list(filters), list(dimensions)
    dimension_conditions(dimensions)
    tag_conditions(tags)
    filter_conditions(filters)
    words = [*group_by, *pairs(dimensions, "dimensions"), *dimensions_of(filters)]
    names = [dimension_of(word).name for word in words]
    tagged = bool(tags) or any(name.startswith((TAG, VIRTUAL)) for name in names)
    return ["marts.resource_tags"] if tagged else []


DAYS = "marts.charge_days"
DAY_COLUMNS = frozenset(
    {
        "billing_month",
        "charge_period_start",
        "sub_account_id",
        "provider_name",
        "service_category",
        "service_name",
        "resource_type",
        "region_id",
        "sku_meter",
        "billing_currency",
        "charge_kind",
        "billed_cost",
        "effective_cost",
    }
)
"""Columns of marts.charges that marts.charge_days has, too."""

NOW = "marts.charges_now"
NOW_COLUMNS = DAY_COLUMNS | {
    "sub_account_name",
    "billing_account_id",
    "x_resource_group_name",
    "resource_id",
    "sku_price_id",
    "x_meter_id",
    "tags",
    "charge_category",
    "x_charge_type",
    "commitment_discount_id",
    "consumed_quantity",
    "consumed_unit",
}
"""Columns of marts.charges that marts.charges_now has, too."""

MONTHS = "marts.charge_months"
MONTH_COLUMNS = NOW_COLUMNS - {"charge_period_start", "billed_cost", "effective_cost", "consumed_quantity"}
"""Columns of marts.charges that marts.charge_months has, too; its amounts are running totals."""

AMORTIZED = {"billed_cost": False, "effective_cost": True}
"""Measures that months tell, and whether each is amortized cost."""

_COLUMN = re.compile(r"\bcharges\.(\w+)")


def columns_in(*texts: str) -> set[str]:
    """Return the columns of `charges` that these texts name."""
    return {name for text in texts for name in _COLUMN.findall(text)}


def source_of(*texts: str, by_resource: bool = False, otherwise: str = "marts.charge_kinds") -> str:
    """Return the cheapest to read for these texts over `charges`: days without resources, few columns, or all."""
    needed = columns_in(*texts)
    if needed <= DAY_COLUMNS and not by_resource:
        return DAYS
    return NOW if needed <= NOW_COLUMNS else otherwise


def are_in_months(*texts: str) -> bool:
    """Return whether marts.charge_months has every column that these texts over `charges` name."""
    return columns_in(*texts) <= MONTH_COLUMNS


def source_within(start: date, end: date, *texts: str) -> str | None:
    """Return what to read instead of the charges of a period where running totals of months tell the same cheaper.

    None where the texts over `charges` need a column that they do not have, or fewer rows have all of them.
    """
    is_told = columns_in(*texts) <= MONTH_COLUMNS | AMORTIZED.keys()
    if source_of(*texts) != NOW or not is_told:
        return None
    return f"marts.charges_within({literal(start)}, {literal(end)})"


def names_of(group_by: Iterable[str]) -> list[str]:
    """Return the columns of the dimensions, each once."""
    return list(dict.fromkeys(column for name in group_by for column in dimension_of(name).columns))


def struct_of(group_by: Iterable[str], resolve: Resolve = dimension_of) -> str:
    """Return the dimensions as one struct over charges; names of subscriptions are joined to the rows that come out."""
    found: list[Dimension] = [resolve(name, "group_by") for name in group_by]
    columns = {column: sql for dimension in found for column, sql in dimension.columns.items()}
    plain = {name: sql for name, sql in columns.items() if "subscriptions." not in sql}
    return "{" + ", ".join(f"{literal(name)}: {sql}" for name, sql in (plain or {"all": "true"}).items()) + "}"


def kept(
    dimensions: Iterable[str],
    tags: Iterable[str],
    filters: Iterable[Filter],
    among: Sequence[Subscription] | None,
    resolve: Resolve = dimension_of,
) -> list[str]:
    """Return the conditions on charges of filters and of the subscriptions asked for (None: all)."""
    conditions = [within_charges(one) for one in dimension_conditions(dimensions, resolve=resolve)]
    conditions += filter_conditions(filters, resolve=resolve, form=within_charges)
    if among is not None:
        listed = ", ".join(literal(one.sub_account_id) for one in among) or "null"
        conditions.append(f"charges.sub_account_id in ({listed})")
    return conditions + tag_conditions(tags)


def keep_argument(conditions: Sequence[str]) -> list[str]:
    """Return the argument `keep` of a macro; nothing where all charges count."""
    return [f"keep := {' and '.join(conditions)}"] if conditions else []
