"""The bodies: plain JSON as its schema says, chats that find no markup in names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from finops_lake.alert_rules import Kind
from finops_lake.alerts.messages import Message, body_of, specimen
from finops_lake.alerts.webhook import LARGEST_BODY
from finops_lake.journal import Alert

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
SCHEMA = json.loads((resources.files("finops_lake.alerts") / "webhook.schema.json").read_text(encoding="utf-8"))
HOSTILE = "<!channel> <@U1> <https://evil.example|click> [click](https://evil.example) **b** `code` <at>all</at> &amp;"


def alert(title: str = "Budget web has reached 80 %", detail: str = "Spent much.", number: int = 1) -> Alert:
    return Alert(
        f"id-{number}", NOW, "rule", "budget_threshold", "high", "cause", Decimal(80), title, detail,
        Decimal("1234.500"), "EUR", "/subscriptions/1", "Contoso", None,
    )  # fmt: skip


def message(*alerts: Alert, is_test: bool = False) -> Message:
    return Message("m-1", NOW, alerts or (alert(),), is_test)


def checked(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    jsonschema.validate(found, SCHEMA, format_checker=jsonschema.FormatChecker())
    return found


def test_plain_json_is_as_its_schema_says() -> None:
    body = checked(body_of("json", message()))
    assert (body["schema"], body["message_id"], body["is_test"]) == ("finops-lake.alerts.v1", "m-1", False)
    assert body["alerts"][0]["amount"] == "1234.5"
    assert body["alerts"][0]["decided_at"] == "2026-11-23T09:30:00Z"
    checked(body_of("json", message(specimen(NOW), is_test=True)))
    with pytest.raises(jsonschema.ValidationError):
        checked(json.dumps({**body, "address": "x"}).encode())


def test_schema_knows_every_kind_and_the_docs_every_field() -> None:
    fields = SCHEMA["properties"]
    one = fields["alerts"]["items"]["properties"]
    assert set(one["kind"]["enum"]) == {*Kind.__args__, "test"}  # type: ignore[attr-defined]
    text = OPERATIONS.read_text(encoding="utf-8")
    for name, field in {**fields, **one}.items():
        assert field["description"], name
        assert f"`{name}`" in text, f"operations.md does not name {name}"


def texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from texts(item)
        case list():
            for item in value:
                yield from texts(item)
        case str():
            yield value


def elements(value: Any) -> Iterator[dict[str, Any]]:
    match value:
        case dict():
            yield value
            for item in value.values():
                yield from elements(item)
        case list():
            for item in value:
                yield from elements(item)


def test_slack_finds_no_mention_and_no_link_in_names() -> None:
    body = json.loads(body_of("slack", message(alert(HOSTILE, HOSTILE))))
    assert {one["type"] for one in elements(body) if "text" in one and "type" in one} <= {
        "plain_text", "section", "header"
    }  # fmt: skip
    assert body["mrkdwn"] is False
    for text in texts(body):
        assert "<" not in text
        assert ">" not in text
        assert "://" not in text
    assert "&lt;!channel&gt;" in body["text"]
    assert "&amp;amp;" in body["text"]


def test_teams_finds_no_markdown_and_no_mention_in_names() -> None:
    body = json.loads(body_of("teams", message(alert(HOSTILE, HOSTILE))))
    (attachment,) = body["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {one["type"] for one in card["body"]} == {"RichTextBlock"}, "a TextBlock would read Markdown"
    assert {run["type"] for one in card["body"] for run in one["inlines"]} == {"TextRun"}
    assert "entities" not in card["msteams"], "without an entity <at> is plain text"
    assert all("://" not in text for one in card["body"] for text in texts(one))


@pytest.mark.parametrize("letter", ["x", "&", "\U0001f4b8", '"'])
def test_largest_message_fits_what_the_chats_take(letter: str) -> None:
    whole = message(*(alert(letter * 200, letter * 1000, number) for number in range(10)))
    assert len(body_of("teams", whole)) <= 28_000
    assert len(body_of("json", whole)) <= LARGEST_BODY
    blocks = json.loads(body_of("slack", whole))["blocks"]
    assert len(blocks) <= 50
    for block in blocks:
        limit = 150 if block["type"] == "header" else 3000
        assert all(len(text) <= limit for text in texts(block))
        assert all(not re.search(r"&(?!amp;|lt;|gt;)", text) for text in texts(block)), "no entity is cut in two"


def test_test_message_says_so_everywhere() -> None:
    for kind in ("json", "slack", "teams"):
        body = body_of(kind, message(specimen(NOW), is_test=True)).decode()
        assert "This is a test of finops-lake alerts" in body
        assert "Nothing happened" in body
