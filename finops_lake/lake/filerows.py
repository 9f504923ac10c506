"""Rows straight from files into raw tables: one pass, replaced by month, or refused with file, row and column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from finops_lake.errors import BadFileError, Outcome
from finops_lake.filerows import FilePart, FileRows
from finops_lake.lake.filefaults import ODD_MONTH, explaining, named
from finops_lake.lake.filesql import alike, amount_fields, expressions, is_inexact, reading
from finops_lake.lake.load import kept_table
from finops_lake.lake.names import literal, quoted
from finops_lake.lake.remember import reconcile
from finops_lake.source import Chunk, ChunkResult, Source

_STAGED = "staged_file_rows"
FIRST_YEAR, LAST_YEAR = 1990, 2100
NUMBERS = (LAST_YEAR - FIRST_YEAR + 1) * 12
"""Load numbers one call may use: one for each month a row can lie in, so that a single pass can hand them out."""

_TELLING = ("charge_type", "pricing_model", "reservation_id", "cost_in_billing_currency")
_IS_COMMITTED = "(lower({pricing_model}) in ('reservation', 'savingsplan') or {reservation_id} is not null)"
_AMORTIZED_SIGN = (
    "lower({charge_type}) in ('unusedreservation', 'unusedsavingsplan') or (lower({charge_type}) = 'usage'"
    f" and {_IS_COMMITTED} and {{cost_in_billing_currency}} <> 0)"
)
_ACTUAL_SIGN = f"lower({{charge_type}}) = 'purchase' and {{cost_in_billing_currency}} <> 0 and {_IS_COMMITTED}"


@dataclass(frozen=True)
class Taken:
    """A chunk that came out of files: its number in `meta.loads` and its rows."""

    chunk: Chunk
    load_id: int
    row_count: int
    changed: bool = True


def take(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    rows: FileRows,
    held: Collection[date],
    base: int,
    loaded_at: datetime,
    *,
    exact: bool,
) -> list[Taken]:
    """Replace what the lake holds of this export (or location) by the rows; inside the caller's transaction.

    `held` are the months it holds; one that the rows are about and no longer have becomes empty. Numbers are given
    from `base`. Raises RoundingError where `exact` forbids what is needed, and BadFileError where something cannot
    be read; roll back then.
    """
    about = _months_about(rows, held)
    direct = not (about & set(held)) if rows.month else not held
    into = quoted("raw", source.table) if direct else _staged(connection, source)
    for parts in alike(rows.parts):
        _insert(connection, source, rows, parts, base, loaded_at, exact, into)
    counts = dict.fromkeys(about, 0) | _months_found(connection, base, into)
    changes = (
        {} if direct else _moved(connection, source, rows, [month for month in counts if month in held], loaded_at)
    )
    return [
        Taken(
            Chunk(rows.table, rows.scope_id, month, rows.metric),
            base + _offset(rows, month),
            count,
            changes.get(month, True),
        )
        for month, count in sorted(counts.items())
    ]


def _staged(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    """Return an empty temporary table like the raw one, for rows that are to be compared with what is held."""
    connection.execute(f"create or replace temp table {_STAGED} as from {quoted('raw', source.table)} limit 0")
    return f"temp.{_STAGED}"


def _moved(
    connection: duckdb.DuckDBPyConnection, source: Source, rows: FileRows, held: Sequence[date], now: datetime
) -> dict[date, bool]:
    """Bring the staged rows into the raw table: new months as they are, held ones by what changed; tell which did."""
    months = ", ".join(f"date {literal(str(month))}" for month in held) or "null"
    connection.execute(
        f"insert into {quoted('raw', source.table)} by name from temp.{_STAGED}"
        f" where coalesce(_month not in ({months}), true)"
    )
    changes: dict[date, bool] = {}
    if held:
        pieces = [(rows.scope_id, month, rows.metric) for month in held]
        found = reconcile(connection, kept_table(source), f"temp.{_STAGED}", pieces, now)
        changes = {month: bool(change) for month, change in zip(held, found, strict=True)}
    connection.execute(f"drop table temp.{_STAGED}")
    return changes


def result_of(taken: Taken, rows: FileRows, finished_at: datetime, inexact: int) -> ChunkResult:
    """Return the row of `meta.loads` of a chunk; `inexact` counts the rounded amounts of all its files."""
    return ChunkResult(
        taken.chunk,
        Outcome.LOADED,
        rows.started_at,
        finished_at,
        complete=True,
        row_count=taken.row_count,
        inexact_amounts=inexact,
        changed=taken.changed,
    )


def count_inexact(connection: duckdb.DuckDBPyConnection, source: Source, rows: FileRows) -> int:
    """Return how many amounts of these files have more than 24 decimals (a pass of its own over them)."""
    total = 0
    for parts in alike(rows.parts):
        fields = amount_fields(source, parts[0])
        if fields:
            counts = " + ".join(f"count(*) filter (where {is_inexact(field)})" for field in fields)
            ((count,),) = connection.execute(f"select {counts} from {reading(parts)}").fetchall()
            total += count
    return total


def months_in(connection: duckdb.DuckDBPyConnection, source: Source, part: FilePart, dated_by: str) -> set[date]:
    """Return the months of a file's rows; reads the whole file once, so that damage is found here, too."""
    with explaining(connection, source, [part], dated_by):
        day = expressions(source, part, exact=False)[dated_by]
        month = f"cast(date_trunc('month', {day}) as date)"
        rows = connection.execute(f"select distinct {month}, {_months_since(month)} from {reading([part])}").fetchall()
    return {month for month, _ in rows}


