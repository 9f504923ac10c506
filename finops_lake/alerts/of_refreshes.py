"""What rules on refreshes find: what could not be read, and what is overdue."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.alert_rules import AlertRule
from finops_lake.alerts.candidate import Candidate, Found, Sight, rows_of, subscription_in, within
from finops_lake.errors import EmptyLakeError, FinopsLakeError

FAILED_SQL = """select table_name, scope_id, outcome, reason, next_step, subscriptions.sub_account_name
from meta.scopes as scopes
left join marts.subscriptions as subscriptions on scopes.scope_id = subscriptions.sub_account_id
where scopes.is_asked and outcome in ('partial', 'denied', 'throttled', 'failed'){where}
order by scope_id, table_name"""

STALE_SQL = """select table_name, oldest_success_at, max_age_seconds
from meta.freshness
where oldest_success_at is not null
order by table_name"""


def failed(rule: AlertRule, sight: Sight) -> Found:
    """Tables that could not be read in full, by scope; and the refresh itself, where it failed wholly."""
    found = [_whole_failure(sight.error)] if sight.error is not None else []
    try:
        rows = rows_of(sight.lake.query(FAILED_SQL.format(where=within(rule, sight.lake, "scopes.scope_id"))))
    except EmptyLakeError:
        rows = []
    for row in rows:
        place = row["sub_account_name"] or row["scope_id"]
        found.append(
            Candidate(
                cause=f"{row['table_name']}|{row['scope_id']}|{row['outcome']}",
                title=f"{place} could not be read in full ({row['outcome']})",
                detail=f"{row['reason'] or 'not complete'} {row['next_step'] or ''}".strip(),
                severity="medium",
                sub_account_id=subscription_in(row["scope_id"]),
                sub_account_name=row["sub_account_name"],
                group=f"{row['scope_id']}|{row['outcome']}",
                recurs=True,
            )
        )
    return Found(tuple(found))


def stale(rule: AlertRule, sight: Sight) -> Found:
    """Tables that are overdue by more than the threshold's hours beyond their own maximal age."""
    found = []
    for row in rows_of(sight.lake.query(STALE_SQL)):
        age = sight.now - row["oldest_success_at"] - timedelta(seconds=row["max_age_seconds"])
        hours = age.total_seconds() / 3600
        if hours > (rule.threshold or 0):
            words = (
                f"{row['table_name']} by {int(hours)} hours, last loaded {row['oldest_success_at']:%Y-%m-%d %H:%M} UTC"
            )
            found.append(Candidate(row["table_name"], "Tables are overdue", words, "medium", group="", recurs=True))
    return Found(tuple(found))


def _whole_failure(error: FinopsLakeError) -> Candidate:
    kind = type(error).__name__
    return Candidate(f"refresh|{kind}", "The refresh failed", str(error), "high", recurs=True)
