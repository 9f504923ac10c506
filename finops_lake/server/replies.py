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


def reply(answer: Answer, render: Callable[[Envelope], str], *, limit: int | None = None) -> CallToolResult:
    """Return the result of a tool; `limit` is what the caller set, None: the rows are cut to a short answer.

    Clients show a model either the text or the structured content, so both say the same.
    """
    envelope = clean_envelope(answer.as_dict())
    _shorten_missing(envelope)
    if limit is None:
        _shorten_rows(envelope)
    return CallToolResult(content=[TextContent(type="text", text=render(envelope))], structured_content=envelope)


def _shorten_missing(envelope: dict[str, Any]) -> None:
    missing = envelope["scopes"]["missing"]
    kept = _fitting(missing, MISSING_BYTES)
    if kept < envelope["scopes"]["missing_count"]:
        envelope["scopes"]["missing"] = missing[:kept]
        count = envelope["scopes"]["missing_count"]
        envelope["notes"].append(f"Only {kept} of {count} missing scopes are described; finops-lake status lists all.")


def _shorten_rows(envelope: dict[str, Any]) -> None:
    rows = envelope["rows"]
    kept = _fitting(rows, ANSWER_BYTES - _weight({**envelope, "rows": []}))
    if kept < len(rows):
        envelope["rows"] = rows[:kept]
        envelope["truncated"] = True
    if envelope["truncated"]:
        envelope["notes"].append(
            f"{len(envelope['rows'])} of {envelope['row_count']} rows are given to keep this short; set limit for more."
        )


def _fitting(items: list[Any], size: int) -> int:
    """Return how many of the first items fit, at least one."""
    for place, item in enumerate(items):
        size -= _weight(item) + 1
        if size < 0:
            return max(place, 1)
    return len(items)


def _weight(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
