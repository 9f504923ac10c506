"""What a rule may tell, what rules look at, and what all of them need to read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from finops_lake.alert_rules import AlertRule
from finops_lake.answers.answer import Answer
from finops_lake.answers.mutes import Mutes
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import select_subscriptions, subscriptions_of
from finops_lake.errors import FinopsLakeError
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.results import Result

MOST = 10_000
"""Rows of an answer that a rule looks at, at most."""


@dataclass(frozen=True)
class Candidate:
    """Something that a rule may tell. A higher `step` of the same cause is worse; several of one `group` are one alert.

    What `recurs` may be told again after it was gone.
    """

    cause: str
    title: str
    detail: str
    severity: str
    step: Decimal = Decimal(0)
    amount: Decimal | None = None
    billing_currency: str | None = None
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    resource_id: str | None = None
    group: str | None = None
    recurs: bool = False


@dataclass(frozen=True)
class Found:
    """What a rule found, and what to know about it."""

    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sight:
    """What rules look at: the lake, the instant, the user's mutes, and the error of a refresh that failed wholly."""

    lake: LakeReader
    now: datetime
    mutes: Mutes = field(default_factory=Mutes)
    error: FinopsLakeError | None = None


def money(amount: Decimal, currency: str | None) -> str:
    """Return an amount with two decimals and its currency."""
    return f"{amount:,.2f} {currency or ''}".rstrip()


def records_of(answer: Answer) -> list[dict[str, Any]]:
    """Return the rows of an answer by the names of their columns."""
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def rows_of(result: Result) -> list[dict[str, Any]]:
    """Return the rows of a query by the names of their columns."""
    names = [column.name for column in result.columns]
    return [dict(zip(names, row, strict=True)) for row in result.rows]


def within(rule: AlertRule, lake: LakeReader, column: str) -> str:
    """Return the condition, as SQL to append, that `column` is one of the rule's subscriptions; empty for all."""
    if not rule.subscriptions:
        return ""
    chosen = select_subscriptions(subscriptions_of(lake), rule.subscriptions, "subscriptions")
    return f" and {column} in ({', '.join(literal(one.sub_account_id) for one in chosen)})"


def in_currency(rule: AlertRule, rows: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the rows in the rule's currency, and a note on the others, which no threshold is compared with."""
    mine, others = [], set()
    for row in rows:
        if row["billing_currency"] == rule.currency:
            mine.append(row)
        else:
            others.add(str(row["billing_currency"]))
    if not others:
        return mine, ()
    return mine, (f"Rule {rule.name} is about {rule.currency}; what is in {', '.join(sorted(others))} needs its own.",)


def subscription_in(arm_id: str | None) -> str | None:
    """Return the subscription that an ARM id begins with; None where it does not."""
    parts = (arm_id or "").lower().split("/")
    return f"/subscriptions/{parts[2]}" if len(parts) > 2 and parts[1] == "subscriptions" else None
