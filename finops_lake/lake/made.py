"""Which views of a lake are what its SQL files say already: made of the same text, over the same, by the same code.

One changed file, or a check that the user adds, then costs its own view and those that read it, and not all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

import duckdb

from finops_lake.lake.freshness import raw_tables_beneath
from finops_lake.lake.graph import Graph
from finops_lake.lake.sqlfiles import SqlFile

_NAMED_SQL = """
select schema_name || '.' || view_name from duckdb_views() where not internal and not temporary
union
select schema_name || '.' || function_name from duckdb_functions() where not internal and function_type = 'table_macro'
union
select schema_name || '.' || table_name from duckdb_tables() where not internal and not temporary
"""


def fingerprints(graph: Graph, sources: Mapping[str, str], stored: Mapping[str, str], maker: str) -> dict[str, str]:
    """Return what changes with each view: its file, all views and raw tables beneath it, and the code (`maker`).

    `sources` holds each raw table's fingerprint, `stored` that of what each stored mart holds, and remembers. The
    files of a graph come in an order in which all that one reads, or takes its descriptions from (`like:`), stands
    before it.
    """
    past = {f"history.{view.partition('.')[2]}": definition for view, definition in stored.items()}
    found: dict[str, str] = {}
    for file in graph.files:
        beneath = sorted({*graph.reads[file.view], file.headers.get("like", "")})
        parts = [
            maker,
            repr(file),
            *(found.get(name, past.get(name, name)) for name in beneath),
            *sorted(graph.draws[file.view]),
        ]
        parts += [sources.get(table, "") for table in sorted(raw_tables_beneath(file.view, graph.reads))]
        found[file.view] = _digest(parts)
    return found


def of_aliases(aliases: Mapping[str, SqlFile], made_of: Mapping[str, str]) -> dict[str, str]:
    """Return the same for the second names that views have in schema `main`."""
    return {f"main.{alias}": _digest((alias, made_of[file.view])) for alias, file in aliases.items()}


def unchanged(connection: duckdb.DuckDBPyConnection, wanted: Mapping[str, str]) -> frozenset[str]:
    """Return those of the `wanted` views (name and fingerprint) that are there, and were made of the same."""
    known = dict(connection.execute("select view_name, made_of from meta.made").fetchall())
    named = {name for (name,) in connection.execute(_NAMED_SQL).fetchall()}
    return frozenset(name for name, made_of in wanted.items() if known.get(name) == made_of and name in named)


def note_made(connection: duckdb.DuckDBPyConnection, made: Mapping[str, str], kept: Collection[str]) -> None:
    """Write down what the views were made of; the lines of those `kept` stand already, all others go."""
    connection.execute("delete from meta.made where not list_contains(?, view_name)", [list(kept)])
    new = {name: made_of for name, made_of in made.items() if name not in kept}
    if new:
        connection.execute("insert into meta.made select unnest(?), unnest(?)", [list(new), list(new.values())])


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
