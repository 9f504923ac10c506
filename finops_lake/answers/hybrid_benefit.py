"""What is eligible for Azure Hybrid Benefit, by the audit checks of that name, with the licence money of the bill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from finops_lake.answers.sql import raw_tables, scopes_of
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
    return [str(row[0]) for row in lake.recall(sql).rows]


def eligible(lake: LakeReader, among: Sequence[Subscription] | None) -> list[dict[str, Any]]:
    """Return what pays licences by the hour and could do without, the dearest first.

    verdict is eligible or undetermined (the listing is not complete). licence_cost is the actual cost of
    licence meters in the last 30 complete days, null where the bill has none of the resource.
    """
    checks = hybrid_checks(lake)
    if not checks:
        return []
    union = "\nunion all by name\n".join(f"from {view}" for view in checks)
    found = lake.recall(
        "select saving_part as licence, resource_name, sub_account_name, x_resource_group_name, region_id,\n"
        "    case verdict when 'waste' then 'eligible' else verdict end as verdict,\n"
        "    monthly_saving as licence_cost, billing_currency, resource_id,\n"
        f"    sub_account_id\nfrom (\n{union}\n) as found\n"
        "left join marts.subscriptions as subscriptions using (sub_account_id)\n"
        "where verdict in ('waste', 'undetermined')\n"
        "order by monthly_saving desc nulls last, resource_id, check_name"
    )
    held = None if among is None else {one.sub_account_id for one in among}
    return [dict(zip(COLUMNS, row, strict=True)) for *row, account in found.rows if held is None or account in held]


def looked_at(lake: LakeReader, among: Sequence[Subscription] | None) -> int:
    """Return how many resources these checks looked at, so that none eligible is told apart from none there."""
    counts = [f"select sub_account_id, count(*) from {view} group by all" for view in _populations(lake)]
    rows = lake.recall("\nunion all\n".join(counts)).rows if counts else []
    held = None if among is None else {one.sub_account_id for one in among}
    return sum(count for account, count in rows if held is None or account in held)


def unread(lake: LakeReader, chosen: Sequence[Subscription]) -> list[str]:
    """Return the names of subscriptions of which not all that these checks look at could be listed."""
    missing = {one.scope_id for one in scopes_of(lake, raw_tables(lake, _populations(lake))).missing}
    return [one.name for one in chosen if one.sub_account_id in missing]


def _populations(lake: LakeReader) -> list[str]:
    sql = (
        "select distinct value from meta.headers"
        " where view_name like 'audits.%hybrid_benefit%' and key = 'population' order by all"
    )
    return [str(row[0]) for row in lake.recall(sql).rows]
