"""Values as SQL text, so that the SQL of an answer runs as it stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime


def literal(value: str | int | date | datetime | None) -> str:
    """Return a value as a SQL literal; quotes in text are doubled, which is all DuckDB's plain strings need."""
    match value:
        case None:
            return "null"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"timestamptz '{value.astimezone(UTC).isoformat()}'"
        case date():
            return f"date '{value.isoformat()}'"
        case _:
            return str(int(value))


def one_of(expression: str, values: Iterable[str]) -> str:
    """Return a condition that an expression is one of the values; null counts as the empty text."""
    listed = list(values)
    if len(listed) == 1:
        return f"coalesce({expression}, '') = {literal(listed[0])}"
    return f"coalesce({expression}, '') in ({', '.join(literal(value) for value in listed)})"


def quoted(name: str) -> str:
    """Return a name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def starting(expression: str, text: str) -> str:
    """Return a condition that an expression starts with a text; null counts as the empty text."""
    return f"starts_with(coalesce({expression}, ''), {literal(text)})"


def containing(expression: str, text: str) -> str:
    """Return a condition that an expression contains a text; null counts as the empty text."""
    return f"contains(coalesce({expression}, ''), {literal(text)})"
