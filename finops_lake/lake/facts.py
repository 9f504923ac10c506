"""What `meta.lake` says of the file itself, and by what it is known that its tables and views are those of now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import duckdb

from finops_lake import __version__
from finops_lake.lake.schema import meta_sql
from finops_lake.lake.sqlfiles import SqlFile

PUBLISHED_UP_TO = "published_load_id"
"""Fact: the newest load that was published; a writer killed before it came to that leaves it behind."""

PACKAGE_DEFINITIONS = "package_definitions"
"""Fact: the fingerprint of the package's own SQL files and sources that the lake is made of; unknown in older lakes.

By it a reader, who knows nothing of the user's own views and checks, tells the lake of another version.
"""

_VIEWS_MADE_BY = 6  # raised when the same SQL files shall give other views or comments


def tables_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the tables of all schemas that are not made from SQL files."""
    rows = connection.execute(
        "select schema_name, table_name from duckdb_tables() where schema_name in ('raw', 'history', 'meta')"
    ).fetchall()
    return {f"{schema}.{table}" for schema, table in rows}


def note_facts(connection: duckdb.DuckDBPyConnection, facts: Mapping[str, str]) -> None:
    """Write facts down in `meta.lake`, in place of earlier ones of the same name."""
    for key, value in facts.items():
        connection.execute("insert or replace into meta.lake values (?, ?)", [key, value])


def fingerprint(files: Sequence[SqlFile], sources: Mapping[str, str], left_out: Sequence[str]) -> str:
    """Return what changes whenever tables or views do; `left_out` are checks of the user's that fail."""
    return _digest(made_by(), files, sorted(sources.items()), *left_out)


def made_by() -> str:
    """Return what changes whenever the same SQL files may give other views."""
    return _digest(__version__, _VIEWS_MADE_BY, meta_sql())


def _digest(*facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()
