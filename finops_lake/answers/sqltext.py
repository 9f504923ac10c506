"""Values as SQL text, so that the SQL of an answer runs as it stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def literal(value: str | int | date | None) -> str:
    """Return a value as a SQL literal; quotes in text are doubled, which is all DuckDB's plain strings need."""
    match value:
        case None:
            return "null"
        case str():
            return "'" + value.replace("'", "''") + "'"
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
