"""An answer's envelope with every text in it cleaned, before a model sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from finops_lake.plaintext import CELL_LENGTH, clean, clean_lines

ID_LENGTH = 600
PROSE_LENGTH = 1000
"""Longest id (ARM ids are long, and useless when cut), longest sentence of Azure's."""

_PROSE = frozenset(("reason", "next_step", "notes", "fix", "description", "message", "comment", "grain"))
_SQL = frozenset(("sql", "examples"))


def clean_envelope(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer's envelope with every text in it cleaned; names of columns, too: a PIVOT makes them."""
    columns = [clean(str(column)) for column in envelope["columns"]]
    rows = [[_cleaned(column, cell) for column, cell in zip(columns, row, strict=True)] for row in envelope["rows"]]
    return {str(key): rows if key == "rows" else _cleaned(str(key), value) for key, value in envelope.items()}


def _cleaned(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return _cleaned_text(name, value)
    if isinstance(value, (list, tuple)):
        return [_cleaned(name, item) for item in value]
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(str(key), item) for key, item in value.items()}
    return value


def _cleaned_text(name: str, text: str) -> str:
    if name in _SQL:
        return clean_lines(text)
    if name == "evidence":
        return _clean_json(text)
    return clean(text, _length_of(name))


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
