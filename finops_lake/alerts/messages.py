"""The bodies that webhooks get: plain JSON, Slack blocks, a Teams card. Names in them are data, never markup."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from finops_lake.answers.answer import plain
from finops_lake.journal import Alert
from finops_lake.plaintext import CUT

SCHEMA = "finops-lake.alerts.v1"
CHAT_DETAIL_BYTES = 1200
CHAT_TITLE_BYTES = 400
"""A card of Teams may have 28 KB in all, a message ten alerts."""

COLOURS = {"high": "Attention", "medium": "Warning", "low": "Default"}


@dataclass(frozen=True)
class Message:
    """What is sent at once to one channel; `message_id` stays the same however often it is tried."""

    message_id: str
    sent_at: datetime
    alerts: tuple[Alert, ...]
    is_test: bool = False

    @property
    def headline(self) -> str:
        """The message in one line."""
        if self.is_test:
            return "Test message of finops-lake: nothing happened"
        if len(self.alerts) == 1:
            return self.alerts[0].title
        return f"{len(self.alerts)} cost alerts"


def body_of(kind: str, message: Message) -> bytes:
    """Return the body of a message for a kind of channel, as JSON in UTF-8."""
    return json.dumps(_BODIES[kind](message), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _plain_json(message: Message) -> dict[str, Any]:
    """The body that webhook.schema.json describes."""
    return {
        "schema": SCHEMA,
        "message_id": message.message_id,
        "sent_at": _instant(message.sent_at),
        "is_test": message.is_test,
        "alerts": [
            {
                "alert_id": alert.alert_id,
                "decided_at": _instant(alert.decided_at),
                "rule": alert.rule,
                "kind": alert.kind,
                "severity": alert.severity,
                "title": alert.title,
                "detail": alert.detail,
                "amount": None if alert.amount is None else plain(alert.amount),
                "billing_currency": alert.billing_currency,
                "sub_account_id": alert.sub_account_id,
                "sub_account_name": alert.sub_account_name,
                "resource_id": alert.resource_id,
            }
            for alert in message.alerts
        ],
    }


def _slack(message: Message) -> dict[str, Any]:
    """Blocks of plain text: nothing in them is a mention, a link or markup."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _slack_text(message.headline, 150)}]
    for alert in message.alerts:
        blocks.append({"type": "section", "text": _slack_text(f"{alert.title}\n{alert.detail}", 2000)})
        blocks.append({"type": "context", "elements": [_slack_text(_origin(alert), 300)]})
    return {"text": slack_escaped(message.headline), "mrkdwn": False, "blocks": blocks}


def _slack_text(text: str, most: int) -> dict[str, Any]:
    """Return a text object of at most so many characters, as Slack counts them: with its entities."""
    while len(slack_escaped(text)) > most:
        text = text[: (len(text) - len(CUT)) * 9 // 10] + CUT
    return {"type": "plain_text", "text": slack_escaped(text), "emoji": False}


def slack_escaped(text: str) -> str:
    """Return text in which Slack sees no mention (<!channel>, <@user>), no link and no entity."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return without_links(escaped)


def _teams(message: Message) -> dict[str, Any]:
    """An adaptive card of rich text runs, which know no Markdown; a TextBlock would read names as such."""
    body: list[dict[str, Any]] = [_run(cut(message.headline, CHAT_TITLE_BYTES), weight="Bolder", size="Medium")]
    for alert in message.alerts:
        title = cut(alert.title, CHAT_TITLE_BYTES)
        body.append({**_run(title, weight="Bolder", color=COLOURS[alert.severity]), "separator": True})
        body.append(_run(cut(alert.detail, CHAT_DETAIL_BYTES)))
        body.append(_run(_origin(alert), isSubtle=True, size="Small"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "msteams": {"width": "Full"},
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}]}


def _run(text: str, **style: Any) -> dict[str, Any]:
    inline = {"type": "TextRun", "text": without_links(text), **style}
    return {"type": "RichTextBlock", "inlines": [inline]}


def without_links(text: str) -> str:
    """Return text in which a chat finds no address to make a link of."""
    return text.replace("://", ": //")


def _origin(alert: Alert) -> str:
    parts = [alert.severity, f"rule {alert.rule}", f"{alert.decided_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"]
    return " · ".join(parts)


def cut(text: str, most: int) -> str:
    """Return text of at most so many bytes in UTF-8, marked where it was cut."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return text
    return raw[: most - len(CUT.encode())].decode("utf-8", "ignore") + CUT


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_BODIES: Mapping[str, Callable[[Message], dict[str, Any]]] = {
    "json": _plain_json,
    "slack": _slack,
    "teams": _teams,
}


def specimen(now: datetime) -> Alert:
    """Return an alert that says that it is only a test."""
    return Alert(
        alert_id="test",
        decided_at=now,
        rule="test",
        kind="test",
        severity="low",
        cause="test",
        step=Decimal(0),
        title="This is a test of finops-lake alerts",
        detail="Somebody ran `finops-lake alerts test`. Nothing happened to cost, budgets or resources.",
    )
