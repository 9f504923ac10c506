"""What a refresh did: one result for each piece, and what there is to say of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from finops_lake.errors import Outcome
from finops_lake.source import ChunkResult


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did. `left` counts due chunks not reached; `generation` is None if nothing was published.

    `notes` say what is missing, `told` what was done with files of bills.
    `unchanged` counts those of the results that brought nothing new; they were neither written nor published.
    `unchanged_files` counts files of bills that were not read again.
    """

    started_at: datetime
    finished_at: datetime
    results: tuple[ChunkResult, ...] = ()
    generation: int | None = None
    left: int = 0
    notes: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    superseded: frozenset[tuple[str, str]] = frozenset()
    unchanged: int = 0
    unchanged_files: int = 0

    @property
    def failures(self) -> tuple[ChunkResult, ...]:
        """The chunks that did not load in full, the first of each table and scope; none that another source replaces.

        `superseded` names the tables and scopes that Azure refused and whose cost was then asked of another source.
        """
        failed = (result for result in self.results if result.outcome is not Outcome.LOADED)
        return tuple(
            _first_of_each(one for one in failed if (one.chunk.table, one.chunk.scope_id) not in self.superseded)
        )

    def count(self, outcome: Outcome) -> int:
        """Return how many chunks ended so."""
        return sum(result.outcome is outcome for result in self.results)


def _first_of_each(results: Iterator[ChunkResult]) -> Iterator[ChunkResult]:
    seen = set()
    for result in results:
        place = (result.chunk.table, result.chunk.scope_id)
        if place not in seen:
            seen.add(place)
            yield result
