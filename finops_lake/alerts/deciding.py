"""What of it is news: one alert per rule and cause, until it gets worse, grows, or comes back after it was gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from finops_lake.alert_rules import AlertRule
from finops_lake.alerts.candidate import Candidate
from finops_lake.alerts.grouping import merged
from finops_lake.errors import FinopsLakeError
from finops_lake.journal import Alert, AlertBook, Delivery, Known
from finops_lake.lake.reader import LakeReader
from finops_lake.plaintext import clean

QUIET = timedelta(hours=24)
"""What comes and goes is not told again within this time."""

TITLE_LENGTH = 200
DETAIL_LENGTH = 1000

SEEDED = "alerts_seeded"
TOLD_SQL = """select rule, cause, max(step), arg_max(amount, decided_at), max(decided_at)
from meta.alerts
where status in ('sent', 'muted')
group by rule, cause"""


@dataclass(frozen=True)
class Decision:
    """What a rule tells now, and what it knows from now on."""

    alerts: tuple[Alert, ...]
    known: tuple[Known, ...]


def decide(
    rule: AlertRule, candidates: Iterable[Candidate], known: Mapping[str, Known], now: datetime, *, is_first: bool
) -> Decision:
    """Return the news among what a rule found. A waste rule that looks for the first time takes all for known."""
    seen = list({one.cause: one for one in candidates}.values())
    if rule.kind == "waste" and is_first:
        return Decision((), tuple(Known(one.cause, one.step, one.amount, None, now) for one in seen))
    news = [one for one in seen if _is_news(rule, one, known.get(one.cause), now)]
    told, alerts = _alerts(rule, news, known, now)
    return Decision(tuple(alerts), tuple(_known(seen, told, known, now)))


def _is_news(rule: AlertRule, one: Candidate, before: Known | None, now: datetime) -> bool:
    if before is None or (before.told_at is None and rule.kind != "waste"):
        return True
    if one.step > before.step or _has_grown(rule, one, before):
        return True
    is_back = before.gone_at is not None and before.told_at is not None and now - before.told_at >= QUIET
    return one.recurs and is_back


def _has_grown(rule: AlertRule, one: Candidate, before: Known) -> bool:
    """Return whether money that the rule is about has grown by its factor since it was told or first known."""
    if rule.currency is None or one.amount is None or before.amount is None:
        return False
    return one.amount >= before.amount * rule.grows_by


def _alerts(
    rule: AlertRule, news: Sequence[Candidate], known: Mapping[str, Known], now: datetime
) -> tuple[set[str], list[Alert]]:
    """Return the causes that are told now, and the alerts: one per group, one for each that has none."""
    groups: dict[str, list[Candidate]] = {}
    for one in news:
        groups.setdefault(one.cause if one.group is None else f"group {one.group}", []).append(one)
    told, alerts = set(), []
    for members in groups.values():
        if members[0].group is None:
            whole = members[0]
        else:
            amount = _added(rule, members, known)
            if rule.kind == "waste" and (amount or Decimal(0)) < (rule.threshold or Decimal(0)):
                continue  # goes on adding up until it is enough
            whole = merged(rule.kind, members, amount)
        told |= {one.cause for one in members}
        alerts.append(_alert(rule, whole, members, known, now))
    return told, alerts


def _added(rule: AlertRule, members: Iterable[Candidate], known: Mapping[str, Known]) -> Decimal | None:
    """Return the money that is new: all of what was not known, and the growth of what was."""
    if rule.kind != "waste":
        return None
    added = Decimal(0)
    for one in members:
        before = known.get(one.cause)
        added += (one.amount or Decimal(0)) - ((before.amount if before else None) or Decimal(0))
    return added


def _alert(
    rule: AlertRule, whole: Candidate, members: Sequence[Candidate], known: Mapping[str, Known], now: datetime
) -> Alert:
    before = known.get(members[0].cause)
    marks = [rule.name, whole.cause, f"{whole.step.normalize():f}", *sorted(one.cause for one in members)]
    if before is not None:  # told before: it got worse, grew, or came back
        marks += [f"{one.amount}" for one in members] if rule.currency else []
        marks += [now.date().isoformat()] if whole.recurs else []
    is_muted, not_before = rule.is_muted(now), rule.digest.following(now, rule.zone) if rule.digest else None
    channels = () if is_muted else dict.fromkeys(rule.channels)
    return Alert(
        alert_id=hashlib.sha256("\n".join(marks).encode("utf-8", "surrogatepass")).hexdigest()[:32],
        decided_at=now,
        rule=rule.name,
        kind=rule.kind,
        severity=rule.severity or whole.severity,
        cause=whole.cause,
        step=whole.step,
        title=clean(whole.title, TITLE_LENGTH),
        detail=clean(whole.detail, DETAIL_LENGTH),
        amount=whole.amount,
        billing_currency=whole.billing_currency,
        sub_account_id=whole.sub_account_id,
        sub_account_name=None if whole.sub_account_name is None else clean(whole.sub_account_name),
        resource_id=whole.resource_id,
        is_muted=is_muted,
        deliveries=tuple(Delivery(channel, not_before=not_before) for channel in channels),
    )


def _known(seen: Sequence[Candidate], told: set[str], known: Mapping[str, Known], now: datetime) -> Iterable[Known]:
    """Yield what is known from now on: told causes as they are now, others as before, and those that are gone."""
    for one in seen:
        before = known.get(one.cause)
        if one.cause in told:
            yield Known(one.cause, one.step, one.amount, now, now)
        elif before is not None:
            yield replace(before, seen_at=now, gone_at=None)
    there = {one.cause for one in seen}
    for cause, before in known.items():
        if cause not in there and before.gone_at is None:
            yield replace(before, gone_at=now)


def seed(book: AlertBook, lake: LakeReader, now: datetime) -> None:
    """Where the journal was lost, take over from the lake what was told, so that it is not told again."""
    if book.fact(SEEDED) is not None:
        return
    try:
        rows = lake.query(TOLD_SQL).rows
    except FinopsLakeError:  # no lake yet, or one of before there were alerts
        rows = []
    for rule, cause, step, amount, told_at in rows:
        book.know(rule, [Known(cause, step, amount, told_at, now)])
    book.remember_fact(SEEDED, now.isoformat())
