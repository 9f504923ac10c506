"""What is wrong with a file, in words that name it, and the row and column; never the content of a whole line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

import duckdb

from finops_lake.errors import BadFileError
from finops_lake.filerows import FilePart
from finops_lake.lake.filesql import INEXACT, LONGEST_LINE, reading, tried
from finops_lake.lake.names import quoted
from finops_lake.lake.trouble import explanation, is_disk_full
from finops_lake.source import Source

LONGEST_VALUE = 40
"""Letters of a value that are shown."""

ODD_MONTH = "odd month: "
"""How a statement says that a row has no month (nothing follows) or an absurd one."""

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_LINE_FAULTS = {
    "maximum line size": f"is longer than the {LONGEST_LINE:,} bytes that are read",
    "unterminated quote": "has a quoted value that does not end",
    "unicode": "is not in UTF-8",
    "utf-8": "is not in UTF-8",
}


class RoundingError(BadFileError):
    """An amount has more decimals than the lake keeps: the rows have to be counted, then read with rounding."""


def named(parts: Sequence[FilePart]) -> str:
    """Return what the user calls these files."""
    return parts[0].label + (f" and {len(parts) - 1} more files" if len(parts) > 1 else "")


@contextlib.contextmanager
def explaining(
    connection: duckdb.DuckDBPyConnection, source: Source, parts: Sequence[FilePart], dated_by: str = ""
) -> Iterator[None]:
    """Raise what DuckDB cannot read in these files as BadFileError; trouble of the lake's own stays what it is."""
    try:
        yield
    except duckdb.Error as error:
        if INEXACT in str(error):
            raise RoundingError(f"{named(parts)} has amounts with {INEXACT}.") from error
        if ODD_MONTH in str(error):
            month = str(error).partition(ODD_MONTH)[2][:7].strip()
            why = f"{dated_by} lies in {month}, which cannot be right" if month else f"a row has no {dated_by}"
            raise BadFileError(f"{named(parts)}: {why}.") from error
        if is_disk_full(error) or isinstance(error, (duckdb.OutOfMemoryException, duckdb.FatalException)):
            raise
        fault = _line_fault(error, parts) or _first_fault(connection.cursor(), source, parts)
        raise BadFileError(fault or f"{_culprit(error, parts)}: {explanation(str(error))}") from error


def _culprit(error: duckdb.Error, parts: Sequence[FilePart]) -> str:
    return next((part.label for part in parts if part.path.as_posix() in str(error)), named(parts))


def _line_fault(error: duckdb.Error, parts: Sequence[FilePart]) -> str | None:
    """Return which line of a CSV file is broken and how."""
    text = str(error)
    if "full read on this file" in text:  # a line that fills whole buffers
        return f"{_culprit(error, parts)} has a line of more than {LONGEST_LINE:,} bytes."
    line = _LINE.search(text)
    if not line:
        return None
    counts = _COUNTS.search(text)
    if counts:
        fault = f"has {counts[2]} fields where the header has {counts[1]}"
    else:
        fault = next((why for sign, why in _LINE_FAULTS.items() if sign in text.lower()), "is not valid CSV")
    return f"{_culprit(error, parts)}, line {line[1]} {fault}."


def _first_fault(cursor: duckdb.DuckDBPyConnection, source: Source, parts: Sequence[FilePart]) -> str | None:
    """Return the first row and column whose value cannot be read, which takes another pass over the files."""
    for part in parts:
        tries = {column: (quoted(part.fields[column].name), sql) for column, sql in tried(source, part).items()}
        wrong = ", ".join(
            f"min(row) filter (where {name} is not null and cast({name} as varchar) <> '' and {sql} is null)"
            for name, sql in tries.values()
        )
        numbered = f"(select row_number() over () as row, * from {reading([part])})"
        try:
            (rows,) = cursor.execute(f"select {wrong} from {numbered}").fetchall()
            row, column = min((row, column) for row, column in zip(rows, tries, strict=True) if row)
            name, _ = tries[column]
            ((value,),) = cursor.execute(f"select {name}::varchar from {numbered} where row = ?", [row]).fetchall()
        except (duckdb.Error, ValueError):  # not a matter of values, or none in this file
            continue
        shown = repr(value[:LONGEST_VALUE])
        return f"{part.label}, row {row:,} below the header: {part.fields[column].header} is {shown}: not readable."
    return None
