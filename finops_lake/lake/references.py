"""Which tables and views a statement names, by the word of DuckDB's own parser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

SCHEMAS = ("staging", "charges", "meta", "marts", "audits")
"""Where our own macros are."""

SOURCES = ("source", "by_resource", "usage")
"""Arguments that name what a macro reads."""


@dataclass(frozen=True)
class Reference:
    """A table or view as a statement names it, lower-cased; `schema` is empty where it names none."""

    schema: str
    name: str
    offset: int

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


def nodes(tree: Any) -> list[dict[str, Any]]:
    """Return every node of a parsed statement (`json_serialize_sql`), in the order of the text."""
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found.append(node)
            waiting += [value for value in reversed(node.values()) if isinstance(value, (dict, list))]
        else:
            waiting += [value for value in reversed(node) if isinstance(value, (dict, list))]
    return found


def references(found: Sequence[dict[str, Any]]) -> Iterator[Reference]:
    """Yield the tables and views that the nodes of a parsed statement read; CTEs do not count."""
    ctes = {
        entry["key"].lower()
        for node in found
        if isinstance(node.get("cte_map"), dict)
        for entry in node["cte_map"].get("map", [])
    }
    for node in found:
        if node.get("type") == "TABLE_FUNCTION":
            yield from _macros(node)
        if node.get("type") != "BASE_TABLE":
            continue
        schema, name = str(node.get("schema_name", "")).lower(), str(node.get("table_name", "")).lower()
        if schema or name not in ctes:
            yield Reference(schema, name, int(node.get("query_location") or 0))


def _macros(node: dict[str, Any]) -> Iterator[Reference]:
    """Yield the macro of ours that a table function is, and what it is told to read; DuckDB's own have no schema."""
    function = node.get("function") or {}
    schema, name = str(function.get("schema", "")).lower(), str(function.get("function_name", "")).lower()
    place = int(node.get("query_location") or 0)
    if schema in SCHEMAS:
        yield Reference(schema, name, place)
    for one in nodes(function):
        if one.get("type") != "VALUE_CONSTANT" or str(one.get("alias", "")).lower() not in SOURCES:
            continue
        schema, dot, name = constant_of(one).lower().partition(".")
        if dot and schema in SCHEMAS:
            yield Reference(schema, name, place)


def constant_of(node: dict[str, Any]) -> str:
    """Return the text of a constant in a parsed statement; empty for anything else."""
    if node.get("type") != "VALUE_CONSTANT":
        return ""
    return str(node["literal"].get("text") if "literal" in node else node["value"].get("value"))  # DuckDB 2, else 1.5


def names_read(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[str, ...]:
    """Return the tables and views that a SELECT names, each once; empty where it cannot be parsed."""
    ((text,),) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()
    return tuple(dict.fromkeys(str(reference) for reference in references(nodes(json.loads(text)))))
