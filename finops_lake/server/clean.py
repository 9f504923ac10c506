"""Makes text that others wrote (tags, names, Azure's messages) safe to show to a model or a terminal.

Characters that nobody sees can carry instructions, so they go: control characters, terminal sequences, zero-width
and bidirectional marks, variation selectors and the tag characters U+E0000 to U+E007F.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

CELL_LENGTH = 200
ID_LENGTH = 600
PROSE_LENGTH = 1000
"""Longest cell, longest id (ARM ids are long, and useless when cut), longest sentence of Azure's."""

CUT = "… (cut)"

_TERMINAL = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    "|(?:\x1b\\]|\x9d).*?(?:\x07|\x1b\\\\|\x9c)"  # titles, links
    "|\x1b[PX^_].*?(?:\x1b\\\\|\x9c)|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_PROSE = frozenset(("reason", "next_step", "notes", "fix", "description", "message", "comment", "grain"))
_SQL = frozenset(("sql", "examples"))


def clean(text: str, length: int | None = CELL_LENGTH) -> str:
    """Return text on one line, without hidden characters, cut to `length` (None: not cut) and marked where cut."""
    visible = _HIDDEN.sub("", _BREAKS.sub(" ", _TERMINAL.sub("", text)))
    if length is None or len(visible) <= length:
        return visible
    return visible[: length - len(CUT)] + CUT


def clean_lines(text: str) -> str:
    """Return text of several lines (SQL, a list of faults) without hidden characters; nothing is cut."""
    return "\n".join(clean(line, None) for line in text.replace("\t", "    ").splitlines())


def clean_envelope(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer's envelope with every text in it cleaned; names of columns, too: a PIVOT makes them."""
    columns = [clean(str(column)) for column in envelope["columns"]]
    cleaned = {str(key): _cleaned(str(key), value) for key, value in envelope.items()}
    cleaned["rows"] = [
        [_cleaned(column, cell) for column, cell in zip(columns, row, strict=True)] for row in envelope["rows"]
    ]
    return cleaned


def _cleaned(name: str, value: Any) -> Any:
    match value:
        case str() if name in _SQL:
            return clean_lines(value)
        case str() if name == "evidence":
            return _clean_json(value)
        case str():
            return clean(value, _length_of(name))
        case Mapping():
            return {clean(str(key)): _cleaned(str(key), item) for key, item in value.items()}
        case list() | tuple():
            return [_cleaned(name, item) for item in value]
        case _:
            return value


def _length_of(name: str) -> int:
    if name in _PROSE:
        return PROSE_LENGTH
    return ID_LENGTH if name.endswith("_id") else CELL_LENGTH


def _clean_json(text: str) -> str:
    """Return JSON text with every value in it cleaned on its own, so that it stays JSON."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return clean(text)
    return json.dumps(_cleaned("", parsed), ensure_ascii=False, separators=(",", ":"))
