"""Which raw tables lie beneath a view, so that their age is the age of its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

Reads = Mapping[str, frozenset[str]]
"""What each view reads directly, all names with their schema; raw and meta tables read nothing."""


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
