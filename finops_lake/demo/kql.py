"""The part of Resource Graph's query language that the simulator understands; anything else is a parser failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_WHERE = re.compile(r"where (?P<path>[\w.]+) (?P<verb>in~|=~|==) (?P<value>\(.*\)|'[^']*')$", re.DOTALL)
_TEXT = re.compile(r"'([^']*)'")


class ParserError(Exception):
    """The query is not one that is understood here."""


def run(query: str, rows_of: Callable[[str], Iterable[Row]]) -> list[dict[str, Any]]:
    """Return the rows of `<table> | where ... | project ... | order by id asc`.

    `rows_of` gives the rows of a table by its name (lower case), or raises KeyError.
    """
    table, *steps = (part.strip() for part in query.split("|"))
    tests: list[Test] = []
    columns: list[str] | None = None
    for step in steps:
        if step.startswith("where "):
            tests.append(_test(step))
        elif step.startswith("project "):
            columns = [name.strip() for name in step.removeprefix("project ").split(",")]
        elif step != "order by id asc":
            raise ParserError(f"Query is invalid: '{step.split()[0] if step else ''}' is not understood.")
    try:
        rows = [row for row in rows_of(table.lower()) if all(test(row) for test in tests)]
    except KeyError as error:
        raise ParserError(f"Table {table} is not known.") from error
    rows.sort(key=lambda row: str(row["id"]).lower())
    return [dict(row) if columns is None else {name: row.get(name) for name in columns} for row in rows]


def _test(step: str) -> Test:
    found = _WHERE.match(step)
    if found is None:
        raise ParserError(f"Query is invalid near '{step}'.")
    path = found["path"].split(".")
    folds = found["verb"] != "=="
    wanted = {text.lower() if folds else text for text in _TEXT.findall(found["value"])}

    def test(row: Row) -> bool:
        value: Any = row
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return (str(value).lower() if folds else str(value)) in wanted

    return test
