"""What is eligible for Azure Hybrid Benefit, by the audit checks of that name, with the licence money of the bill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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

    verdict is waste (here: eligible) or undetermined (the listing is not complete). licence_cost is the actual cost of
    licence meters in the last 30 complete days, null where the bill has none of the resource.
    """
    checks = hybrid_checks(lake)
    if not checks:
        return []
    listed = ", ".join(literal(one.sub_account_id) for one in among or ()) or "null"
    where = "" if among is None else f" and found.sub_account_id in ({listed})"
    union = "\nunion all by name\n".join(f"from {view}" for view in checks)
    found = lake.query(
        "select saving_part as licence, resource_name, sub_account_name, x_resource_group_name, region_id, verdict,\n"
        f"    monthly_saving as licence_cost, billing_currency, resource_id\nfrom (\n{union}\n) as found\n"
        "left join marts.subscriptions as subscriptions using (sub_account_id)\n"
        f"where verdict in ('waste', 'undetermined'){where}\n"
        "order by monthly_saving desc nulls last, resource_id, check_name"
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]
