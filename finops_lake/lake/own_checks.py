"""The user's own checks are tried before they join the others: one that is broken never stops an audit.

By the parser: one SELECT, only views that checks may read, no function that reaches a file, the network or the clock.
By the binder: names, columns and types. By running it, in a connection that can do nothing but read the lake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from finops_lake.errors import FinopsLakeError
from finops_lake.lake.connection import connect_reader
from finops_lake.lake.freshness import views_beneath
from finops_lake.lake.graph import CHANGING, Graph, check_reference, functions, line_of, nodes_of
from finops_lake.lake.limits import limited
from finops_lake.lake.references import SCHEMAS, SOURCES, Reference, constant_of, references
from finops_lake.lake.rules import Fault
from finops_lake.lake.sqlfiles import SqlFile, SqlFileError
from finops_lake.lake.trouble import explanation
from finops_lake.lake.views import described

SECONDS = 10.0
"""How long a check may run when it is tried; those of ours take less than 0.2."""

TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series", "json_each", "json_tree"})
"""What a check may read from beside views and our macros."""

TEXT, MONEY = ("VARCHAR",), ("DECIMAL", "INTEGER", "BIGINT", "HUGEINT")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "resource_id": TEXT,
    "finding": TEXT,
    "unknown": TEXT,
    "spared": TEXT,
    "since_at": ("TIMESTAMP WITH TIME ZONE", "DATE"),
    "state_kind": TEXT,
    "given_saving": MONEY,
    "given_currency": TEXT,
    "unpriced": TEXT,
    "saving_part": TEXT,
    "saved_resource_id": TEXT,
    "evidence": ("JSON", "VARCHAR"),
    "is_of_the_bill": ("BOOLEAN",),
    "sub_account_id": TEXT,
    "resource_name": TEXT,
    "region_id": TEXT,
}
"""What a check may select, as `_frame.sql` reads it, and the types that fit; the first two it must."""

_UNTYPED = '"NULL"'


def tried(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[SqlFile],
    framed: Mapping[str, SqlFile],
    graph: Graph,
    known: Collection[str],
) -> tuple[list[SqlFile], list[Fault]]:
    """Return the checks that bind, and the faults of the others.

    `framed` holds them by name as views of the lake, `graph` the views there are and `known` all that can be read.
    Call it outside a transaction: a check that does not bind would end it.
    """
    good, faults = [], []
    for check in checks:
        try:
            _check(connection, check, framed[check.name], graph, known)
            good.append(check)
        except SqlFileError as error:
            faults.append(Fault(check.name, str(error).rstrip("."), "trying"))
    return good, faults


def _check(
    connection: duckdb.DuckDBPyConnection, check: SqlFile, framed: SqlFile, graph: Graph, known: Collection[str]
) -> None:
    if any(check.view == file.view for file in graph.files):
        raise SqlFileError(check.path, 1, f"there is a check {check.name} already; choose another name")
    if check.headers["population"] not in known:
        raise SqlFileError(check.path, 1, f"population: there is no {check.headers['population']}")
    tree = nodes_of(connection, check)
    _check_functions(check, tree)
    for reference in [*references(tree), *_named_to_macros(check, tree, graph)]:
        check_reference(check, reference, known)
        name = str(reference)
        if any(file.headers.get("over") for file in graph.files if file.view in views_beneath(name, graph.reads)):
            raise SqlFileError(check.path, line_of(check, reference.offset), f"{name} rests on all checks itself")
    _check_shape(check, described(connection, check))
    described(connection, framed)


def _check_functions(check: SqlFile, tree: Sequence[dict[str, Any]]) -> None:
    for node in tree:
        line = line_of(check, int(node.get("query_location") or 0))
        if node.get("type") == "SHOW_REF":
            raise SqlFileError(check.path, line, "DESCRIBE, SHOW and SUMMARIZE cannot stand in a check")
        if node.get("type") == "TABLE_FUNCTION":
            function = node.get("function") or {}
            name = str(function.get("function_name", "")).lower()
            if name not in TABLE_FUNCTIONS and str(function.get("schema", "")).lower() not in SCHEMAS:
                raise SqlFileError(
                    check.path, line, f"{name}() cannot be read from; allowed are {', '.join(sorted(TABLE_FUNCTIONS))}"
                )
    moving = sorted((functions(tree) & CHANGING) - {"getvariable"})
    if moving:
        raise SqlFileError(
            check.path, check.line, f"{moving[0]}() changes by itself; compare with loaded_at of what is read instead"
        )


def _named_to_macros(check: SqlFile, tree: Sequence[dict[str, Any]], graph: Graph) -> Iterator[Reference]:
    """Yield what macros of ours are told to read, by name or by place: it must be a view, never a file."""
    macros = {file.view: list(file.parameters) for file in graph.files if file.is_macro}
    for node in tree:
        if node.get("type") != "TABLE_FUNCTION":
            continue
        function = node["function"]
        names = macros.get(f"{function.get('schema', '')}.{function.get('function_name', '')}".lower(), [])
        for place, argument in enumerate(function.get("children", []) if names else []):
            name = str(argument.get("alias") or (names[place] if place < len(names) else "")).lower()
            if name in SOURCES:
                schema, _, relation = constant_of(argument).lower().partition(".")
                yield Reference(schema or "?", relation, int(node.get("query_location") or 0))


def _check_shape(check: SqlFile, columns: Mapping[str, str]) -> None:
    for name in ("resource_id", "finding"):
        if name not in columns:
            raise SqlFileError(check.path, check.line, f"it selects no {name}, which every check must")
    for name, kind in columns.items():
        if name not in COLUMNS:
            raise SqlFileError(check.path, check.line, f"it selects {name}; a check may select {', '.join(COLUMNS)}")
        if kind != _UNTYPED and kind.partition("(")[0] not in COLUMNS[name]:
            raise SqlFileError(check.path, check.line, f"{name} is {kind}, and must be {' or '.join(COLUMNS[name])}")


def run(path: Path, framed: Sequence[SqlFile]) -> list[Fault]:
    """Return the faults of checks that fail, or take too long, over the rows that a closed lake file holds."""
    faults: list[Fault] = []
    if not framed:
        return faults
    connection = connect_reader(path)
    try:
        for check in framed:
            with connection.cursor() as cursor:
                try:
                    with limited(cursor, SECONDS):
                        cursor.execute(f"select count(*), count(columns(*)) from (\n{check.select}\n)").fetchall()
                except (FinopsLakeError, duckdb.Error) as error:
                    said = explanation(str(error)).rstrip(".")
                    faults.append(
                        Fault(check.name, f"{check.path}:{check.line}: it fails when it runs: {said}", "running")
                    )
    finally:
        connection.close()
    return faults
