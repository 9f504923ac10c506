"""Raw and meta tables: made on first use, upgraded when a source gains a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

import duckdb

from finops_lake.lake.connection import unoptimized
from finops_lake.lake.names import literal, quoted
from finops_lake.lake.remember import VALID_TO
from finops_lake.source import Source

OWN_COLUMNS = {
    "_scope_id": ("varchar", "ARM scope that was asked, lower-cased; / for the whole sign-in."),
    "_month": (
        "date",
        "First day of the calendar month (UTC) that was asked for; null for tables loaded whole.",
    ),
    "_metric": ("varchar", "The reading that was asked for, where a table has several."),
    "_load_id": ("bigint", "The load in meta.loads that brought the row."),
    "_loaded_at": ("timestamptz", "When the row was loaded as it is (UTC); loads that bring it again leave it."),
}
"""What every raw table has beside its source's columns: SQL type and description."""

HISTORY_COLUMNS = {VALID_TO: ("timestamptz", "When a load no longer brought the row as it is (UTC).")}
"""What tables of schema `history` have beside those of their raw table: there since _loaded_at, gone at _valid_to."""


def create_meta(connection: duckdb.DuckDBPyConnection) -> None:
    """Create schemas and meta tables, as far as they are missing."""
    connection.execute(meta_sql())


def create_raw(connection: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    """Create the raw tables and those of their history, or add the columns a source has gained.

    Rows loaded before hold null there.
    """
    for source in sources:
        wanted = {**_column_types(connection, source), **{name: kind for name, (kind, _) in OWN_COLUMNS.items()}}
        _create_or_widen(connection, "raw", source.table, wanted)
        if source.remembers:
            _create_or_widen(connection, "history", source.table, wanted | {VALID_TO: "timestamptz"})
    with unoptimized(connection):
        for source in sources:
            connection.execute(";\n".join(_comments("raw", source, OWN_COLUMNS)))
            if source.remembers:
                connection.execute(";\n".join(_comments("history", source, OWN_COLUMNS | HISTORY_COLUMNS)))
    connection.execute("delete from meta.tables")
    for source in sources:
        row = [source.table, source.comment, source.max_age.total_seconds(), source.monthly]
        connection.execute("insert into meta.tables values (?, ?, ?, ?)", row)


def _create_or_widen(connection: duckdb.DuckDBPyConnection, schema: str, name: str, wanted: Mapping[str, str]) -> None:
    table = quoted(schema, name)
    present = columns_of_table(connection, schema, name)
    if not present:
        columns = ", ".join(f"{quoted(column)} {kind}" for column, kind in wanted.items())
        connection.execute(f"create table {table} ({columns})")
        return
    for column, kind in wanted.items():
        if column not in present:
            connection.execute(f"alter table {table} add column {quoted(column)} {kind}")


def columns_of_table(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> dict[str, str]:
    """Return the columns of a table and their types in their order; empty if there is no such table."""
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?"
        " order by column_index",
        [schema, name],
    ).fetchall()
    return dict(rows)


def meta_sql() -> str:
    """Return the statements that create schemas and meta tables where they are missing."""
    return (resources.files("finops_lake.lake") / "meta.sql").read_text(encoding="utf-8")


def source_fingerprint(source: Source) -> str:
    """Return a text that changes whenever the table, its columns or their descriptions change."""
    texts = [
        source.table,
        source.comment,
        str(source.max_age),
        str(source.monthly),
        str(source.remembers),
        ",".join(source.metrics),
    ]
    texts += [f"{field.name} {field.type} {source.columns.get(field.name)}" for field in source.schema]
    return "\n".join(texts)


def _column_types(connection: duckdb.DuckDBPyConnection, source: Source) -> dict[str, str]:
    connection.register("empty_source", source.schema.empty_table())
    try:
        described = connection.execute("describe select * from empty_source").fetchall()
    finally:
        connection.unregister("empty_source")
    return {name: kind for name, kind, *_ in described}


def _comments(schema: str, source: Source, own: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    table = quoted(schema, source.table)
    said = source.comment if schema == "raw" else f"Rows of raw.{source.table} that came otherwise or not at all later."
    yield f"comment on table {table} is {literal(said)}"
    for name, text in {**source.columns, **{name: text for name, (_, text) in own.items()}}.items():
        yield f"comment on column {table}.{quoted(name)} is {literal(text)}"
