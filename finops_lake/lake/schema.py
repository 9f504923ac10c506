"""Raw and meta tables: made on first use, upgraded when a source gains a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources

import duckdb

from finops_lake.lake.names import literal, quoted
from finops_lake.source import Source

OWN_COLUMNS = {
    "_scope_id": ("varchar", "ARM scope that was asked, lower-cased; / for the whole sign-in."),
    "_month": (
        "date",
        "First day of the calendar month (UTC) that was asked for; null for tables loaded whole.",
    ),
    "_metric": ("varchar", "The reading that was asked for, where a table has several."),
    "_load_id": ("bigint", "The load in meta.loads that brought the row."),
    "_loaded_at": ("timestamptz", "When the row was loaded (UTC)."),
}
"""What every raw table has beside its source's columns: SQL type and description."""


def create_meta(connection: duckdb.DuckDBPyConnection) -> None:
    """Create schemas and meta tables, as far as they are missing."""
    connection.execute(meta_sql())


def create_raw(connection: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    """Create the raw tables, or add the columns a source has gained; rows loaded before hold null there."""
    existing = _existing_columns(connection)
    for source in sources:
        table = quoted("raw", source.table)
        wanted = {
            **_column_types(connection, source),
            **{name: kind for name, (kind, _) in OWN_COLUMNS.items()},
        }
        present = existing.get(source.table)
        if present is None:
            columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in wanted.items())
            connection.execute(f"create table {table} ({columns})")
        else:
            for name, kind in wanted.items():
                if name not in present:
                    connection.execute(f"alter table {table} add column {quoted(name)} {kind}")
        connection.execute(";\n".join(_comments(source)))
    connection.execute("delete from meta.tables")
    for source in sources:
        row = [source.table, source.comment, source.max_age.total_seconds(), source.monthly]
        connection.execute("insert into meta.tables values (?, ?, ?, ?)", row)


def meta_sql() -> str:
    """Return the statements that create schemas and meta tables where they are missing."""
    return (resources.files("finops_lake.lake") / "meta.sql").read_text(encoding="utf-8")


def source_fingerprint(source: Source) -> str:
    """Return a text that changes whenever the table, its columns or their descriptions change."""
    texts = [source.table, source.comment, str(source.max_age), str(source.monthly), ",".join(source.metrics)]
    texts += [f"{field.name} {field.type} {source.columns.get(field.name)}" for field in source.schema]
    return "\n".join(texts)


def _existing_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    rows = connection.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'raw'"
    ).fetchall()
    columns: dict[str, set[str]] = {}
    for table, column in rows:
        columns.setdefault(table, set()).add(column)
    return columns


def _column_types(connection: duckdb.DuckDBPyConnection, source: Source) -> dict[str, str]:
    connection.register("empty_source", source.schema.empty_table())
    try:
        described = connection.execute("describe select * from empty_source").fetchall()
    finally:
        connection.unregister("empty_source")
    return {name: kind for name, kind, *_ in described}


def _comments(source: Source) -> Iterator[str]:
    table = quoted("raw", source.table)
    yield f"comment on table {table} is {literal(source.comment)}"
    for name, text in {**source.columns, **{name: text for name, (_, text) in OWN_COLUMNS.items()}}.items():
        yield f"comment on column {table}.{quoted(name)} is {literal(text)}"
