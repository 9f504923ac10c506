"""What changed since an earlier audit: findings that are new, gone or grown, with their money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from finops_lake.answers.sqltext import literal
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

CHANGES = ("new", "gone", "grown")
LISTED = 20
"""Changes that are listed; the counts are of all."""

COLUMNS = (
    "event",
    "check_name",
    "resource_name",
    "x_resource_group_name",
    "saving_before",
    "saving_now",
    "billing_currency",
    "gone_because",
    "resource_id",
    "finding_id",
)


def read_day(field: str, text: str) -> date:
    """Return a day given as YYYY-MM-DD; InputError names the field."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(field, text, "a day is needed, such as 2026-11-30") from error


def audit_changes(lake: LakeReader, conditions: Sequence[str], since: date | None) -> Mapping[str, Any] | None:
    """Return what changed, narrowed by conditions on findings; None where there is no earlier audit to compare with.

    `counts` and `savings` (per kind and currency: what it saved then and saves now) are of all, `rows` of the largest.
    """
    ((since_at,),) = lake.query(f"select since_at from marts.audit_before(since := {literal(since)})").rows
    if since_at is None:
        return None
    where = "".join(f"\n    and {one}" for one in conditions)
    select = f"from marts.finding_changes(since := {literal(since)})\nwhere true{where}"
    sums = lake.query(
        "select event, billing_currency, count(*), sum(saving_before), sum(saving_now)\n"
        f"{select}\ngroup by event, billing_currency order by event, billing_currency"
    ).rows
    rows = lake.query(
        f"select {', '.join(COLUMNS)}\n{select}\n"
        f"order by greatest(saving_now, saving_before) desc nulls last, check_name, resource_id limit {LISTED}"
    ).rows
    return {
        "since_at": since_at,
        "counts": {kind: sum(row[2] for row in sums if row[0] == kind) for kind in CHANGES},
        "savings": [
            {"event": kind, "billing_currency": currency, "saving_before": before, "saving_now": now}
            for kind, currency, _, before, now in sums
            if currency is not None
        ],
        "rows": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
    }
