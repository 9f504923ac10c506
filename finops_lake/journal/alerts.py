"""What the journal keeps of alerts: what was told of which cause, and what became of each message.

One transaction decides and notes, so that two processes of a home never tell the same twice.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

OPEN = ("waiting", "failed")
"""States of a delivery that is tried again; the others (sent, dropped) are final."""

MOST_IN_A_MESSAGE = 10
SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class Delivery:
    """How one alert fares on its way to one channel: waiting, sent, failed (tried again) or dropped (given up)."""

    channel: str
    status: str = "waiting"
    not_before: datetime | None = None
    attempts: int = 0
    attempted_at: datetime | None = None
    reason: str | None = None
    message_id: str | None = None


@dataclass(frozen=True)
class Alert:
    """What a rule found worth telling. `amount` is money in `billing_currency`; null where it is not about money."""

    alert_id: str
    decided_at: datetime
    rule: str
    kind: str
    severity: str
    cause: str
    step: Decimal
    title: str
    detail: str
    amount: Decimal | None = None
    billing_currency: str | None = None
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    resource_id: str | None = None
    is_muted: bool = False
    deliveries: tuple[Delivery, ...] = ()

    @property
    def status(self) -> str:
        """The state of the delivery that is worst off: muted, failed, waiting, dropped or sent."""
        if self.is_muted:
            return "muted"
        states = {one.status for one in self.deliveries}
        return next((state for state in ("failed", "waiting", "dropped") if state in states), "sent")


@dataclass(frozen=True)
class Known:
    """What a rule knows of a cause: how far it had gone when it was last told, and when it was gone."""

    cause: str
    step: Decimal = Decimal(0)
    amount: Decimal | None = None
    told_at: datetime | None = None
    seen_at: datetime | None = None
    gone_at: datetime | None = None


@dataclass(frozen=True)
class Claim:
    """Alerts that are one message to one channel; its id stays the same however often it is tried."""

    channel: str
    message_id: str
    alerts: tuple[Alert, ...] = field(repr=False)


class AlertBook:
    """The alerts inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def known(self, rule: str) -> dict[str, Known]:
        """Return what a rule knows, by cause."""
        columns = "cause, step, amount, told_at, seen_at, gone_at"
        rows = self._connection.execute(f"select {columns} from alert_causes where rule = ?", [rule])
        return {row[0]: Known(row[0], Decimal(row[1]), _decimal(row[2]), *map(_instant, row[3:])) for row in rows}

    def know(self, rule: str, causes: Iterable[Known]) -> None:
        """Keep what a rule knows of these causes, in place of what it knew of them before."""
        rows = [
            (rule, one.cause, str(one.step), _text(one.amount), *map(_text, (one.told_at, one.seen_at, one.gone_at)))
            for one in causes
        ]
        self._connection.executemany("insert or replace into alert_causes values (?, ?, ?, ?, ?, ?, ?)", rows)

    def forget_causes(self, seen_before: datetime) -> None:
        """Forget causes that were not seen any more for a long time."""
        self._connection.execute("delete from alert_causes where seen_at < ?", [seen_before.isoformat()])

    def fact(self, name: str) -> str | None:
        """Return a remembered fact."""
        row = self._connection.execute("select value from facts where name = ?", [name]).fetchone()
        return None if row is None else str(row[0])

    def remember_fact(self, name: str, value: str) -> None:
        """Remember a fact, in place of an earlier one of that name."""
        self._connection.execute("insert or replace into facts values (?, ?)", [name, value])

    def add(self, alert: Alert) -> bool:
        """Keep a new alert with its deliveries, and return whether it was not there yet."""
        values = json.dumps(asdict(replace(alert, deliveries=())), default=_plain)
        statement = "insert or ignore into alerts (alert_id, rule, decided_at, alert) values (?, ?, ?, ?)"
        row = [alert.alert_id, alert.rule, alert.decided_at.isoformat(), values]
        if not self._connection.execute(statement, row).rowcount:
            return False
        rows = [(alert.alert_id, one.channel, one.status, _text(one.not_before)) for one in alert.deliveries]
        statement = "insert into deliveries (alert_id, channel, status, not_before) values (?, ?, ?, ?)"
        self._connection.executemany(statement, rows)
        return True

    def claim(self, channel: str, held: Iterable[str], now: datetime, wall: float, seconds: float) -> Claim | None:
        """Take the next message to a channel for some seconds; None when there is none that is due.

        A message that was taken before and not finished comes back as it was. Rules in `held` wait. `wall` are
        seconds of the wall clock, which all processes of a machine share.
        """
        waiting, found = set(held), self._due(channel, now, wall)
        messages: dict[str | None, list[tuple[str, str]]] = {}
        for alert_id, rule, message_id in found:
            messages.setdefault(message_id, []).append((alert_id, rule))
        fresh = [one for one in messages.pop(None, []) if one[1] not in waiting]
        for message_id, members in messages.items():
            if message_id is not None and not any(rule in waiting for _, rule in members):
                return self._taken(channel, message_id, [one[0] for one in members], wall + seconds)
        if not fresh:
            return None
        return self._taken(channel, str(uuid.uuid4()), [one[0] for one in fresh[:MOST_IN_A_MESSAGE]], wall + seconds)

    def finish(self, claim: Claim, status: str, at: datetime, reason: str | None, not_before: datetime | None) -> None:
        """Note what became of a message, and let go of it."""
        self._connection.execute(
            "update deliveries set status = ?, attempts = attempts + 1, attempted_at = ?, reason = ?, not_before = ?,"
            " leased_until = 0 where message_id = ? and channel = ?",
            [status, at.isoformat(), reason, _text(not_before), claim.message_id, claim.channel],
        )
        self._touch([alert.alert_id for alert in claim.alerts])

    def hinder(self, channel: str, reason: str, at: datetime) -> None:
        """Note why nothing can be sent to a channel at all, at what is due there."""
        due = "channel = ? and status in ('waiting', 'failed') and coalesce(not_before, '') <= ?"
        found = self._connection.execute(f"select alert_id from deliveries where {due}", [channel, at.isoformat()])
        ids = [row[0] for row in found.fetchall()]
        self._connection.execute(
            f"update deliveries set status = 'failed', reason = ?, attempted_at = ? where {due}",
            [reason, at.isoformat(), channel, at.isoformat()],
        )
        self._touch(ids)

    def give_up(self, decided_before: datetime, channels: Iterable[str]) -> None:
        """Drop what could not be sent for too long, and what goes to channels that there are no more."""
        names = list(channels)
        gone = f"channel not in ({', '.join('?' * len(names))})"
        old = "alert_id in (select alert_id from alerts where decided_at < ?)"
        for condition, values, reason in (
            (gone, names, "the channel is no longer configured"),
            (old, [decided_before.isoformat()], "given up after a week"),
        ):
            where = f"status in ('waiting', 'failed') and {condition}"
            found = self._connection.execute(f"select distinct alert_id from deliveries where {where}", values)
            ids = [row[0] for row in found.fetchall()]
            statement = (
                f"update deliveries set status = 'dropped', reason = coalesce(reason || '; ', '') || ? where {where}"
            )
            self._connection.execute(statement, [reason, *values])
            self._touch(ids)

    def channels_waiting(self, now: datetime) -> list[str]:
        """Return the channels to which something is due."""
        rows = self._connection.execute(
            "select distinct channel from deliveries where status in ('waiting', 'failed')"
            " and coalesce(not_before, '') <= ? order by 1",
            [now.isoformat()],
        )
        return [row[0] for row in rows]

    def _due(self, channel: str, now: datetime, wall: float) -> list[tuple[str, str, str | None]]:
        return self._connection.execute(
            "select alert_id, rule, message_id from deliveries join alerts using (alert_id)"
            " where channel = ? and status in ('waiting', 'failed') and coalesce(not_before, '') <= ?"
            " and leased_until <= ? order by decided_at, alert_id",
            [channel, now.isoformat(), wall],
        ).fetchall()

    def _taken(self, channel: str, message_id: str, ids: Sequence[str], leased_until: float) -> Claim:
        marks = ", ".join("?" * len(ids))
        self._connection.execute(
            f"update deliveries set message_id = ?, leased_until = ? where channel = ? and alert_id in ({marks})",
            [message_id, leased_until, channel, *ids],
        )
        rows = self._connection.execute(
            f"select alert from alerts where alert_id in ({marks}) order by decided_at, alert_id", list(ids)
        )
        alerts = [alert_of(json.loads(row[0])) for row in rows.fetchall()]
        return Claim(channel, message_id, tuple(sorted(alerts, key=lambda one: SEVERITIES.index(one.severity))))

    def _touch(self, ids: Sequence[str]) -> None:
        self._connection.executemany(
            "update alerts set revision = revision + 1 where alert_id = ?", [(one,) for one in ids]
        )


def alert_of(values: Mapping[str, Any], deliveries: Iterable[Delivery] = ()) -> Alert:
    """Return an alert from the JSON that is kept of it."""
    return Alert(
        **{
            **values,
            "decided_at": datetime.fromisoformat(values["decided_at"]),
            "step": Decimal(values["step"]),
            "amount": _decimal(values["amount"]),
            "deliveries": tuple(deliveries),
        }
    )


def row_of_alert(alert: Alert) -> dict[str, Any]:
    """Return an alert as a row of meta.alerts."""
    return {**asdict(alert), "deliveries": [asdict(one) for one in alert.deliveries], "status": alert.status}


def delivery_of(row: Sequence[Any]) -> Delivery:
    """Return a delivery from its columns in the order of its fields."""
    channel, status, not_before, attempts, attempted_at, reason, message_id = row
    return Delivery(channel, status, _instant(not_before), attempts, _instant(attempted_at), reason, message_id)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(value: object) -> str | None:
    return None if value is None else _plain(value)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
