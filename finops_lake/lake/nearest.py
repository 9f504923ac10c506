"""What somebody probably meant by a table or column that the lake does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from finops_lake.lake.references import names_read

if TYPE_CHECKING:
    import duckdb

SHOWN = 5
_CLOSE = 0.6
_SCHEMAS = ("marts", "audits", "meta", "charges", "staging", "raw")
"""In the order in which their tables are suggested; `main` only repeats marts and audits."""

_TABLE = re.compile(r'Table with name "?([^"\s]+?)"? does not exist')
_COLUMN = re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"')
_CANDIDATES = re.compile(r"Candidate functions:(.*)", re.DOTALL)

AZURE_WORDS: Mapping[str, tuple[str, ...]] = {
    "cost": ("billed_cost", "effective_cost"),
    "pretaxcost": ("billed_cost",),
    "costinbillingcurrency": ("billed_cost",),
    "amortized_cost": ("effective_cost",),
    "currency": ("billing_currency",),
    "date": ("charge_period_start",),
    "usage_date": ("charge_period_start",),
    "day": ("charge_period_start",),
    "month": ("billing_month",),
    "subscription": ("sub_account_name", "sub_account_id"),
    "subscription_name": ("sub_account_name",),
    "subscription_id": ("sub_account_id",),
    "resource_group": ("x_resource_group_name",),
    "resource_group_name": ("x_resource_group_name",),
    "service": ("service_name",),
    "meter_category": ("x_meter_category", "service_name"),
    "location": ("region_id", "region_name"),
    "region": ("region_id", "region_name"),
    "tag": ("tags", "tag_key"),
}
"""Words of Azure's bills and portals, and the FOCUS columns that mean the same."""

BILL_WORDS = frozenset(("cost", "costs", "usage", "usage_details", "billing", "focus", "cost_and_usage", "spend"))
"""Names of tables that people expect to hold the bill's lines."""


def name_hint(connection: duckdb.DuckDBPyConnection, message: str, sql: str) -> str | None:
    """Return what was wrong with a name in `sql` and the nearest right ones; None where no name is at fault."""
    found = _TABLE.search(message)
    if found:
        return _table_hint(connection, found[1])
    column = missed_column(message)
    if column:
        return _column_hint(connection, column, sql)
    found = _CANDIDATES.search(message)
    return _function_hint(message[: found.start()], found[1]) if found else None


def missed_column(message: str) -> str | None:
    """Return the column that DuckDB misses by its message; None where it misses none."""
    found = _COLUMN.search(message)
    return (found[1] or found[2]) if found else None


def _table_hint(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    tables = [f"{schema}.{table}" for schema, table in _tables(connection)]
    word = name.lower().rpartition(".")[2]
    near = ["marts.charges"] if word in BILL_WORDS else []
    near += nearest(word, {table: table.rpartition(".")[2] for table in tables if table not in near})
    meant = f" Did you mean {_listed(near)}?" if near else ""
    return f"There is no table or view {name!r}.{meant} SHOW ALL TABLES lists what there is."


def _column_hint(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> str:
    columns = _columns(connection)
    read = _read(connection, sql, columns)
    known = {column: column for table in read for column in columns[table]}
    near = [word for word in AZURE_WORDS.get(name.lower().replace(" ", "_"), ()) if word in known]
    near += [column for column in nearest(name, known) if column not in near]
    where = f" in {_listed(read)}" if read else ""
    text = f"There is no column {name!r}{where}."
    if near:
        text += f" Did you mean {_listed(near[:SHOWN])}?"
    elsewhere = [table for table in columns if name.lower() in columns[table] and table not in read]
    if elsewhere:
        text += f" {_listed(elsewhere[:SHOWN], 'and')} {'has' if len(elsewhere) == 1 else 'have'} such a column."
    return f"{text} DESCRIBE {read[0] if read else 'marts.charges'} lists its columns."


def _function_hint(text: str, candidates: str) -> str:
    listed = [" ".join(line.split()) for line in candidates.splitlines() if line.strip()]
    kept = listed[:SHOWN]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return f"{' '.join(text.split())} It takes: {'; '.join(kept)}{more}."


def nearest(word: str, names: Mapping[str, str]) -> list[str]:
    """Return the keys whose value is most like `word`, best first: spelled nearly so, or with a part in common."""
    wanted = word.lower()
    scored = [(_likeness(wanted, text), name) for name, text in names.items()]
    return [name for score, name in sorted(scored, key=lambda item: -item[0]) if score >= _CLOSE][:SHOWN]


def _likeness(word: str, name: str) -> float:
    parts, wanted = set(name.split("_")), set(word.split("_"))
    shared = len(parts & wanted) / max(len(wanted), 1)
    inside = 0.7 if len(word) > 3 and word in name else 0.0
    return max(SequenceMatcher(None, word, name).ratio(), inside, 0.65 * shared + 0.2 * shared / len(parts))


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    rows = connection.execute(
        "select schema_name, view_name from duckdb_views() where not internal"
        " union select schema_name, table_name from duckdb_tables() where not internal"
    ).fetchall()
    order = {schema: place for place, schema in enumerate(_SCHEMAS)}
    return sorted((row for row in rows if row[0] in order), key=lambda row: (order[row[0]], row[1]))


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = connection.execute(
        "select schema_name, table_name, lower(column_name) from duckdb_columns() where not internal"
    ).fetchall()
    found: dict[str, list[str]] = {f"{schema}.{table}": [] for schema, table in _tables(connection)}
    for schema, table, column in rows:
        if f"{schema}.{table}" in found:
            found[f"{schema}.{table}"].append(column)
    return found


def _read(connection: duckdb.DuckDBPyConnection, sql: str, known: Iterable[str]) -> list[str]:
    """Return the tables that `sql` reads, each with its schema."""
    tables = list(known)
    read = []
    for name in names_read(connection, sql):
        read += [table for table in tables if table == name or table.rpartition(".")[2] == name][:1]
    return read


def _listed(names: Sequence[str], last: str = "or") -> str:
    return ", ".join(names[:-1]) + f" {last} {names[-1]}" if len(names) > 1 else names[0]
