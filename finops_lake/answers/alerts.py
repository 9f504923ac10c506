"""What was told, or is still to be: the alerts of the lake, the newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finops_lake.answers.answer import Answer
from finops_lake.answers.sqltext import literal
from finops_lake.errors import InputError
from finops_lake.journal import Alert, row_of_alert
from finops_lake.lake.reader import LakeReader

STATUSES = ("failed", "waiting", "sent", "muted", "dropped")

COLUMNS = (
    "decided_at",
    "rule",
    "kind",
    "severity",
    "status",
    "title",
    "detail",
    "amount",
    "billing_currency",
    "sub_account_name",
    "resource_id",
    "deliveries",
    "alert_id",
)


@dataclass(frozen=True)
class AlertQuestion:
    """Which alerts: in these states (empty: all), of these rules (empty: all)."""

    statuses: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    limit: int = 100


def answer_alerts(lake: LakeReader, question: AlertQuestion) -> Answer:
    """Return the alerts, the newest first, with what became of telling each; `as_of` is that of the newest one."""
    _check(question)
    conditions = [
        f"{column} in ({', '.join(literal(word) for word in words)})"
        for column, words in (("status", question.statuses), ("rule", question.rules))
        if words
    ]
    where = ("\nwhere " + " and ".join(conditions)) if conditions else ""
    order = "decided_at desc, severity = 'high' desc, severity = 'medium' desc, alert_id"
    sql = f"select {', '.join(COLUMNS)}\nfrom marts.alerts{where}\norder by {order}\nlimit {question.limit}"
    rows = lake.query(sql).rows
    found = dict(lake.query(f"select status, count(*) from marts.alerts{where} group by all").rows)
    return _answer(rows, sql, found)


def answer_without_lake(alerts: Iterable[Alert], question: AlertQuestion) -> Answer:
    """Return the same from the journal alone, where no refresh has succeeded yet."""
    _check(question)
    wanted = [
        alert
        for alert in sorted(alerts, key=lambda one: one.decided_at, reverse=True)
        if alert.status in (question.statuses or STATUSES) and alert.rule in (question.rules or (alert.rule,))
    ]
    rows = [row_of_alert(alert) for alert in wanted[: question.limit]]
    return _answer([tuple(row[name] for name in COLUMNS) for row in rows], "", Counter(one.status for one in wanted))


def _check(question: AlertQuestion) -> None:
    for status in question.statuses:
        if status not in STATUSES:
            raise InputError("status", status, f"allowed are {', '.join(STATUSES)}")


def _answer(rows: Sequence[tuple[Any, ...]], sql: str, counts: Mapping[str, int]) -> Answer:
    row_count = sum(counts.values())
    return Answer(
        columns=COLUMNS,
        rows=tuple(rows),
        sql=sql,
        as_of=rows[0][0] if rows else None,
        row_count=row_count,
        truncated=row_count > len(rows),
        sections={"counts": {status: counts.get(status, 0) for status in STATUSES}},
    )
