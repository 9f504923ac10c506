"""Arguments of the table macros over charges: what to group by, and which charges count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from finops_lake.answers.cost_terms import dimension_conditions, dimension_of, pairs, tag_conditions
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import Subscription
from finops_lake.answers.virtual import refuse_virtual


def names_of(group_by: Iterable[str]) -> list[str]:
    """Return the columns of the dimensions, each once; InputError for virtual tags, which macros do not know."""
    group_by = list(group_by)
    refuse_virtual(group_by)
    return list(dict.fromkeys(column for name in group_by for column in dimension_of(name).columns))


def struct_of(group_by: Iterable[str]) -> str:
    """Return the dimensions as one struct over charges; names of subscriptions are joined to the rows that come out."""
    columns = {column: sql for name in group_by for column, sql in dimension_of(name).columns.items()}
    plain = {name: sql for name, sql in columns.items() if "subscriptions." not in sql}
    return "{" + ", ".join(f"{literal(name)}: {sql}" for name, sql in (plain or {"all": "true"}).items()) + "}"


def kept(dimensions: Iterable[str], tags: Iterable[str], among: Sequence[Subscription] | None) -> list[str]:
    """Return the conditions on charges of Key=Value filters and of the subscriptions asked for (None: all)."""
    dimensions = list(dimensions)
    refuse_virtual(pairs(dimensions, "dimensions"), "dimensions")
    conditions = [within_charges(one) for one in dimension_conditions(dimensions)]
    if among is not None:
        listed = ", ".join(literal(one.sub_account_id) for one in among) or "null"
        conditions.append(f"charges.sub_account_id in ({listed})")
    return conditions + tag_conditions(tags)


def keep_argument(conditions: Sequence[str]) -> list[str]:
    """Return the argument `keep` of a macro; nothing where all charges count."""
    return [f"keep := {' and '.join(conditions)}"] if conditions else []


def within_charges(condition: str) -> str:
    """Return a condition that needs the names of subscriptions as one on charges alone."""
    if "subscriptions." not in condition:
        return condition
    inner = condition.replace("charges.sub_account_name", "null").replace("charges.", "subscriptions.")
    named = "charges.sub_account_id in (select subscriptions.sub_account_id from marts.subscriptions as subscriptions"
    return f"{named} where {inner})"
