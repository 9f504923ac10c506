"""Takes what waits in the journal to the webhooks, each channel in a thread of its own, within a bounded time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from finops_lake.alerts.messages import Message, body_of
from finops_lake.alerts.webhook import Reply, Webhook, address_of
from finops_lake.config import Settings
from finops_lake.errors import ConfigError, FinopsLakeError
from finops_lake.journal import Claim, Journal

LOG = logging.getLogger("finops_lake.alerts")

SECONDS = 60.0
"""Longest time that sending after a refresh may take; what is left goes with the next one."""

LEASE_SECONDS = 180.0
"""How long a message counts as being sent: a process that died on it is noticed after that, and it is sent again."""

MOST_MESSAGES = 20
GIVE_UP = timedelta(days=7)


@dataclass(frozen=True)
class Sent:
    """What became of the messages to one channel in one go."""

    channel: str
    sent: int = 0
    failed: int = 0
    words: str | None = None


class Sender:
    """Sends for one home. Any number of processes may: a message is taken by one of them."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        *,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._wall = wall
        self._sleep = sleep

    def deliver(self, seconds: float = SECONDS) -> list[Sent]:
        """Send all that is due, and return what became of it by channel; nothing is raised but StorageError."""
        now = self._settings.utc_now()
        with self._journal.alert_book() as book:
            book.give_up(now - GIVE_UP, self._settings.channels)
            channels = book.channels_waiting(now)
        results: dict[str, Sent] = {}
        threads = [
            threading.Thread(target=self._work, args=(channel, results), name=f"alerts-{channel}", daemon=True)
            for channel in channels
        ]
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        return [results[channel] for channel in channels if channel in results]

    def held(self) -> dict[str, str]:
        """Return the rules whose quiet hours it is, and until when (UTC)."""
        now = self._settings.utc_now()
        ends = {rule.name: rule.quiet_until(now) for rule in self._settings.alerts}
        return {name: f"{end:%Y-%m-%d %H:%M} UTC" for name, end in ends.items() if end is not None}

    def _work(self, channel: str, results: dict[str, Sent]) -> None:
        """Send to one channel; a defect costs this channel its messages of this time and nothing else."""
        try:
            result = self._to_channel(channel)
        except FinopsLakeError as error:
            result = Sent(channel, 0, 1, str(error))
        except Exception as error:  # of a thread that a refresh shall not suffer from
            result = Sent(channel, 0, 1, f"a defect of finops-lake ({type(error).__name__})")
        if result.failed:
            LOG.warning("alerts to %s: %s", channel, result.words)
        if result.sent or result.failed:
            results[channel] = result

    def _to_channel(self, channel: str) -> Sent:
        sent, now = 0, self._settings.utc_now()
        try:
            webhook = webhook_of(self._settings, channel, self._sleep)
        except ConfigError as error:
            words = "; ".join(error.faults)
            with self._journal.alert_book() as book:
                book.hinder(channel, words, now)
            return Sent(channel, 0, 1, words)
        for _ in range(MOST_MESSAGES):
            with self._journal.alert_book() as book:
                claim = book.claim(channel, self.held(), now, self._wall(), LEASE_SECONDS)
            if claim is None:
                return Sent(channel, sent)
            reply = self._posted(webhook, claim)
            self._note(claim, reply)
            if not reply.sent:
                return Sent(channel, sent, 1, reply.words)
            sent += 1
        return Sent(channel, sent)

    def _posted(self, webhook: Webhook, claim: Claim) -> Reply:
        message = Message(claim.message_id, self._settings.utc_now(), claim.alerts)
        kind = self._settings.channels[claim.channel].kind
        return webhook.post(body_of(kind, message), claim.message_id)

    def _note(self, claim: Claim, reply: Reply) -> None:
        now = self._settings.utc_now()
        hold = now + timedelta(seconds=reply.hold_seconds) if reply.hold_seconds else None
        with self._journal.alert_book() as book:
            book.finish(claim, "sent" if reply.sent else "failed", now, None if reply.sent else reply.words, hold)


def webhook_of(settings: Settings, channel: str, sleep: Callable[[float], object] = time.sleep) -> Webhook:
    """Return the webhook of a channel; ConfigError says what is wrong with its address, never what it is."""
    found = settings.channels[channel]
    return Webhook(address_of(channel, found, _folder(settings)), found.ca_bundle, sleep)


def _folder(settings: Settings) -> Path:
    return settings.home


def words_of(results: Iterable[Sent], waiting: Mapping[str, int]) -> list[str]:
    """Return what became of sending, a line for each channel."""
    lines = []
    for one in results:
        if one.sent:
            lines.append(f"Alerts: {one.sent} message{'' if one.sent == 1 else 's'} sent to {one.channel}.")
        if one.failed:
            lines.append(f"Alerts: {one.channel}: {one.words}; tried again after the next refresh.")
    if waiting.get("waiting"):
        lines.append(f"Alerts: {waiting['waiting']} waiting for a digest or the end of quiet hours.")
    return lines
