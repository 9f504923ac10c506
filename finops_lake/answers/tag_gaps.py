"""What keeps tags from covering the cost: spellings, untagged resources, and what cannot be tagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from finops_lake.answers.sqltext import literal

SHOWN = 10


GAPS: Mapping[str, tuple[str, ...]] = {
    "spellings": ("what", "tag_key", "spellings", "resources"),
    "untagged": ("sub_account_name", "resource_id", "resource_type", "missing_tags", "billing_currency", "cost"),
    "untaggable": ("what", "service_name", "billing_currency", "cost"),
}
"""The lists of what to mend, and their columns."""


def gap_selects(keys: Sequence[str]) -> dict[str, str]:
    """Return the SELECT of each list, over the CTEs `charged`, `named` and `valued`; no keys: all of them."""
    return {"spellings": _spellings(keys), "untagged": _untagged(keys), "untaggable": _UNTAGGABLE}


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(literal(key) for key in keys)


_PLAIN = "regexp_replace(lower({0}), '[^\\pL\\pN]', '', 'g')"

VALUED = f"""\
valued as materialized (
    select *, {_PLAIN.format("tag_key")} as plain_key, {_PLAIN.format("tag_value")} as plain_value,
    from (select distinct tag_key, tag_value, billing_currency from named)
)"""
"""The CTE of the few values that there are, so that their spellings are compared once and not for each resource."""


def _spellings(keys: Sequence[str]) -> str:
    """Return values of a key that are the same but for case, blanks and punctuation, and keys that are so."""
    where = f"where tag_key in ({_listed(keys)})" if keys else ""
    return f"""\
select what, tag_key, spellings, count(distinct resource_id) as resources
from (
    select alike.what, alike.tag_key, alike.spellings, named.resource_id,
    from (
        select 'values' as what, tag_key, list(distinct tag_value order by tag_value) as spellings,
            unnest(list(distinct tag_value)) as one,
        from valued {where}
        group by tag_key, plain_value
        having count(distinct tag_value) > 1
    ) as alike
    inner join named on alike.tag_key = named.tag_key and alike.one = named.tag_value
    union all
    select alike.what, alike.tag_key, alike.spellings, named.resource_id,
    from (
        select 'keys' as what, min(tag_key) as tag_key, list(distinct tag_key order by tag_key) as spellings,
            unnest(list(distinct tag_key)) as one,
        from valued
        group by plain_key
        having count(distinct tag_key) > 1{f" and bool_or(tag_key in ({_listed(keys)}))" if keys else ""}
    ) as alike
    inner join named on alike.one = named.tag_key
)
group by all
order by resources desc, what, tag_key, spellings limit {SHOWN}"""


def _untagged(keys: Sequence[str]) -> str:
    """Return the dearest resources that could carry a tag and lack one of the keys, or have none at all."""
    if keys:
        lacking = f"[k for k in [{_listed(keys)}] if coalesce(tags[k], '') = '']"
    else:
        lacking = "case when len([v for v in map_values(tags) if v <> '']) = 0 then ['(any)'] else []::varchar[] end"
    return f"""\
select sub_account_id, resource_id, resource_type, missing_tags, billing_currency, cost
from (
    select sub_account_id, resource_id, resource_type, billing_currency, {lacking} as missing_tags, sum(cost) as cost,
    from charged
    where untagged_state = 'untagged'
    group by all
)
where len(missing_tags) > 0 and cost is not null
order by cost desc, resource_id limit {SHOWN}"""


_UNTAGGABLE = f"""\
select
    case when resource_id is null then 'no resource' else resource_type end as what,
    case when resource_id is null then service_name end as service_name,
    billing_currency,
    sum(cost) as cost,
from charged
where untagged_state = 'untaggable'
group by all
order by abs(sum(charged.cost)) desc nulls last, what, service_name limit {SHOWN}"""
