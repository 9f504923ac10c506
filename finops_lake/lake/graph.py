"""What each SQL file reads: its order of creation, the layers it may draw from, its raw tables.

References come from DuckDB's own parser (`json_serialize_sql`): names in comments, strings and CTEs never count.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

import duckdb

from finops_lake.lake.freshness import views_beneath
from finops_lake.lake.references import Reference, nodes, references
from finops_lake.lake.sqlfiles import SqlFile, SqlFileError
from finops_lake.lake.trouble import explanation

READABLE = {
    "staging": ("raw", "history", "meta"),
    "charges": ("raw", "history", "meta", "staging", "charges"),
    "meta": ("raw", "meta", "staging", "charges"),
    "marts": ("staging", "charges", "history", "marts", "meta"),
    "audits": ("staging", "marts", "meta"),
}
"""Which schemas the views of a schema may read."""

_STEADY_WHERE_BUILT = frozenset({"meta.chunks", "meta.last_success", "marts.charges"})
"""Views whose variable only readers set: the writer, which builds stored marts, always sees the same in them."""

CHANGING = {
    "getvariable",
    "now",
    "current_date",
    "today",
    "current_timestamp",
    "get_current_timestamp",
    "random",
    "uuid",
}


@dataclass(frozen=True)
class Graph:
    """The SQL files in an order in which they can be created, and what each reads directly."""

    files: tuple[SqlFile, ...]
    reads: Mapping[str, frozenset[str]]
    draws: Mapping[str, frozenset[str]]
    """As `reads`, but of a framed file what its answer must have fresh, not what its frame could read."""


@dataclass(frozen=True)
class Parsed:
    """What DuckDB's parser finds in a SELECT: the relations it reads and the functions it calls."""

    references: tuple[Reference, ...]
    functions: frozenset[str]


def build_graph(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SqlFile],
    tables: Collection[str],
    parsed: MutableMapping[str, Parsed] | None = None,
) -> Graph:
    """Return the graph of `files` over the existing `tables` (`raw.x`, `meta.loads`).

    `parsed` holds what was parsed before, by SELECT, and takes what is parsed now. SqlFileError names file and line:
    not exactly one SELECT, an unknown name, a forbidden layer, a circle, or a stored mart whose result depends on the
    moment it is read.
    """
    views = {file.view: file for file in files}
    known = set(tables) | set(views) | {f"history.{file.name}" for file in files if file.remembers}
    reads: dict[str, frozenset[str]] = {}
    changing: dict[str, str] = {}
    parsed = {} if parsed is None else parsed
    for file in files:
        found = _parsed(connection, file, parsed)
        for reference in found.references:
            check_reference(file, reference, known)
        reads[file.view] = frozenset(map(str, found.references)) | _sources(file, known)
        moving = sorted(found.functions & CHANGING)
        if moving and file.view not in _STEADY_WHERE_BUILT:
            changing[file.view] = moving[0]
    draws = reads | {file.view: _own_reads(connection, file, parsed) for file in files if file.bare}
    graph = Graph(tuple(views[name] for name in _ordered(views, reads)), reads, draws)
    for file in files:
        _check_stored(file, graph, changing)
    return graph


def _sources(file: SqlFile, known: Collection[str]) -> frozenset[str]:
    """Return the relations that a macro reads by name where no other is given: the defaults of its parameters."""
    named = {(parameter.default or "").strip("'") for parameter in file.parameters.values()}
    return frozenset(named & set(known))


def _own_reads(
    connection: duckdb.DuckDBPyConnection, file: SqlFile, parsed: MutableMapping[str, Parsed]
) -> frozenset[str]:
    own = _parsed(connection, replace(file, select=file.bare), parsed)
    return frozenset({*map(str, own.references), *file.refreshes})


def _parsed(connection: duckdb.DuckDBPyConnection, file: SqlFile, parsed: MutableMapping[str, Parsed]) -> Parsed:
    if file.select not in parsed:
        tree = nodes_of(connection, file)
        parsed[file.select] = Parsed(tuple(references(tree)), frozenset(functions(tree)))
    return parsed[file.select]


def nodes_of(connection: duckdb.DuckDBPyConnection, file: SqlFile) -> list[dict[str, Any]]:
    """Return the nodes of a file's parsed SELECT. Raises SqlFileError with its line where it is not exactly one."""
    ((text,),) = connection.execute("select json_serialize_sql(?)", [file.select]).fetchall()
    tree = json.loads(text)
    if tree.get("error"):
        kind, position = tree.get("error_type"), tree.get("position")
        if kind == "not implemented":
            raise SqlFileError(file.path, file.line, "a view is one bare SELECT, nothing else")
        line = line_of(file, int(position)) if position else file.line
        raise SqlFileError(file.path, line, explanation(str(tree.get("error_message"))))
    if len(tree["statements"]) != 1:
        raise SqlFileError(
            file.path, file.line, f"a view is one SELECT, and here are {len(tree['statements'])} statements"
        )
    return nodes(tree["statements"][0])


def functions(found: Sequence[dict[str, Any]]) -> set[str]:
    """Return the names of the functions that the nodes of a parsed SELECT call."""
    return {str(node["function_name"]).lower() for node in found if "function_name" in node} | {
        str(node["column_names"][0]).lower()
        for node in found
        if node.get("type") == "COLUMN_REF" and len(node.get("column_names", [])) == 1
        if str(node["column_names"][0]).lower() in {"current_date", "current_timestamp"}
    }


def check_reference(file: SqlFile, reference: Reference, known: Collection[str]) -> None:
    """Raise SqlFileError with its line where a file may not read a name, or there is none."""
    line = line_of(file, reference.offset)
    if not reference.schema:
        raise SqlFileError(file.path, line, f"{reference.name} is read without its schema (and is no CTE)")
    allowed = READABLE[file.schema]
    if reference.schema not in allowed:
        raise SqlFileError(
            file.path, line, f"{reference} is read, but {file.schema} may only read {', '.join(allowed)}"
        )
    if str(reference) not in known:
        raise SqlFileError(file.path, line, f"there is no {reference}")


def _ordered(views: Mapping[str, SqlFile], reads: Mapping[str, frozenset[str]]) -> list[str]:
    beneath = {
        view: sorted(name for name in {*reads[view], views[view].headers.get("like", "")} if name in views)
        for view in sorted(views)
    }
    try:
        return list(TopologicalSorter(beneath).static_order())
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        file = views[circle[0]]
        raise SqlFileError(file.path, file.line, f"views read each other in a circle: {' <- '.join(circle)}") from error


def _check_stored(file: SqlFile, graph: Graph, changing: Mapping[str, str]) -> None:
    if not file.is_stored:
        return
    for name in sorted(views_beneath(file.view, graph.reads)):
        if name in changing:
            raise SqlFileError(
                file.path,
                file.line,
                f"a stored mart cannot draw on {changing[name]}(), whose value changes ({name})",
            )


def line_of(file: SqlFile, offset: int) -> int:
    """Return the line of a file at a place in its SELECT."""
    before = file.select.encode()[: max(offset, 0)] if offset < 2**63 else b""
    return file.line + before.count(b"\n")
