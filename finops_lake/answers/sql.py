"""Any question, as one SELECT of the asker's own: its rows, and how old and how complete what it reads is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from finops_lake.answers.answer import Answer, MissingScope, Scopes, to_json
from finops_lake.answers.sqltext import literal
from finops_lake.lake.limits import Stop
from finops_lake.lake.reader import LakeReader

MAX_ROWS = 10_000
MAX_BYTES = 4_000_000
MAX_SQL_LENGTH = 50_000
"""Rows and bytes of values of one result, and characters of one statement."""

TIMEOUT_SECONDS = 20.0
_SAFE_INTEGER = 2**53
"""Above it a JSON number is not exact in every client."""


def answer_sql(
    lake: LakeReader, sql: str, *, now: datetime, timeout: float = TIMEOUT_SECONDS, stop: Stop | None = None
) -> Answer:
    """Return the rows of one SELECT, at most MAX_ROWS and about MAX_BYTES; `truncated`: there are more.

    Nothing is refreshed for it; its notes name the raw tables beneath that are stale at `now` (UTC).
    Nested values are JSON text, integers too large for JSON are text. Raises InputError for anything but one
    SELECT, BadRequestError that names what was probably meant, RetryableError past `timeout` seconds.
    """
    result = lake.query_user_sql(sql, max_rows=MAX_ROWS, max_bytes=MAX_BYTES, timeout=timeout, stop=stop)
    tables = raw_tables(lake, result.reads)
    return Answer(
        columns=tuple(column.name for column in result.columns),
        rows=tuple(tuple(_cell(value) for value in row) for row in result.rows),
        sql=sql.strip(),
        as_of=oldest_load(lake, tables),
        row_count=len(result.rows),
        truncated=result.truncated,
        scopes=scopes_of(lake, tables),
        notes=(*([_cut_note(len(result.rows))] if result.truncated else []), *_stale_notes(lake, tables, now)),
        sections={"types": [column.type for column in result.columns], "is_complete": not result.truncated},
    )


def raw_tables(lake: LakeReader, names: Sequence[str]) -> tuple[str, ...]:
    """Return the raw tables beneath tables and views, which may be named without their schema."""
    full = {name for word in names for name in ((word,) if "." in word else (f"marts.{word}", f"audits.{word}"))}
    if not full:
        return ()
    listed = ", ".join(literal(name) for name in sorted(full))
    rows = lake.recall(
        f"select distinct table_name from meta.lineage where view_name in ({listed})"
        f" union select table_name from meta.tables where 'raw.' || table_name in ({listed}) order by all"
    ).rows
    return tuple(row[0] for row in rows)


def oldest_load(lake: LakeReader, tables: Sequence[str]) -> datetime | None:
    """Return the instant of the oldest load of these raw tables (UTC); None where there is none."""
    if not tables:
        return None
    return min((oldest for table, oldest, _ in _ages(lake) if table in tables and oldest), default=None)


def _ages(lake: LakeReader) -> list[tuple[str, datetime | None, int]]:
    """Return each raw table, its oldest load (UTC) and its maximal age in seconds, by name."""
    sql = "select table_name, oldest_success_at, max_age_seconds from meta.freshness order by table_name"
    return [(table, oldest, age) for table, oldest, age in lake.recall(sql).rows]


def _stale_notes(lake: LakeReader, tables: Sequence[str], now: datetime) -> list[str]:
    """Return a note on raw tables whose oldest scope is older than the table's maximal age."""
    ages = _ages(lake) if tables else []
    stale = ", ".join(
        table for table, oldest, age in ages if table in tables and oldest and oldest + timedelta(seconds=age) < now
    )
    return [f"Older than it should be: {stale}; refresh_lake loads newer figures."] if stale else []


def scopes_of(lake: LakeReader, tables: Sequence[str]) -> Scopes:
    """Return the scopes these raw tables hold, and those that are missing from them with the reason."""
    if not tables:
        return Scopes()
    every = lake.keep("scopes of raw tables", lambda: _scopes_by_table(lake))
    rows = sorted(row for table in tables for row in every.get(table, ()))
    included = dict.fromkeys(row.name for row in rows if row.is_held and row.scope_id != "/")
    missing = [MissingScope(row.scope_id, row.name, *row.why) for row in rows if row.is_missing]
    return Scopes(tuple(included), tuple(missing))


class _Scope(NamedTuple):
    """How well a raw table of a scope could be read; sorted by the name of the scope, then the table."""

    name: str
    table: str
    scope_id: str
    is_held: bool
    is_missing: bool
    why: tuple[str, str, str | None]


def _scopes_by_table(lake: LakeReader) -> dict[str, list[_Scope]]:
    """Return the scopes that are asked for, of every raw table: planning this takes longer than reading all of it."""
    found: dict[str, list[_Scope]] = {}
    for name, table, scope_id, is_held, is_missing, *why in lake.query(
        "select coalesce(subscriptions.sub_account_name, scopes.scope_id) as name, scopes.table_name, scopes.scope_id,"
        " scopes.last_success_at is not null, scopes.outcome <> 'loaded' or scopes.missing_chunks > 0,"
        " scopes.outcome, scopes.table_name || ': ' || coalesce(scopes.reason, 'not complete'), scopes.next_step"
        " from meta.scopes as scopes"
        " left join marts.subscriptions as subscriptions on scopes.scope_id = subscriptions.sub_account_id"
        " where scopes.is_asked"
    ).rows:
        scope = _Scope(name, table, scope_id, is_held, is_missing, (why[0], why[1], why[2]))
        found.setdefault(table, []).append(scope)
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return to_json(value)
    if isinstance(value, int) and abs(value) > _SAFE_INTEGER:
        return str(value)
    return value


def _cut_note(count: int) -> str:
    return (
        f"The result is cut after {count} rows ({MAX_ROWS} rows or {MAX_BYTES // 1_000_000} MB at most);"
        " add a filter or aggregate in SQL for the rest."
    )
