"""Which tables and views a statement names, by the word of DuckDB's own parser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

SCHEMAS = ("staging", "charges", "meta", "marts", "audits")
"""Where our own macros are."""


@dataclass(frozen=True)
class Reference:
    """A table or view as a statement names it, lower-cased; `schema` is empty where it names none."""

    schema: str
    name: str
    offset: int

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a parsed statement (`json_serialize_sql`)."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            inner = list(node.values())
        elif isinstance(node, list):
            inner = node
        else:
            continue
        waiting += [value for value in reversed(inner) if isinstance(value, (dict, list))]


def references(tree: Any) -> Iterator[Reference]:
    """Yield the tables and views a parsed statement reads; CTEs do not count."""
    ctes = {
        entry["key"].lower()
        for node in nodes(tree)
        if isinstance(node.get("cte_map"), dict)
        for entry in node["cte_map"].get("map", [])
    }
    for node in nodes(tree):
        if node.get("type") == "TABLE_FUNCTION":
            yield from _macros(node)
        if node.get("type") != "BASE_TABLE":
            continue
        schema, name = str(node.get("schema_name", "")).lower(), str(node.get("table_name", "")).lower()
        if schema or name not in ctes:
            yield Reference(schema, name, int(node.get("query_location") or 0))


def _macros(node: dict[str, Any]) -> Iterator[Reference]:
    """Yield the macro of ours that a table function is; DuckDB's own have no schema here."""
    function = node.get("function") or {}
    schema, name = str(function.get("schema", "")).lower(), str(function.get("function_name", "")).lower()
    if schema in SCHEMAS:
        yield Reference(schema, name, int(node.get("query_location") or 0))


def names_read(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[str, ...]:
    """Return the tables and views that a SELECT names, each once; empty where it cannot be parsed."""
    ((text,),) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()
    return tuple(dict.fromkeys(str(reference) for reference in references(json.loads(text))))
