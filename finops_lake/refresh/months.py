"""Which months of a refresh are complete, so that what is stored above them can be rebuilt while others arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from finops_lake.source import Chunk, ChunkResult

ROWS_AT_LEAST = 250_000
"""Fewer rows of complete months wait for more: a rebuild writes whole row groups where it has enough of them."""


class Months:
    """The months of chunks that are asked for together."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._missing = Counter(chunk.month for chunk in chunks if chunk.month is not None)
        self._complete: set[date] = set()
        self._rows: Counter[date] = Counter()

    def completed_by(self, results: Iterable[ChunkResult]) -> set[date]:
        """Return the months of which everything has arrived now, once they have enough rows together; else none.

        A month of which something was skipped or left for later is never complete.
        """
        for result in results:
            month = result.chunk.month
            if month is not None and month in self._missing:
                self._missing[month] -= 1
                self._rows[month] += result.row_count or 0
                if not self._missing[month]:
                    self._complete.add(month)
        if sum(self._rows[month] for month in self._complete) < ROWS_AT_LEAST:
            return set()
        given, self._complete = self._complete, set()
        return given
