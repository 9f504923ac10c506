"""The user's rules about findings as the lake keeps them, and what is wrong with their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
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
    """What is wrong with a file: `about` is exclusions or the name of a check, `fault` names the place."""

    about: str
    fault: str


def keep(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Exclusion] | Sequence[Fault]) -> bool:
    """Make a meta table hold these rows and no others, and return whether that is news."""
    wanted = sorted((astuple(row) for row in rows), key=repr)
    known = sorted(connection.execute(f"select * from meta.{table}").fetchall(), key=repr)
    if known == wanted:
        return False
    connection.execute(f"delete from meta.{table}")
    if wanted:
        places = ", ".join("?" * len(fields(rows[0])))
        connection.executemany(f"insert into meta.{table} values ({places})", wanted)
    return True