def metric_in(connection: duckdb.DuckDBPyConnection, source: Source, parts: Sequence[FilePart]) -> str | None:
    """Return which reading usage-detail lines are, by what only one of them has; None where nothing tells.

    Amortized: unused commitments, or usage that a commitment covers at a cost. Actual: a commitment's purchase.
    """
    verdicts = set()
    for group in alike(parts):
        columns = dict.fromkeys(_TELLING, "null") | expressions(source, group[0], exact=False)
        told = {name: f"({columns[name]})" for name in _TELLING}
        signs = ", ".join(f"bool_or({sign.format(**told)})" for sign in (_AMORTIZED_SIGN, _ACTUAL_SIGN))
        with explaining(connection, source, group):
            ((is_amortized, is_actual),) = connection.execute(f"select {signs} from {reading(group)}").fetchall()
        verdicts |= {"AmortizedCost"} if is_amortized else {"ActualCost"} if is_actual else set()
    return "AmortizedCost" if "AmortizedCost" in verdicts else next(iter(verdicts), None)


def _months_about(rows: FileRows, held: Collection[date]) -> set[date]:
    if rows.month:
        return {rows.month}
    return {month for month in held if rows.months and rows.months[0] <= month <= rows.months[1]}


def _insert(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    rows: FileRows,
    parts: Sequence[FilePart],
    base: int,
    loaded_at: datetime,
    exact: bool,
    into: str,
) -> None:
    columns = expressions(source, parts[0], exact=exact)
    month = _month_of(columns, rows)
    number = str(base) if rows.month else f"{base} + {_months_since(month)}"
    own = {
        "_scope_id": literal(rows.scope_id),
        "_month": month,
        "_metric": literal(rows.metric) if rows.metric else "null::varchar",
        "_load_id": number,
        "_loaded_at": f"timestamptz {literal(loaded_at.isoformat())}",
    }
    listed = ", ".join(f"{sql} as {quoted(name)}" for name, sql in {**columns, **own}.items())
    with explaining(connection, source, parts, rows.dated_by or ""):
        ((found,),) = connection.execute(f"insert into {into} by name select {listed} from {reading(parts)}").fetchall()
    promised = [part.rows for part in parts if part.rows is not None]
    if len(promised) == len(parts) and sum(promised) != found:
        raise BadFileError(f"{named(parts)}: {found:,} rows were found where the manifest promises {sum(promised):,}.")


def _month_of(columns: Mapping[str, str], rows: FileRows) -> str:
    if rows.month:
        return f"date {literal(str(rows.month))}"
    own = f"cast(date_trunc('month', {columns[rows.dated_by or '']}) as date)"
    if rows.months is None:
        return own
    first, last = (f"date {literal(str(month))}" for month in rows.months)
    return f"least(greatest({own}, {first}), {last})"


def _offset(rows: FileRows, month: date) -> int:
    return 0 if rows.month else (month.year - FIRST_YEAR) * 12 + month.month - 1


def _months_since(month: str) -> str:
    """Return the SQL of the months since the first year; an error where there is no month, or one that is absurd."""
    is_sane = f"year({month}) between {FIRST_YEAR} and {LAST_YEAR}"
    absurd = f"error('{ODD_MONTH}' || coalesce(cast({month} as varchar), ''))"
    return f"case when {is_sane} then (year({month}) - {FIRST_YEAR}) * 12 + month({month}) - 1 else {absurd} end"


def _months_found(connection: duckdb.DuckDBPyConnection, base: int, into: str) -> dict[date, int]:
    return dict(
        connection.execute(f"select _month, count(*) from {into} where _load_id >= ? group by all", [base]).fetchall()
    )
