"""How a file's fields become columns, as SQL: exact, strict, without a float in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from finops_lake.filerows import Field, FilePart
from finops_lake.lake.names import as_pattern, literal, quoted
from finops_lake.source import AMOUNT_PRECISION, AMOUNT_SCALE, Source

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 1024 * 1024
"""Bytes of the longest line of a CSV file that is read; beyond it the file is refused, not the memory filled."""

INEXACT = "more than 24 decimals"
_AMOUNT = f"decimal({AMOUNT_PRECISION}, {AMOUNT_SCALE})"
_SLASHED = "['%m/%d/%y', '%m/%d/%Y', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %I:%M:%S %p']"
_ENDS = ("charge_period_end", "billing_period_end")
"""Exclusive ends that may lie inside a day (hourly rows): the day after the last one touched is meant."""


def reading(parts: Sequence[FilePart]) -> str:
    """Return the table function that reads these parts, which have one form, in the order of their lines."""
    first = parts[0]
    paths = "[" + ", ".join(literal(as_pattern(part.path)) for part in parts) + "]"
    if first.is_parquet:
        return f"read_parquet({paths}, union_by_name = false)"
    columns = ", ".join(f"'c{place}': 'varchar'" for place in range(first.width))
    compression = "gzip" if first.is_gzip else "none"
    return (
        f"read_csv({paths}, columns = {{{columns}}}, auto_detect = false, header = true, strict_mode = true,"
        f" null_padding = false, delim = {literal(first.delimiter)}, quote = '\"', escape = '\"',"
        f" nullstr = ['', 'NULL'], compression = '{compression}', max_line_size = {LONGEST_LINE})"
    )


def alike(parts: Sequence[FilePart]) -> Iterator[list[FilePart]]:
    """Yield the parts in groups that one statement can read, their order kept."""

    def form(part: FilePart) -> tuple[object, ...]:
        return part.is_parquet, part.is_gzip, part.width, part.delimiter, sorted(part.fields.items())

    for _, group in groupby(parts, form):
        yield list(group)


def expressions(source: Source, part: FilePart, *, exact: bool) -> dict[str, str]:
    """Return the SQL of every column that the part has; `exact` refuses amounts that would have to be rounded."""
    kinds = {field.name: field.type for field in source.schema}
    return {
        column: _expression(column, kinds[column], field, exact)
        for column, field in part.fields.items()
        if column in kinds
    }


def tried(source: Source, part: FilePart) -> dict[str, str]:
    """Return, for each column that is not text, the SQL that is null where its value cannot be read."""
    kinds = {field.name: str(field.type) for field in source.schema}
    return {
        column: f"try({sql})"
        for column, sql in expressions(source, part, exact=False).items()
        if kinds[column] != "string"
    }


def amount_fields(source: Source, part: FilePart) -> list[Field]:
    """Return the fields of amounts that may have more decimals than the lake keeps."""
    return [part.fields[name] for name in source.schema.names if _may_be_inexact(source, part, name)]


def is_inexact(field: Field) -> str:
    """Return the condition under which a field's amount has more than 24 decimals."""
    value = f"cast({quoted(field.name)} as varchar)"
    decimals = rf"strlen(regexp_extract({value}, '\.(\d*?)0*([eE]|$)', 1))"
    exponent = f"coalesce(try_cast(regexp_extract({value}, '[eE]([+-]?\\d+)$', 1) as integer), 0)"
    is_zero = f"regexp_matches({value}, '^[-+]?[0.]+([eE].*)?$')"
    return f"({decimals} - {exponent} > {AMOUNT_SCALE} and not {is_zero})"


def _may_be_inexact(source: Source, part: FilePart, name: str) -> bool:
    field = part.fields.get(name)
    is_amount = str(source.schema.field(name).type).startswith("decimal")
    return is_amount and field is not None and field.kind != "whole" and (field.decimals or 99) > AMOUNT_SCALE


def _expression(column: str, kind: pa.DataType, field: Field, exact: bool) -> str:
    name = quoted(field.name)
    wanted = str(kind)
    if wanted.startswith("decimal"):
        return _amount(name, field, exact)
    if wanted.startswith("date"):
        return _day(name, field, column in _ENDS)
    if wanted == "bool":
        return f"cast({name} as boolean)"
    if field.kind == "nested":
        return f"cast(to_json({name}) as varchar)"
    return f"nullif({name}, '')" if field.kind == "text" else f"cast({name} as varchar)"


def _amount(name: str, field: Field, exact: bool) -> str:
    """A binary float goes through its shortest decimal text, which is what was meant by whoever wrote it."""
    if field.kind == "whole" or (field.decimals is not None and field.decimals <= AMOUNT_SCALE):
        return f"cast({name} as {_AMOUNT})"
    value = f"nullif(cast({name} as varchar), '')"
    cast = f"cast({value} as {_AMOUNT})"
    if not exact:
        return cast
    text = f"cast({name} as varchar)"
    is_odd = f"(strlen({text}) > {AMOUNT_SCALE + 1} or contains({text}, 'e-') or contains({text}, 'E-'))"
    return f"case when {is_odd} and {is_inexact(field)} then error('{INEXACT}') else {cast} end"


def _day(name: str, field: Field, is_end: bool) -> str:
    if field.kind == "day":
        return name
    if field.kind == "instant":
        instant = f"cast({name} as timestamp)"
        return _after(instant) if is_end else f"cast({instant} as date)"
    value = f"nullif({name}, '')"
    slashed = f"strptime({value}, {_SLASHED})"
    instant = f"(cast({value} as timestamptz) at time zone 'UTC')"
    written = f"case when contains({name}, '/') then {slashed} else {instant} end"
    if is_end:
        is_day = f"strlen({name}) = 10 and not contains({name}, '/')"
        return f"case when {is_day} then cast({name} as date) else {_after(written)} end"
    plain = f"strlen({name}) in (10, 17, 19, 20) and not contains({name}, '/')"  # UTC or without an offset
    return f"case when {plain} then cast({name} as date) else cast({written} as date) end"


def _after(instant: str) -> str:
    return f"cast({instant} - interval 1 microsecond as date) + 1"
