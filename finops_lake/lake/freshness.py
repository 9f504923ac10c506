"""Which raw tables lie beneath a view, so that their age is the age of its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

Reads = Mapping[str, frozenset[str]]
"""What each view reads directly, all names with their schema; raw and meta tables read nothing."""

_NAMED = re.compile(r"\b(staging|charges|marts|meta|audits|history)\.([a-z_][a-z0-9_]*)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def mentioned(sql: str) -> frozenset[str]:
    """Return the views that a statement may read: all that it names, be it in a comment; found without a parser.

    For what is remembered in schema `history` these are the stored marts that it may be the past of.
    """
    found = {(schema.lower(), name.lower()) for schema, name in _NAMED.findall(sql)}
    past = {(schema, name) for place, name in found if place == "history" for schema in ("charges", "marts")}
    return frozenset(f"{schema}.{name}" for schema, name in found | past if schema != "history")


def views_beneath(view: str, reads: Reads) -> frozenset[str]:
    """Return every view that `view` draws from, itself included; stored marts count like any other."""
    found: set[str] = set()
    waiting = [view]
    while waiting:
        name = waiting.pop()
        if name in reads and name not in found:
            found.add(name)
            waiting += reads[name]
    return frozenset(found)


def raw_tables_beneath(view: str, reads: Reads) -> frozenset[str]:
    """Return the raw tables (names without schema) beneath `view`, through any number of other views."""
    direct = (name for inner in views_beneath(view, reads) for name in reads[inner])
    return frozenset(name.removeprefix("raw.") for name in direct if name.startswith("raw."))


def lineage(views: Iterable[str], reads: Reads) -> Iterator[tuple[str, str]]:
    """Yield (view, raw table) for every view and each raw table beneath it."""
    for view in views:
        for table in sorted(raw_tables_beneath(view, reads)):
            yield view, table
