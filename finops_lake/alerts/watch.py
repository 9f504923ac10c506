"""The alerts of one home: looked for after a refresh, noted in the journal, and sent."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from finops_lake.alert_rules import AlertRule
from finops_lake.alerts.candidate import Found, Sight
from finops_lake.alerts.candidates import candidates_of
from finops_lake.alerts.deciding import Decision, decide, seed
from finops_lake.alerts.messages import Message, body_of, specimen
from finops_lake.alerts.sending import Sender, Sent, webhook_of, words_of
from finops_lake.answers.mutes import Mutes, load_mutes
from finops_lake.config import Settings
from finops_lake.errors import ConfigError, EmptyLakeError, FinopsLakeError, InputError
from finops_lake.journal import Alert, AlertBook, Journal
from finops_lake.lake.reader import LakeReader

LOG = logging.getLogger("finops_lake.alerts")

BASELINE = "alerts_baseline: "


@dataclass(frozen=True)
class Told:
    """What came of looking: new alerts, what was sent, and lines for whoever watches."""

    alerts: tuple[Alert, ...] = ()
    sent: tuple[Sent, ...] = ()
    lines: tuple[str, ...] = ()


class Watch:
    """Looks for alerts and sends them. Cheap to make."""

    def __init__(self, settings: Settings, lake: LakeReader, journal: Journal, sender: Sender | None = None) -> None:
        self._settings = settings
        self._lake = lake
        self._journal = journal
        self._sender = sender or Sender(settings, journal)

    def after_refresh(self, error: FinopsLakeError | None = None) -> Told:
        """Tell what is new after a refresh, or after one that failed wholly with `error`; nothing is ever raised.

        A refresh must not suffer from somebody being told of it.
        """
        if not self._settings.alerts:
            return Told()
        try:
            return self.tell(error)
        except FinopsLakeError as fault:
            LOG.warning("alerts could not be told: %s", fault)
            return Told(lines=(f"Alerts could not be told: {fault}",))
        except Exception as fault:  # a defect here may cost an alert, but no refresh
            LOG.error("alerts could not be told, by a defect of finops-lake (%s)", type(fault).__name__)
            return Told(lines=(f"Alerts could not be told, by a defect of finops-lake ({type(fault).__name__}).",))

    def tell(self, error: FinopsLakeError | None = None) -> Told:
        """Look, note what is new, and send what is due. Raises StorageError where the journal cannot be written."""
        alerts, notes = self.look(error)
        sent = tuple(self._sender.deliver())
        return Told(alerts, sent, (*notes, *words_of(sent, self.standing())))

    def look(
        self, error: FinopsLakeError | None = None, *, is_trial: bool = False
    ) -> tuple[tuple[Alert, ...], list[str]]:
        """Return the alerts that are new, noted in the journal (unless it is a trial), and notes on rules."""
        now = self._settings.utc_now()
        notes: list[str] = []
        alerts: list[Alert] = []
        found = self._found(now, error, notes)
        with self._journal.alert_book() as book:
            seed(book, self._lake, now)
            for rule, candidates in found:
                decision = self._decided(book, rule, candidates, now)
                alerts += decision.alerts if is_trial else _kept(book, rule, decision, now)
            if is_trial:
                return tuple(alerts), notes
            book.forget_causes(now - timedelta(days=self._settings.usage_days))
        return tuple(alerts), notes

    def waiting(self) -> list[dict[str, Any]]:
        """Return what is still to be sent, one row per alert and channel, with what it waits for."""
        held, now = self._sender.held(), self._settings.utc_now()
        return [
            _plan_row(alert, one.channel, one.not_before, held.get(alert.rule), now, one.reason)
            for _, alert in self._journal.alerts(is_open=True)
            for one in alert.deliveries
            if one.status in ("waiting", "failed")
        ]

    def planned(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return what would be sent after a refresh that ended now, and when; nothing is noted or sent."""
        alerts, notes = self.look(is_trial=True)
        held, now = self._sender.held(), self._settings.utc_now()
        rows = self.waiting()
        for alert in alerts:
            if alert.is_muted:
                rows.append(_plan_row(alert, None, None, None, now, None))
            for one in alert.deliveries:
                rows.append(_plan_row(alert, one.channel, one.not_before, held.get(alert.rule), now, None))
        return rows, notes

    def standing(self) -> dict[str, int]:
        """Return how many alerts wait, and how many failed and are tried again."""
        counts = Counter(alert.status for _, alert in self._journal.alerts(is_open=True))
        return {"rules": len(self._settings.alerts), "waiting": counts["waiting"], "failed": counts["failed"]}

    def test(self, channels: Sequence[str]) -> list[dict[str, Any]]:
        """Send a test message to these channels (none: all), and return one row for each: what came back."""
        known = self._settings.channels
        for name in channels:
            if name not in known:
                listed = ", ".join(known) or "none: add a table [channels.NAME] to config.toml"
                raise InputError("channel", name, f"there are {listed}")
        return [self._tested(name) for name in channels or known]

    def _tested(self, channel: str) -> dict[str, Any]:
        kind, now = self._settings.channels[channel].kind, self._settings.utc_now()
        message = Message(f"test-{now:%Y%m%dT%H%M%S}-{channel}", now, (specimen(now),), is_test=True)
        try:
            reply = webhook_of(self._settings, channel).post(body_of(kind, message), message.message_id)
        except ConfigError as error:
            return {"channel": channel, "kind": kind, "outcome": "failed", "detail": "; ".join(error.faults)}
        return {"channel": channel, "kind": kind, "outcome": "sent" if reply.sent else "failed", "detail": reply.words}

    def _found(self, now: datetime, error: FinopsLakeError | None, notes: list[str]) -> list[tuple[AlertRule, Found]]:
        """Return what each rule found; one that cannot look is noted, and the others go on."""
        sight, found = Sight(self._lake, now, self._mutes(now, notes), error), []
        for rule in self._settings.alerts:
            try:
                one = candidates_of(rule, sight)
            except EmptyLakeError:
                continue
            except InputError as fault:
                self._say(notes, f"Rule {rule.name} finds nothing: subscriptions: {fault.value!r}; {fault.allowed}.")
            except FinopsLakeError as fault:
                self._say(notes, f"Rule {rule.name} finds nothing: {fault}")
            else:
                notes += one.notes
                found.append((rule, one))
        return found

    def _say(self, notes: list[str], words: str) -> None:
        LOG.warning("%s", words)
        notes.append(words)

    def _mutes(self, now: datetime, notes: list[str]) -> Mutes:
        try:
            return load_mutes(self._settings.home, now.date())
        except ConfigError as fault:
            self._say(notes, f"No anomaly is muted: {fault}")
            return Mutes()

    def _decided(self, book: AlertBook, rule: AlertRule, found: Found, now: datetime) -> Decision:
        is_first = rule.kind == "waste" and book.fact(BASELINE + rule.name) is None
        return decide(rule, found.candidates, book.known(rule.name), now, is_first=is_first)


def _kept(book: AlertBook, rule: AlertRule, decision: Decision, now: datetime) -> list[Alert]:
    book.know(rule.name, decision.known)
    if rule.kind == "waste":
        book.remember_fact(BASELINE + rule.name, now.isoformat())
    return [alert for alert in decision.alerts if book.add(alert)]


def _plan_row(
    alert: Alert, channel: str | None, not_before: datetime | None, quiet: str | None, now: datetime, reason: str | None
) -> dict[str, Any]:
    if channel is None:
        when = "never: the rule is muted"
    elif not_before is not None and not_before > now:
        when = f"after {not_before:%Y-%m-%d %H:%M} UTC"
    else:
        when = f"after {quiet} (quiet hours)" if quiet else "now"
    return {
        "rule": alert.rule,
        "severity": alert.severity,
        "channel": channel,
        "when": when,
        "title": alert.title,
        "detail": alert.detail,
        "amount": alert.amount,
        "billing_currency": alert.billing_currency,
        "last_failure": reason,
    }
