"""Tables on stdout: for people on a terminal, and plain and unwrapped in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

PIPE_WIDTH = 100_000

Section = tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]
"""Rows, and the totals below them."""


@dataclass(frozen=True)
class Column:
    """A heading and how its cells stand.

    `keeps` columns are never broken over lines; `spare` ones are left out where the terminal is too narrow.
    """

    heading: str
    right: bool = False
    keeps: bool = False
    spare: bool = False


def amount_column(heading: str) -> Column:
    """Return a column of money or counts."""
    return Column(heading, right=True, keeps=True)


def console_of(stream: TextIO) -> Console:
    """Return a console that colours on a terminal only, and breaks no line in a pipe."""
    from rich.console import Console

    is_terminal = stream.isatty()
    return Console(
        file=stream,
        force_terminal=is_terminal,
        width=None if is_terminal else PIPE_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def print_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    title: str | None = None,
    totals: Sequence[Sequence[str]] = (),
) -> None:
    """Print a table on stdout, the totals set apart at its end."""
    print_sections(columns, [(rows, totals)], title=title)


def print_sections(
    columns: Sequence[Column],
    sections: Sequence[Section],
    *,
    title: str | None = None,
) -> None:
    """Print a table of several sections, each with its rows and totals."""
    shown = list(range(len(columns)))
    while True:
        table = _sectioned(
            [columns[place] for place in shown], [_chosen(section, shown) for section in sections], title
        )
        spare = [place for place in shown if columns[place].spare]
        if not spare or _fits(table):
            break
        shown.remove(spare[-1])
    _print(table)


def _chosen(section: Section, places: Sequence[int]) -> Section:
    rows, totals = section
    return [[row[place] for place in places] for row in rows], [[row[place] for place in places] for row in totals]


def _sectioned(columns: Sequence[Column], sections: Sequence[Section], title: str | None) -> Table:
    table = _table(columns, title)
    for number, (rows, totals) in enumerate(sections):
        for row in rows:
            table.add_row(*_cells(row))
        if totals and len(sections) == 1:
            table.add_section()
        for row in totals:
            table.add_row(*_cells(row), style="bold")
        if number < len(sections) - 1:
            table.add_section()
    return table


def _fits(table: Table) -> bool:
    from rich.measure import Measurement

    console = console_of(sys.stdout)
    return Measurement.get(console, console.options.update(max_width=PIPE_WIDTH), table).maximum <= console.width


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    """Print any rows on stdout: as a table, or one value per line where the terminal is too narrow for that."""
    console = console_of(sys.stdout)
    columns = [Column(heading, side, keeps=True) for heading, side in zip(headings, right, strict=True)]
    table = _table(columns, None)
    for row in rows:
        table.add_row(*_cells(row))
    if _fits(table):
        _print(table)
        return
    widest = max(len(heading) for heading in headings)
    for number, row in enumerate(rows, 1):
        console.print(f"-- row {number}", style="dim")
        for heading, value in zip(headings, row, strict=True):
            console.print(f"{heading:<{widest}}  {value}".rstrip(), soft_wrap=True)


def _table(columns: Sequence[Column], title: str | None) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    for column in columns:
        table.add_column(
            column.heading,
            justify="right" if column.right else "left",
            no_wrap=column.keeps,
            overflow="fold",
        )
    return table


def _cells(row: Sequence[str]) -> list[Text]:
    from rich.text import Text

    return [Text(cell) for cell in row]


def _print(table: Table) -> None:
    console = console_of(sys.stdout)
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
