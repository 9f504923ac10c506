"""`finops-lake sql`: any question, as one SELECT."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_lake.commands import cells
from finops_lake.commands.common import app_of
from finops_lake.commands.interruption import interruptible
from finops_lake.commands.machine import as_objects, print_csv, print_json
from finops_lake.commands.tables import print_rows
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import say
from finops_lake.errors import InputError

if TYPE_CHECKING:
    from finops_lake.lake.results import Result

TABLE_ROWS = 1000
"""Rows of a table on the screen, unless --max-rows says otherwise; JSON and CSV hold all."""


@click.command("sql", short_help="Any question, as one SELECT.")
@click.argument("query", required=False)
@click.option("--file", "file", type=click.Path(path_type=Path), help="Read the query from a file.")
@click.option(
    "--max-rows",
    type=click.IntRange(1),
    metavar="N",
    help=f"Rows to print at most. Default: {TABLE_ROWS} in a table, all in JSON and CSV.",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Stop it after so long."
)
@click.option("--csv", "style", flag_value="csv", default=None, help="Print plain rows as CSV.")
@click.option("--json", "style", flag_value="json", default=None, help="Print an array of objects, decimals as text.")
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    query: str | None,
    file: Path | None,
    max_rows: int | None,
    timeout: float | None,
    style: str | None,
) -> None:
    """Run one SELECT over the lake, read-only; QUERY - reads it from stdin.

    SHOW ALL TABLES lists what there is, DESCRIBE marts.charges its columns.
    """
    text = _query(query, file)
    limit = TABLE_ROWS if max_rows is None and style is None else max_rows
    lake = app_of(context).lake
    result = interruptible(lambda: lake.query_user_sql(text, max_rows=limit, timeout=timeout))
    columns = [column.name for column in result.columns]
    if style == "json":
        print_json(as_objects(columns, result.rows))
    elif style == "csv":
        print_csv(columns, result.rows)
    else:
        print_result(columns, result)
    if result.truncated:
        say(f"Only the first {limit} rows are shown; --max-rows changes that.")


def print_result(columns: list[str], result: Result) -> None:
    """Print any result as a table, numbers to the right."""
    if not columns:
        return
    right = [
        all(isinstance(row[place], (int, float, Decimal)) or row[place] is None for row in result.rows)
        for place in range(len(columns))
    ]
    print_rows(columns, [[cells.text(value) for value in row] for row in result.rows], right)
    say(f"{len(result.rows)} row{'' if len(result.rows) == 1 else 's'}")


def _query(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise click.UsageError("Give a QUERY (- reads it from stdin), or --file.")
    if file is None:
        return sys.stdin.read() if query == "-" else str(query)
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("--file", str(file), f"a readable text file in UTF-8 is needed ({error})") from error
