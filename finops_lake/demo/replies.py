"""Replies as Azure words them: bodies, error envelopes, and amounts as .NET prints them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"

_MARK = "\x00"
_AMOUNT = re.compile(r'"\\u0000([^"]*)"')


@dataclass(frozen=True)
class Reply:
    """One HTTP reply; `delay_seconds` is slept before it, `cut_after` bytes of the body the connection breaks."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = JSON
    delay_seconds: float = 0
    cut_after: int | None = None


def json_reply(payload: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a JSON reply; decimals in `payload` are written exactly."""
    return Reply(status, write_json(payload).encode(), headers or {})


def error_reply(
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    details: Sequence[Mapping[str, str]] | None = None,
) -> Reply:
    """Return Azure's usual error envelope."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = list(details)
    more = {"x-ms-failure-cause": "gateway"} if status in (403, 404) else {}
    return json_reply({"error": error}, status, {**more, **(headers or {})})


def write_json(value: Any) -> str:
    """Return compact JSON in which a Decimal is a number with exactly its digits."""
    return _AMOUNT.sub(r"\1", json.dumps(value, separators=(",", ":"), default=_marked))


def _marked(value: Any) -> Any:
    """Return what the encoder, which is fast and knows no decimals, can write; an amount as a marked text."""
    return f"{_MARK}{number(value)}" if isinstance(value, Decimal) else dict(value)


def number(amount: Decimal) -> str:
    """Return an amount as .NET prints a double: no trailing zeros, whole numbers bare, 7E-06 below 0.0001."""
    if not amount:
        return "0"
    if amount.adjusted() >= -4:
        text = f"{amount:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    sign, digits, _ = amount.as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' * sign}{text[0]}{fraction}E-{-amount.adjusted():02}"


def not_found(resource: str, group: str) -> Reply:
    """Return ARM's answer for a resource that does not exist."""
    message = f"The Resource '{resource}' under resource group '{group}' was not found."
    return error_reply(404, "ResourceNotFound", message)


def bad_query(message: str) -> Reply:
    """Return Cost Management's answer to a question it refuses."""
    return error_reply(400, "BadRequest", f"Invalid query definition: {message}")
