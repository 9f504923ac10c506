"""Rows straight from files into raw tables: one pass, replaced by month, or refused with file, row and column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from finops_lake.errors import BadFileError, Outcome
from finops_lake.filerows import FilePart, FileRows
from finops_lake.lake.filefaults import explaining, named
from finops_lake.lake.filesql import alike, amount_fields, expressions, is_inexact, reading
from finops_lake.lake.names import literal, quoted
from finops_lake.source import Chunk, ChunkResult, Source

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
    counts = dict.fromkeys(_months_about(rows, held), 0)
    for parts in alike(rows.parts):
        _insert(connection, source, rows, parts, base, loaded_at, exact)
    counts |= _months_found(connection, source, rows, base)
    _delete_replaced(connection, source, rows, [month for month in counts if month in held], base)
    return [
        Taken(Chunk(rows.table, rows.scope_id, month, rows.metric), base + _offset(rows, month), count)
        for month, count in sorted(counts.items())
    ]


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
    with explaining(connection, source, [part]):
        day = expressions(source, part, exact=False)[dated_by]
        rows = connection.execute(
            f"select distinct cast(date_trunc('month', {day}) as date) from {reading([part])}"
        ).fetchall()
    return _sane({month for (month,) in rows}, [part], dated_by)


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
) -> None:
    columns = expressions(source, parts[0], exact=exact)
    month = _month_of(columns, rows)
    number = str(base) if rows.month else f"{base} + (year({month}) - {FIRST_YEAR}) * 12 + month({month}) - 1"
    own = {
        "_scope_id": literal(rows.scope_id),
        "_month": month,
        "_metric": literal(rows.metric) if rows.metric else "null::varchar",
        "_load_id": number,
        "_loaded_at": f"timestamptz {literal(loaded_at.isoformat())}",
    }
    listed = ", ".join(f"{sql} as {quoted(name)}" for name, sql in {**columns, **own}.items())
    with explaining(connection, source, parts):
        ((found,),) = connection.execute(
            f"insert into {quoted('raw', source.table)} by name select {listed} from {reading(parts)}"
        ).fetchall()
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


def _months_found(connection: duckdb.DuckDBPyConnection, source: Source, rows: FileRows, base: int) -> dict[date, int]:
    found = dict(
        connection.execute(
            f"select _month, count(*) from {quoted('raw', source.table)} where _load_id >= ? or _load_id is null"
            " group by all",
            [base],
        ).fetchall()
    )
    _sane(set(found), rows.parts, rows.dated_by or "")
    return found


def _sane(months: set[date | None], parts: Sequence[FilePart], dated_by: str) -> set[date]:
    sane = {month for month in months if month is not None and FIRST_YEAR <= month.year <= LAST_YEAR}
    for month in months - sane:
        fault = (
            f"{dated_by} lies in the year {month.year}, which cannot be right" if month else f"a row has no {dated_by}"
        )
        raise BadFileError(f"{named(parts)}: {fault}.")
    return sane


def _delete_replaced(
    connection: duckdb.DuckDBPyConnection, source: Source, rows: FileRows, months: Sequence[date], base: int
) -> None:
    if months:
        places = ", ".join("?" * len(months))
        connection.execute(
            f"delete from {quoted('raw', source.table)} where _scope_id = ? and _metric is not distinct from ?"
            f" and _month in ({places}) and _load_id < ?",
            [rows.scope_id, rows.metric, *months, base],
        )
