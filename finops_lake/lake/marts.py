"""Which stored marts lie above which raw tables, and which pieces of them a load makes stale."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

import duckdb

from finops_lake.lake import stored
from finops_lake.lake.confirmed import CANDIDATES
from finops_lake.lake.connection import memory_of
from finops_lake.lake.freshness import mentioned
from finops_lake.lake.sqlfiles import SqlFile, text_of
from finops_lake.source import ChunkResult


class Marts:
    """The stored marts of an open lake, in the order in which they are built."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, files: Sequence[SqlFile]) -> None:
        self._files = by_name = {file.view: file for file in files}
        rows = connection.execute("select view_name, table_name from meta.lineage order by rowid").fetchall()
        found = [(by_name[view], table) for view, table in rows if view in by_name and by_name[view].is_stored]
        self._marts = {mart.view: mart for mart, _ in found}
        self._above: dict[str, list[SqlFile]] = {}
        self._beneath: dict[str, list[str]] = {}
        for mart, table in found:
            self._above.setdefault(table, []).append(mart)
            self._beneath.setdefault(mart.view, []).append(table)

    @property
    def judge_sources(self) -> bool:
        """Return whether one of them says which source of cost counts."""
        return CANDIDATES in self._marts

    def mark_months(self, connection: duckdb.DuckDBPyConnection, results: Iterable[ChunkResult]) -> None:
        """Have the pieces above these months rebuilt."""
        stored.mark(
            connection,
            [
                (mart, result.chunk.scope_id, result.chunk.month)
                for result in results
                if result.chunk.month is not None
                for mart in self._above.get(result.chunk.table, [])
            ],
        )

    def mark_all(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Have everything above these raw tables rebuilt."""
        above = {mart.view: mart for table in tables for mart in self._above.get(table, [])}
        stored.mark_all(connection, [(mart, self._beneath[name]) for name, mart in above.items()])

    def mark_candidates(self, connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> None:
        """Have the candidates of these months rebuilt with what is stored above all scopes."""
        beneath = set(self._beneath[CANDIDATES])
        above = [
            mart
            for name, mart in self._marts.items()
            if "x_scope_id" not in mart.partition and not beneath.isdisjoint(self._beneath[name])
        ]
        stored.mark(connection, [(mart, "", month) for mart in above for month in months])

    def read_by(self, sql: str) -> frozenset[str]:
        """Return the stored marts that a statement draws on, by whichever views and macros."""
        waiting, found = [*mentioned(sql)], set[str]()
        while waiting:
            name = waiting.pop()
            if name in self._files and name not in found:
                found.add(name)
                waiting += mentioned(text_of(self._files[name]))
        return frozenset(found & self._marts.keys())

    def rebuild(
        self,
        connection: duckdb.DuckDBPyConnection,
        now: datetime,
        more_memory: str,
        *,
        months: Collection[date] | None = None,
        only: Collection[str] | None = None,
    ) -> None:
        """Rebuild what is marked (of these months and marts only, where they are given).

        A month of a million lines needs more memory than others, and gets it then.
        """
        marts = {name: mart for name, mart in self._marts.items() if only is None or name in only}
        try:
            stored.rebuild_stale(connection, marts, now, months)
        except duckdb.OutOfMemoryException:
            with memory_of(connection, more_memory):
                stored.rebuild_stale(connection, marts, now, months)
