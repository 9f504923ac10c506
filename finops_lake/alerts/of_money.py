"""What rules on money find: anomalies, new waste, and commitments that end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from finops_lake.alert_rules import AlertRule
from finops_lake.alerts.candidate import (
    MOST,
    Candidate,
    Found,
    Sight,
    in_currency,
    money,
    records_of,
    rows_of,
    subscription_in,
    within,
)
from finops_lake.answers.anomalies import answer_anomalies
from finops_lake.answers.anomaly_sql import AnomalyQuestion
from finops_lake.answers.answer import Period
from finops_lake.answers.findings import FOUND, ask_findings
from finops_lake.answers.subscriptions import subscriptions_of

JUDGED_DAYS = 30
RECENT_DAYS = 7
"""Days of which anomalies are looked for, and how long ago one may have ended to be told."""

LAST_DAYS = 7
"""A commitment that ends is told once more so many days before."""

WASTE_SQL = f"""select check_name, resource_id, resource_name, findings.sub_account_id, subscriptions.sub_account_name,
    reason, counted_saving, billing_currency, findings.tags
from {FOUND} as findings
left join marts.subscriptions as subscriptions using (sub_account_id)
where verdict = 'waste' and counted_saving > 0{{where}}
order by counted_saving desc, check_name, resource_id"""

COMMITMENTS_SQL = """select commitment_name, commitment_type, display_name, sku_name, expiry_date, days_left,
    sub_account_id, subscriptions.sub_account_name, billing_currency, savings
from marts.commitments as commitments
left join marts.subscriptions as subscriptions using (sub_account_id)
where
    commitments.days_left between 0 and {days}
    and commitments.state = 'succeeded'
    and not coalesce(commitments.is_renewed, false){where}
qualify row_number() over (partition by commitment_name order by used_cost desc nulls last, billing_currency) = 1
order by expiry_date, commitment_name"""


def anomalies(rule: AlertRule, sight: Sight) -> Found:
    """Anomalies of the last days whose impact is large enough, in the currency of the rule."""
    today = sight.now.date()
    period = Period(today - timedelta(days=JUDGED_DAYS), today - timedelta(days=1))
    question = AnomalyQuestion(period, rule.subscriptions, tags=rule.tags, limit=MOST)
    rows = [
        row
        for row in records_of(answer_anomalies(sight.lake, question, sight.mutes))
        if row["end_date"] >= today - timedelta(days=RECENT_DAYS)
    ]
    mine, notes = in_currency(rule, rows)
    big = [row for row in mine if abs(row["impact"]) >= (rule.threshold or 0)]
    known = subscriptions_of(sight.lake)
    ids = {one.name: one.sub_account_id for one in known}
    only = {name: found for name, found in ids.items() if sum(one.name == name for one in known) == 1}
    return Found(tuple(_anomaly(row, only) for row in big), notes)


def waste(rule: AlertRule, sight: Sight) -> Found:
    """Every finding with a saving that counts; how much of it is new is decided by what is known."""
    rows = rows_of(
        ask_findings(sight.lake, WASTE_SQL.format(where=within(rule, sight.lake, "findings.sub_account_id")))
    )
    rows = [row for row in rows if _carries(row["tags"], rule.tags)]
    mine, notes = in_currency(rule, rows)
    return Found(
        tuple(
            Candidate(
                cause=f"{row['check_name']}|{row['resource_id']}",
                title=f"{row['check_name'].replace('_', ' ')}: {row['resource_name'] or row['resource_id']}",
                detail=f"{money(row['counted_saving'], row['billing_currency'])} {row['resource_name']}"
                f" ({row['sub_account_name']}): {row['reason']}",
                severity="medium",
                amount=row["counted_saving"],
                billing_currency=row["billing_currency"],
                sub_account_id=row["sub_account_id"],
                sub_account_name=row["sub_account_name"],
                resource_id=row["resource_id"],
                group=row["billing_currency"],
            )
            for row in mine
        ),
        notes,
    )


def commitments(rule: AlertRule, sight: Sight) -> Found:
    """Reservations and savings plans that end within the days of the rule and are not renewed by themselves."""
    sql = COMMITMENTS_SQL.format(
        days=int(rule.threshold or 0), where=within(rule, sight.lake, "commitments.sub_account_id")
    )
    return Found(tuple(_commitment(row) for row in rows_of(sight.lake.query(sql))))


def _anomaly(row: Mapping[str, Any], ids: Mapping[str, str]) -> Candidate:
    currency, impact = row["billing_currency"], row["impact"]
    more = "more" if impact >= 0 else "less"
    place = [row["sub_account_name"], row["x_resource_group_name"], _name_of(row["resource_id"])]
    days = f"{row['start_date']} to {'now' if row['is_ongoing'] else row['end_date']}"
    return Candidate(
        cause=row["anomaly_id"],
        title=f"{row['service_names']} cost {money(abs(impact), currency)} {more} than usual ({row['anomaly_kind']})",
        detail=f"{money(row['cost'], currency)} instead of {money(row['usual_cost'], currency)}, {days};"
        f" {' / '.join(part for part in place if part)}.",
        severity=row["severity"],
        amount=abs(impact),
        billing_currency=currency,
        sub_account_id=subscription_in(row["resource_id"]) or ids.get(row["sub_account_name"]),
        sub_account_name=row["sub_account_name"],
        resource_id=row["resource_id"],
    )


def _carries(tags: str | None, wanted: Sequence[str]) -> bool:
    """Return whether a resource's own tags (JSON) hold each key, or key=value, without case."""
    if not wanted:
        return True
    held = {str(key).lower(): str(value).lower() for key, value in (json.loads(tags or "{}") or {}).items()}
    pairs = (tag.lower().partition("=") for tag in wanted)
    return all(
        held.get(key.strip()) == value.strip() if is_valued else key.strip() in held for key, is_valued, value in pairs
    )


def _commitment(row: Mapping[str, Any]) -> Candidate:
    kind = (row["commitment_type"] or "commitment").replace("_", " ")
    saved = (
        "" if row["savings"] is None else f", which saved {money(row['savings'], row['billing_currency'])} in 30 days"
    )
    days = row["days_left"]
    left = f"{days} day{'' if days == 1 else 's'} left"
    return Candidate(
        cause=f"{row['commitment_name']}|{row['expiry_date']}",
        title=f"{kind.capitalize()} {row['display_name'] or row['commitment_name']} ends on {row['expiry_date']}",
        detail=f"{row['sku_name'] or kind}{saved}; {left}, and it is not renewed by itself.",
        severity="high" if days <= LAST_DAYS else "medium",
        step=Decimal(2 if days <= LAST_DAYS else 1),
        amount=row["savings"],
        billing_currency=row["billing_currency"] if row["savings"] is not None else None,
        sub_account_id=row["sub_account_id"],
        sub_account_name=row["sub_account_name"],
    )


def _name_of(resource_id: str | None) -> str | None:
    return resource_id.rpartition("/")[2] if resource_id else None
