"""How names and texts are written into SQL statements, where no parameter is possible."""

from __future__ import annotations


def quoted(*parts: str) -> str:
    """Return an identifier, schema first where there is one, each part in double quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
