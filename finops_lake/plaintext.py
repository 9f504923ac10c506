"""Makes text that others wrote (tags, names, Azure's messages) safe to show to a model, a terminal or a chat.

Characters that nobody sees can carry instructions, so they go: control characters, terminal sequences, zero-width
and bidirectional marks, variation selectors and the tag characters U+E0000 to U+E007F.
"""

from __future__ import annotations

import re

CELL_LENGTH = 200
"""Longest cell."""

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


def clean(text: str, length: int | None = CELL_LENGTH) -> str:
    """Return text on one line, without hidden characters, cut to `length` (None: not cut) and marked where cut."""
    is_plain = text.isascii() and text.isprintable()  # most text is, and three searches of each cell take long
    visible = text if is_plain else _HIDDEN.sub("", _BREAKS.sub(" ", _TERMINAL.sub("", text)))
    if length is None or len(visible) <= length:
        return visible
    return visible[: length - len(CUT)] + CUT


def clean_lines(text: str) -> str:
    """Return text of several lines (SQL, a list of faults) without hidden characters; nothing is cut."""
    return "\n".join(clean(line, None) for line in text.replace("\t", "    ").splitlines())
