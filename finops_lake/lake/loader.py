"""Takes what arrives into the open warehouse: replies of Azure, files, and attempts that brought nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

import pyarrow as pa

from finops_lake.errors import LakeError, Outcome, StorageError
from finops_lake.filerows import FileNote, FilePart, FileRows
from finops_lake.lake import filenotes, filerows
from finops_lake.lake.filefaults import RoundingError
from finops_lake.lake.load import transaction
from finops_lake.lake.opening import FILE_MEMORY, Opening
from finops_lake.source import Arrived, ChunkResult, Fetched, Source, StoredRows


class Loader:
    """Loads rows into a warehouse that is open."""

    def __init__(self, opening: Opening, clock: Callable[[], datetime]) -> None:
        self._opening = opening
        self._clock = clock
        self._brought = 0

    def load(self, source: Source, fetched: Fetched, result: ChunkResult) -> ChunkResult:
        """Replace the chunk's raw rows, note the load and return it; all or nothing.

        Rows that come again stay untouched: the result says whether anything `changed`.

        The stored marts above are rebuilt for this scope and month when they are read or published.
        """
        with self._opening.writing(f"Loading {source.table}") as connection, transaction(connection):
            return self._opening.held.take(connection, [(result, fetched)])[0]

    def load_all(self, arrived: Sequence[Arrived], *, note_unchanged: bool = True) -> list[ChunkResult]:
        """Load or record several chunks in one transaction, which costs little more than one; return the results.

        With `note_unchanged` off, a chunk that loads again without any change leaves no row in `meta.loads` either:
        its result says `changed=False`, nothing is written, and the caller remembers when it was confirmed.
        A chunk that cannot be loaded does not spoil the others: it is recorded as failed, with the reason. Errors
        of the disk are raised.
        """
        try:
            memory = _memory_for(fetched for _, fetched in arrived)
            with self._opening.writing("Loading", memory) as connection, transaction(connection):
                return self._counted(self._opening.held.take(connection, arrived, note_unchanged=note_unchanged))
        except StorageError:
            raise
        except (LakeError, pa.ArrowException):
            return [self._load_alone(*one, note_unchanged) for one in arrived]

    def load_files(self, rows: FileRows) -> list[ChunkResult]:
        """Replace what these files are about by their rows, all or nothing; return a result for each month.

        The rows are read once. Raises BadFileError naming file, row and column where one cannot be read.
        """
        try:
            return self._load_files(rows, exact=True)
        except RoundingError:
            return self._load_files(rows, exact=False)

    def months_in(self, table: str, part: FilePart, dated_by: str) -> set[date]:
        """Return the months of a file's rows, having read it whole; BadFileError where that cannot be done."""
        with self._opening.writing("Reading a file", FILE_MEMORY) as connection:
            return filerows.months_in(connection, self._opening.definitions.sources[table], part, dated_by)

    def metric_in(self, table: str, parts: Sequence[FilePart]) -> str | None:
        """Return which reading of cost the rows of these files are; None where nothing in them tells."""
        with self._opening.writing("Reading a file", FILE_MEMORY) as connection:
            return filerows.metric_in(connection, self._opening.definitions.sources[table], parts)

    def note_files(self, notes: Sequence[FileNote], gone: Sequence[tuple[str, str]]) -> None:
        """Write down what became of these files, in place of what was known of them and of those that are gone."""
        with self._opening.writing("Noting files") as connection, transaction(connection):
            filenotes.replace_notes(connection, notes, gone)

    def _load_files(self, rows: FileRows, *, exact: bool) -> list[ChunkResult]:
        source, base = self._opening.definitions.sources[rows.table], self._opening.held.next_load_id
        months = self._opening.held.months_of(rows.table, rows.scope_id, rows.metric)
        with self._opening.writing(f"Loading {rows.table}", FILE_MEMORY) as connection, transaction(connection):
            inexact = 0 if exact else filerows.count_inexact(connection, source, rows)
            taken = filerows.take(connection, source, rows, months, base, self._clock(), exact=exact)
            results = [(one.load_id, filerows.result_of(one, rows, self._clock(), inexact)) for one in taken]
            return self._counted(self._opening.held.note_files(connection, results))

    def _counted(self, results: Sequence[ChunkResult]) -> list[ChunkResult]:
        self._brought += sum(one.row_count or 0 for one in results if one.changed)
        return list(results)

    def record(self, result: ChunkResult) -> None:
        """Note an attempt that brought no rows; what the lake holds of the chunk stays."""
        with self._opening.writing("Noting a failed load") as connection, transaction(connection):
            self._opening.held.take(connection, [(result, None)])

    def _load_alone(self, result: ChunkResult, fetched: Fetched | None, note_unchanged: bool) -> ChunkResult:
        try:
            memory, doing = _memory_for([fetched]), f"Loading {result.chunk.table}"
            with self._opening.writing(doing, memory) as connection, transaction(connection):
                return self._opening.held.take(connection, [(result, fetched)], note_unchanged=note_unchanged)[0]
        except StorageError:
            raise
        except (LakeError, pa.ArrowException) as error:
            result = replace(result, outcome=Outcome.FAILED, complete=False, row_count=None, reason=str(error))
            self.record(result)
        return result


def _memory_for(arrived: Iterable[Fetched | None]) -> str | None:
    """Return what DuckDB may use for these rows: more where they have to be read from a file."""
    return FILE_MEMORY if any(one is not None and isinstance(one.rows, StoredRows) for one in arrived) else None
