"""The user's rules about findings as the lake keeps them, and what is wrong with their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date

import duckdb


@dataclass(frozen=True)
class Exclusion:
    """Findings that do not count: `number` is its place in its file, patterns are lower case, `until` the last day.

    `names` says in words what it is about.
    """

    number: int
    reason: str
    until: date | None
    names: str
    check_pattern: str | None = None
    subscription_pattern: str | None = None
    resource_group_pattern: str | None = None
    resource_pattern: str | None = None
    tag_key: str | None = None
    tag_pattern: str | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file: `about` is exclusions or the name of a check, `fault` names the place.

    `found_by` is reading (the file), trying (to make a view of it) or running (it over the rows of the lake).
    """

    about: str
    fault: str
    found_by: str = "reading"


def keep_exclusions(connection: duckdb.DuckDBPyConnection, exclusions: Sequence[Exclusion]) -> bool:
    """Make the lake hold these exclusions and no others, and return whether that is news."""
    return _keep(connection, "exclusions", "true", [astuple(one) for one in exclusions])


def keep_faults(connection: duckdb.DuckDBPyConnection, found_by: str, faults: Sequence[Fault]) -> bool:
    """Make the lake hold these faults of all that were found so, and return whether that is news."""
    return _keep(connection, "rule_faults", f"found_by = '{found_by}'", [astuple(one) for one in faults])


def faults_found_by(connection: duckdb.DuckDBPyConnection, found_by: str) -> list[Fault]:
    """Return the faults that the lake holds of those found so; none where it is older than they are."""
    if not connection.execute("select 1 from duckdb_tables() where table_name = 'rule_faults'").fetchall():
        return []
    rows = connection.execute("select * from meta.rule_faults where found_by = ? order by all", [found_by]).fetchall()
    return [Fault(*row) for row in rows]


def _keep(connection: duckdb.DuckDBPyConnection, table: str, which: str, rows: Sequence[tuple[object, ...]]) -> bool:
    known = connection.execute(f"select * from meta.{table} where {which}").fetchall()
    if sorted(known, key=repr) == sorted(rows, key=repr):
        return False
    connection.execute(f"delete from meta.{table} where {which}")
    if rows:
        connection.executemany(f"insert into meta.{table} values ({', '.join('?' * len(rows[0]))})", rows)
    return True
