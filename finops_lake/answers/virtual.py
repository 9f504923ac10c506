"""Which virtual tags the lake knows: the rules that allocation.toml gave it at its last publication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from finops_lake.answers.dimensions import VIRTUAL, Dimension, dimension_of
from finops_lake.answers.filters import Resolve
from finops_lake.answers.sqltext import literal
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

KNOWN_SQL = "select true from duckdb_views() where schema_name = 'marts' and view_name = 'virtual_tag_rules'"
RULES_SQL = "select virtual_tag, condition, tag_value from marts.virtual_tag_rules order by virtual_tag, place"


def named_virtual(dimensions: Iterable[str]) -> list[str]:
    """Return the names of the virtual tags among dimensions, without `virtual:`."""
    names = [dimension_of(name).name for name in dimensions]
    return [name.removeprefix(VIRTUAL) for name in names if name.startswith(VIRTUAL)]


def check_virtual(lake: LakeReader, names: Iterable[str], field: str = "group_by") -> None:
    """Raise InputError for a virtual tag that the lake does not have, naming the nearest."""
    wanted = list(names)
    known = list(virtual_values(lake)) if wanted else []
    for name in wanted:
        if name not in known:
            raise InputError(field, f"{VIRTUAL}{name}", _allowed(known, name))


def virtual_values(lake: LakeReader) -> Mapping[str, str]:
    """Return the SQL of each virtual tag's value over charges, by its name."""
    if not lake.recall(KNOWN_SQL).rows:
        return {}
    cases: dict[str, list[str]] = {}
    for name, condition, value in lake.recall(RULES_SQL).rows:
        cases.setdefault(name, []).append(f"when {condition} then {literal(value)}")
    return {name: f"case {' '.join(found)} end" for name, found in cases.items()}


def resolver(lake: LakeReader) -> Resolve:
    """Return what finds dimensions for macros over charges, in which a virtual tag stands as its rules."""

    def resolve(name: str, field: str) -> Dimension:
        dimension = dimension_of(name, field)
        if not dimension.name.startswith(VIRTUAL):
            return dimension
        tag, values = dimension.name.removeprefix(VIRTUAL), virtual_values(lake)
        if tag not in values:
            raise InputError(field, dimension.name, _allowed(list(values), tag))
        value = values[tag]
        return replace(dimension, columns={dimension.name: value}, compared=(value,))

    return resolve


def _allowed(known: list[str], name: str) -> str:
    if not known:
        return "the lake has no virtual tag: write them into allocation.toml in the home, then refresh"
    near = get_close_matches(name, known, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}there are {', '.join(known)}"
