"""Which virtual tags the lake knows: the columns that allocation.toml gave marts.charges_virtual."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from finops_lake.answers.dimensions import VIRTUAL, dimension_of
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

VIRTUAL_SQL = """select replace(column_name, 'x_virtual_', '') from duckdb_columns()
where schema_name = 'marts' and table_name = 'charges_virtual' and column_name like 'x\\_virtual\\_%' escape '\\'
order by column_index"""


def named_virtual(dimensions: Iterable[str]) -> list[str]:
    """Return the names of the virtual tags among dimensions, without `virtual:`."""
    names = [dimension_of(name).name for name in dimensions]
    return [name.removeprefix(VIRTUAL) for name in names if name.startswith(VIRTUAL)]


def check_virtual(lake: LakeReader, names: Iterable[str], field: str = "group_by") -> None:
    """Raise InputError for a virtual tag that the lake does not have, naming the nearest."""
    wanted = list(names)
    known = [row[0] for row in lake.query(VIRTUAL_SQL).rows] if wanted else []
    for name in wanted:
        if name not in known:
            raise InputError(field, f"{VIRTUAL}{name}", _allowed(known, name))


def refuse_virtual(dimensions: Iterable[str], field: str = "group_by") -> None:
    """Raise InputError for any virtual tag: they are told by get_cost and by SQL over marts.charges_virtual."""
    for name in named_virtual(dimensions):
        raise InputError(
            field, f"{VIRTUAL}{name}", "virtual tags work in get_cost, and in SQL on marts.charges_virtual"
        )


def _allowed(known: list[str], name: str) -> str:
    if not known:
        return "the lake has no virtual tag: write them into allocation.toml in the home, then refresh"
    near = get_close_matches(name, known, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}there are {', '.join(known)}"
