"""A CSV file of usage-detail lines, as a table: read in pieces, amounts exact, every fault named with its place."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import ConvertOptions, InvalidRow, ParseOptions, ReadOptions, open_csv

from finops_lake.errors import UnreachableError
from finops_lake.extract.arrow import amounts
from finops_lake.extract.cost_lines import SCHEMA, columns_of

NEEDED = ("date", "cost_in_billing_currency", "billing_currency")
"""Without these a line says nothing of cost."""

BLOCK_BYTES = 4 << 20
_YES, _NO = ["true", "1", "yes"], ["false", "0", "no"]


def read_lines(file: IO[bytes], name: str, *, is_compressed: bool = False) -> Iterator[tuple[pa.Table, int]]:
    """Yield the lines of one file in SCHEMA, some thousands at a time, and how many amounts had more than 24 decimals.

    Columns are found by their header, in any order and spelling; those we do not know are left out. Raises
    UnreachableError, naming the file and the column or line, for a header without the needed columns, a line that
    does not fit it, a value that cannot be read.
    """
    stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if is_compressed else file
    with _named(name):
        headers = _headers(stream, name)
        chosen = columns_of(headers)
        _check_header(chosen, headers, name)
        for batch in _batches(stream, headers, chosen, name):
            columns = {column: _column(batch.column(header), column, name) for column, header in chosen.items()}
            lines = lines_table({column: values for column, (values, _) in columns.items()}, batch.num_rows)
            yield lines, sum(count for _, count in columns.values())


def lines_table(columns: dict[str, pa.Array], count: int) -> pa.Table:
    """Return columns of SCHEMA as a table of `count` lines; what is not among them is null."""
    arrays = [columns[field.name] if field.name in columns else pa.nulls(count, field.type) for field in SCHEMA]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def days(values: pa.Array) -> pa.Array:
    """Return days written as ISO dates or instants, or as MM/DD/YYYY (two-digit years are of this century)."""
    texts = pc.utf8_trim_whitespace(values)
    iso = pc.match_substring_regex(texts, r"^\d{4}-")
    if pc.all(iso, min_count=0).as_py():
        return pc.utf8_slice_codeunits(texts, 0, 10).cast(pa.date32())
    first = pc.list_element(pc.split_pattern(texts, " ", max_splits=1), 0)
    american = pc.replace_substring_regex(first, r"^(\d+)/(\d+)/(\d\d)$", r"\1/\2/20\3")
    american = pc.if_else(iso, pc.strftime(_iso_or_null(texts, iso), format="%m/%d/%Y"), american)
    return pc.strptime(american, format="%m/%d/%Y", unit="s").cast(pa.date32())


def _iso_or_null(texts: pa.Array, iso: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(pc.if_else(iso, texts, None), 0, 10).cast(pa.date32())


def _headers(stream: IO[bytes], name: str) -> list[str]:
    line = stream.readline(1 << 20).decode("utf-8-sig")
    if not line.strip():
        raise UnreachableError(f"{name}: the file is empty, without even a header.")
    return [header.strip() for header in next(csv.reader([line]))]


def _check_header(chosen: dict[str, str], headers: Sequence[str], name: str) -> None:
    missing = [column for column in NEEDED if column not in chosen]
    if missing:
        there = ", ".join(headers)
        raise UnreachableError(
            f"{name}: the header has no column for {', '.join(missing)}; it has {there[:400]}.",
            next_step="A file of another kind may stand in its place; nothing was loaded from it.",
        )


def _batches(stream: IO[bytes], headers: Sequence[str], chosen: dict[str, str], name: str) -> Iterator[pa.RecordBatch]:
    """Yield the lines after the header as text; "" is null. A column named twice is read where it stands first."""
    names = [header if header not in headers[:place] else f"{header}#{place}" for place, header in enumerate(headers)]
    bad: list[InvalidRow] = []

    def refuse(row: InvalidRow) -> str:
        bad.append(row)
        return "error"

    wanted = list(dict.fromkeys(chosen.values()))
    try:
        yield from open_csv(
            stream,
            ReadOptions(column_names=names, block_size=BLOCK_BYTES, use_threads=False),
            ParseOptions(newlines_in_values=True, invalid_row_handler=refuse),
            ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if bad:
            where = f"line {bad[0].number + 1}" if bad[0].number is not None else "a line"
            raise UnreachableError(
                f"{name}: {where} has {bad[0].actual_columns} values for {bad[0].expected_columns} columns; "
                "the file is cut off or damaged."
            ) from None
        if "Empty CSV file" not in str(error):
            raise


def _column(values: pa.Array, column: str, name: str) -> tuple[pa.Array, int]:
    kind = SCHEMA.field(column).type
    with _named(name, column):
        if pa.types.is_decimal(kind):
            return amounts(pc.utf8_trim_whitespace(values))
        if pa.types.is_date(kind):
            return days(values), 0
        if pa.types.is_boolean(kind):
            return flags(values), 0
        return values, 0


def flags(values: pa.Array) -> pa.Array:
    """Return yes and no in Azure's spellings as booleans; null for anything else."""
    lowered = pc.utf8_lower(values)
    is_yes = pc.is_in(lowered, pa.array(_YES))
    return pc.if_else(pc.or_(is_yes, pc.is_in(lowered, pa.array(_NO))), is_yes, None)


@contextmanager
def _named(name: str, column: str | None = None) -> Iterator[None]:
    """Name the file, and the column, of what cannot be read; the line itself is somebody's bill and stays out."""
    try:
        yield
    except (pa.ArrowException, ValueError, ArithmeticError, EOFError, OSError) as error:
        what = f" in column {column}" if column else ""
        raise UnreachableError(f"{name}: a value{what} cannot be read: {_short(error)}") from error


def _short(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]
