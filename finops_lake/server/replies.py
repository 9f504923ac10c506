"""From an answer to what goes over the wire: the envelope and a text that says the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mcp_types import CallToolResult, TextContent

from finops_lake.answers.answer import Answer
from finops_lake.server.clean import clean_envelope

Envelope = Mapping[str, Any]

ROWS_ASKED = 50
"""Rows asked of the lake when the caller sets no limit."""

ANSWER_BYTES = 20_000
MISSING_BYTES = 6_000
"""What an answer may weigh when the caller sets no limit, and what the scopes missing from it may at most."""

SHORTENED = (
    "are given to keep this short; set limit for more, or page through with query_lake and this sql without its LIMIT."
)


def reply(answer: Answer, render: Callable[[Envelope], str], *, limit: int | None = None) -> CallToolResult:
    """Return the result of a tool; `limit` is what the caller set, None: the rows are cut to a short answer.

    Clients show a model either the text or the structured content, so both say the same.
    """
    envelope = clean_envelope(answer.as_dict())
    shorten_missing(envelope)
    if limit is None:
        _shorten_rows(envelope)
    text = render(envelope) if limit else short_text(envelope, render, _cut_rows)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=envelope)


def short_text(
    envelope: dict[str, Any], render: Callable[[Envelope], str], cut: Callable[[dict[str, Any], int], None]
) -> str:
    """Return the text of an envelope whose rows are cut until it is short, too; both then hold the same rows."""
    text = render(envelope)
    while (size := len(text.encode())) > ANSWER_BYTES and len(envelope["rows"]) > 1:
        cut(envelope, max(1, min(len(envelope["rows"]) - 1, len(envelope["rows"]) * ANSWER_BYTES // size)))
        text = render(envelope)
    return text


def shorten_missing(envelope: dict[str, Any]) -> None:
    """Leave out missing scopes beyond MISSING_BYTES, and say so."""
    missing = envelope["scopes"]["missing"]
    kept = fitting(missing, MISSING_BYTES)
    if kept < envelope["scopes"]["missing_count"]:
        envelope["scopes"]["missing"] = missing[:kept]
        count = envelope["scopes"]["missing_count"]
        envelope["notes"].append(f"Only {kept} of {count} missing scopes are described; finops-lake status lists all.")


def _shorten_rows(envelope: dict[str, Any]) -> None:
    rows = envelope["rows"]
    kept = fitting(rows, ANSWER_BYTES - weight({**envelope, "rows": []}) - len(SHORTENED))
    if kept < len(rows) or envelope["truncated"]:
        _cut_rows(envelope, kept)


def _cut_rows(envelope: dict[str, Any], kept: int) -> None:
    """Keep the first rows, and say so once."""
    envelope["rows"] = envelope["rows"][:kept]
    envelope["truncated"] = True
    notes = [note for note in envelope["notes"] if not note.endswith(SHORTENED)]
    envelope["notes"] = [*notes, f"{len(envelope['rows'])} of {envelope['row_count']} rows {SHORTENED}"]


def fitting(items: list[Any], size: int) -> int:
    """Return how many of the first items fit, at least one."""
    for place, item in enumerate(items):
        size -= weight(item) + 1
        if size < 0:
            return max(place, 1)
    return len(items)


def weight(value: Any) -> int:
    """Return the bytes of a value as compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
