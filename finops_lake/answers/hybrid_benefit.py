"""What is eligible for Azure Hybrid Benefit, by the audit checks of that name, with the licence money of the bill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from finops_lake.answers.sql import raw_tables, scopes_of
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import Subscription
from finops_lake.lake.reader import LakeReader

COLUMNS = (
    "licence",
    "resource_name",
    "sub_account_name",
    "x_resource_group_name",
    "region_id",
    "verdict",
    "licence_cost",
    "billing_currency",
    "resource_id",
)


def hybrid_checks(lake: LakeReader) -> list[str]:
    """Return the views of the checks that look for missing hybrid benefit."""
    sql = "select distinct view_name from meta.headers where view_name like 'audits.%hybrid_benefit%' order by all"
    return [str(row[0]) for row in lake.query(sql).rows]


def eligible(lake: LakeReader, among: Sequence[Subscription] | None) -> list[dict[str, Any]]:
    """Return what pays licences by the hour and could do without, the dearest first.

    verdict is eligible or undetermined (the listing is not complete). licence_cost is the actual cost of
    licence meters in the last 30 complete days, null where the bill has none of the resource.
    """
    checks = hybrid_checks(lake)
    if not checks:
        return []
    listed = ", ".join(literal(one.sub_account_id) for one in among or ()) or "null"
    where = "" if among is None else f" and found.sub_account_id in ({listed})"
    union = "\nunion all by name\n".join(f"from {view}" for view in checks)
    found = lake.query(
        "select saving_part as licence, resource_name, sub_account_name, x_resource_group_name, region_id,\n"
        "    case verdict when 'waste' then 'eligible' else verdict end as verdict,\n"
        f"    monthly_saving as licence_cost, billing_currency, resource_id\nfrom (\n{union}\n) as found\n"
        "left join marts.subscriptions as subscriptions using (sub_account_id)\n"
        f"where verdict in ('waste', 'undetermined'){where}\n"
        "order by monthly_saving desc nulls last, resource_id, check_name"
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]


def looked_at(lake: LakeReader, among: Sequence[Subscription] | None) -> int:
    """Return how many resources these checks looked at, so that none eligible is told apart from none there."""
    listed = ", ".join(literal(one.sub_account_id) for one in among or ()) or "null"
    where = "" if among is None else f" where sub_account_id in ({listed})"
    counts = [f"select count(*) as held from {view}{where}" for view in _populations(lake)]
    return int(lake.query(f"select sum(held) from ({' union all '.join(counts)})").rows[0][0]) if counts else 0


def unread(lake: LakeReader, chosen: Sequence[Subscription]) -> list[str]:
    """Return the names of subscriptions of which not all that these checks look at could be listed."""
    missing = {one.scope_id for one in scopes_of(lake, raw_tables(lake, _populations(lake))).missing}
    return [one.name for one in chosen if one.sub_account_id in missing]


def _populations(lake: LakeReader) -> list[str]:
    sql = (
        "select distinct value from meta.headers"
        " where view_name like 'audits.%hybrid_benefit%' and key = 'population' order by all"
    )
    return [str(row[0]) for row in lake.query(sql).rows]
