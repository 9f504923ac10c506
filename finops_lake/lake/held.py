"""The chunks that a lake holds, and what the next attempt at each makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import duckdb

from finops_lake.lake import load as loading
from finops_lake.lake.marts import Marts
from finops_lake.lake.remember import Change
from finops_lake.source import Arrived, Chunk, ChunkResult, Source

_HELD_SQL = """select table_name, scope_id, month, metric,
    arg_max(outcome, load_id), arg_max(coalesce(reason, ''), load_id)
from meta.loads group by all having bool_or(row_count is not null)"""
"""The chunks that may have rows, and how the latest attempt at each ended; a new one replaces nothing."""

_Ending = tuple[str, str]
"""How an attempt ended: its outcome and its reason."""


class Held:
    """What the open lake holds of which chunk, kept up to date as chunks are taken; gives each load its number."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        sources: Mapping[str, Source],
        marts: Marts,
        clock: Callable[[], datetime],
    ) -> None:
        self._sources, self._marts, self._clock = sources, marts, clock
        ((self.next_load_id,),) = connection.execute("select coalesce(max(load_id), 0) + 1 from meta.loads").fetchall()
        self._endings: dict[Chunk, _Ending] = {
            Chunk(*row[:4]): (row[4], row[5]) for row in connection.execute(_HELD_SQL).fetchall()
        }

    def months_of(self, table: str, scope_id: str, metric: str | None) -> set[date]:
        """Return the months that are held of a table's scope and metric."""
        return {
            chunk.month
            for chunk in self._endings
            if (chunk.table, chunk.scope_id, chunk.metric) == (table, scope_id, metric) and chunk.month is not None
        }

    def take(
        self, connection: duckdb.DuckDBPyConnection, arrived: Sequence[Arrived], *, note_unchanged: bool = True
    ) -> list[ChunkResult]:
        """Load rows table by table, note every result, mark the stored marts above, and return the results.

        Call it in a transaction. A failed attempt marks, too: marts may tell what is missing from what is zero.
        """
        numbered = list(enumerate(arrived, self.next_load_id))
        self.next_load_id += len(numbered)  # a number whose transaction fails is not given again
        loads: dict[str, list[loading.Load]] = {}
        for number, (result, fetched) in numbered:
            if fetched is not None:
                stamped = loading.Stamped(number, self._clock())
                loads.setdefault(result.chunk.table, []).append(loading.Load(result.chunk, fetched.rows, stamped))
        changes: dict[int, Change] = {}
        listings = []
        for table, some in loads.items():
            found = self._load_table(connection, self._sources[table], some)
            if any(found.values()) and not self._sources[table].monthly:
                listings.append(table)
            changes |= found
        self._marts.mark_all(connection, listings)
        results = {
            number: replace(result, changed=bool(changes.get(number)) or result.chunk not in self._endings)
            for number, (result, _) in numbered
        }
        noted = [(number, one) for number, one in results.items() if note_unchanged or not self._is_confirmed(one)]
        loading.insert_results(connection, noted)
        self._marts.mark_months(connection, [one for _, one in noted if not self._is_confirmed(one)])
        for one in results.values():
            if one.row_count is not None or one.chunk in self._endings:
                self._endings[one.chunk] = _ending(one)
        return list(results.values())

    def note_files(
        self, connection: duckdb.DuckDBPyConnection, numbered: Sequence[tuple[int, ChunkResult]]
    ) -> Sequence[ChunkResult]:
        """Note results of rows that are loaded already, each with its number; call it in the same transaction."""
        results = [one for _, one in numbered]
        if numbered:
            loading.insert_results(connection, numbered)
            self._marts.mark_months(connection, results)
            self.next_load_id = max(number for number, _ in numbered) + 1
        self._endings.update((one.chunk, _ending(one)) for one in results)
        return results

    def _load_table(
        self, connection: duckdb.DuckDBPyConnection, source: Source, loads: Sequence[loading.Load]
    ) -> dict[int, Change]:
        """Insert what is new, reconcile what is held, and return what changed by the number of the load."""
        fresh = [one for one in loads if one.chunk not in self._endings]
        held = [one for one in loads if one.chunk in self._endings]
        changes = {one.stamped.load_id: Change(added=one.rows.num_rows) for one in fresh}
        if fresh:
            loading.insert_rows(connection, source, fresh)
        if held:
            found = loading.replace_rows(connection, source, held, held[0].stamped.loaded_at)
            changes |= {one.stamped.load_id: change for one, change in zip(held, found, strict=True)}
        return changes

    def _is_confirmed(self, result: ChunkResult) -> bool:
        """Return whether an attempt only says again what the lake knows."""
        return not result.changed and self._endings.get(result.chunk) == _ending(result)


def _ending(result: ChunkResult) -> _Ending:
    return result.outcome.value, result.reason or ""
