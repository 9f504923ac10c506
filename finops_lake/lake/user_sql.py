"""Somebody else's SQL: exactly one SELECT, and names that are wrong told in the lake's own words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from finops_lake.errors import BadRequestError, InputError

if TYPE_CHECKING:
    import duckdb

_ONE_SELECT = "give one SELECT (WITH, FROM, SHOW, DESCRIBE and SUMMARIZE count as such)"
_SHOWN = 120


def one_select(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Return the only statement of `sql`; DuckDB's parser decides what it is, not its first word."""
    import duckdb

    statements = cursor.extract_statements(sql)
    shown = sql if len(sql) <= _SHOWN else sql[:_SHOWN] + "…"
    if not statements:
        raise InputError("sql", shown, f"{_ONE_SELECT}; there is no statement here")
    if len(statements) > 1:
        raise InputError("sql", shown, f"{_ONE_SELECT}; here are {len(statements)} statements")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise InputError("sql", shown, f"{_ONE_SELECT}; {_hint(statements[0].type.name)}")
    return statements[0]


def _hint(kind: str) -> str:
    if kind == "MULTI":
        return "a PIVOT needs its values listed: PIVOT … ON column IN (…)"
    if kind == "EXPLAIN":
        return "EXPLAIN is not available, because EXPLAIN ANALYZE would run what it explains"
    return f"this is {kind}, and the lake can only be read here"


@contextlib.contextmanager
def names_explained(cursor: duckdb.DuckDBPyConnection, sql: str) -> Iterator[None]:
    """Say what was probably meant where a name is wrong; the lake's own words instead of DuckDB's."""
    import duckdb

    from finops_lake.lake.nearest import name_hint

    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        hint = name_hint(cursor, str(error), sql)
        if hint is None:
            raise
        raise BadRequestError(hint) from error
