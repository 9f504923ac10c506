"""Which marts there are, and what their columns mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from finops_lake.errors import InputError
from finops_lake.lake.names import PARTS_OF_OTHERS
from finops_lake.lake.reader import LakeReader

MARTS_SQL = f"""select table_name from information_schema.tables
where table_schema = 'marts'
    and 'marts.' || table_name not in {PARTS_OF_OTHERS}
order by table_name"""

COLUMNS_SQL = """select table_name, column_name, comment from duckdb_columns()
where schema_name = 'marts' order by table_name, column_index"""

COMMENTS_SQL = """select view_name as name, comment from duckdb_views() where schema_name = 'marts'
union all
select table_name as name, comment from duckdb_tables() where schema_name = 'marts'"""


@dataclass(frozen=True)
class Mart:
    """A mart: its name without the schema, what it holds, and its columns with what they mean."""

    name: str
    comment: str
    columns: Mapping[str, str]

    @property
    def has_months(self) -> bool:
        """Whether its rows belong to a calendar month each."""
        return "billing_month" in self.columns


def marts_of(lake: LakeReader) -> list[Mart]:
    """Return every mart of the lake, by name."""
    comments = dict(lake.query(COMMENTS_SQL).rows)
    columns: dict[str, dict[str, str]] = {}
    for mart, column, comment in lake.query(COLUMNS_SQL).rows:
        columns.setdefault(mart, {})[column] = comment or ""
    return [Mart(name, comments.get(name) or "", columns[name]) for (name,) in lake.query(MARTS_SQL).rows]


def select_marts(known: Sequence[Mart], wanted: Iterable[str]) -> list[Mart]:
    """Return the marts of these names (with or without "marts."), all where none is named.

    Raises InputError naming the nearest one for a name that there is not.
    """
    by_name = {mart.name: mart for mart in known}
    chosen: dict[str, Mart] = {}
    for word in wanted:
        name = word.strip().lower().removeprefix("marts.")
        if name not in by_name:
            near = get_close_matches(name, by_name, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError("mart", word, f"{hint}there are {', '.join(by_name)}")
        chosen[name] = by_name[name]
    return list(chosen.values()) or list(known)
