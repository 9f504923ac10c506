"""Fetches chunks in parallel threads; what becomes of each is a result, never an exception of another's."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from finops_lake import telemetry
from finops_lake.errors import FinopsLakeError, Outcome, OutOfTimeError, SignInError
from finops_lake.journal import ApiCall
from finops_lake.planner.due import REFUSED, units_of
from finops_lake.refresh.intake import Intake
from finops_lake.source import Arrived, Chunk, ChunkResult, Fetched

if TYPE_CHECKING:
    from finops_lake.azure_api.calls import Calls
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.extract.catalog import Extractor
    from finops_lake.telemetry import Span

LOG = logging.getLogger("finops_lake.refresh")

COLLECT_EVERY_SECONDS = 60.0
"""How often garbage is collected while the collector is off, since a throttled refresh may take an hour."""

OnWait = Callable[[float, str], None]
OnCalls = Callable[[Sequence[ApiCall]], None]


@dataclass
class Fetcher:
    """Fetches with `workers` threads until `deadline` (monotonic).

    `left` counts the chunks that were not asked for because the time was up, or because the published limits allow
    them only after it; they are as if never tried. A monthly table that Azure refuses
    for a scope (no permission, no such offer) is not asked for again: its older months would be refused, too.
    """

    azure: AzureClients
    extractors: Mapping[str, Extractor]
    workers: int
    deadline: float
    clock: Callable[[], datetime]
    on_wait: OnWait | None = None
    monotonic: Callable[[], float] = time.monotonic
    on_calls: OnCalls | None = None
    left: int = 0
    skipped: int = 0
    _refused: set[tuple[str, str]] = field(default_factory=set)
    _out_of_time: set[tuple[str, str]] = field(default_factory=set)
    _waiting: deque[list[Chunk]] = field(default_factory=deque)
    _noting: threading.Lock = field(default_factory=threading.Lock)

    def fetch_all(self, chunks: Sequence[Chunk]) -> Generator[list[Arrived]]:
        """Yield what has arrived, in batches in order of arrival, until every chunk is dealt with.

        Raises SignInError as soon as Azure no longer knows us; requests under way are then broken off.
        """
        self._waiting = deque(units_of(chunks, {table: one.source for table, one in self.extractors.items()}))
        restore = _suited_to_pages()
        next_collection = self.monotonic() + COLLECT_EVERY_SECONDS
        try:
            with Intake(self.workers, self._next_unit, self._fetch, _rows_of) as intake, self._breaking_off():
                while not intake.is_over():
                    if self.monotonic() >= next_collection:
                        gc.collect()
                        next_collection = self.monotonic() + COLLECT_EVERY_SECONDS
                    arrived = intake.take()
                    if arrived or not intake.is_over():
                        yield arrived
                    for _, fetched in arrived:
                        if fetched is not None:
                            fetched.discard()
                intake.check()
        finally:
            restore()

    @contextlib.contextmanager
    def _breaking_off(self) -> Iterator[None]:
        """End the waits of all threads after an error, so that they can be joined."""
        try:
            yield
        except BaseException:
            self.azure.close()
            raise

    def _next_unit(self) -> list[Chunk] | None:
        """Return what is to be fetched next; None at the end."""
        while self._waiting:
            unit = self._waiting.popleft()
            place = (unit[0].table, unit[0].scope_id)
            with self._noting:
                if unit[0].month is not None and place in self._refused:
                    self.skipped += len(unit)
                elif self.monotonic() >= self.deadline or place in self._out_of_time:
                    self.left += len(unit)
                else:
                    return unit
        return None

    def _note_late(self, unit: Sequence[Chunk]) -> None:
        """Count what the limits allow too late; more of the same scope would be later still."""
        with self._noting:
            self.left += len(unit)
            self._out_of_time |= {(chunk.table, chunk.scope_id) for chunk in unit}

    def _note_refused(self, results: Sequence[ChunkResult]) -> None:
        with self._noting:
            self._refused |= {(one.chunk.table, one.chunk.scope_id) for one in results if one.outcome in REFUSED}

    def _fetch(self, unit: list[Chunk]) -> list[Arrived]:
        """Fetch what belongs together; its calls are told of its first chunk, so that they add up."""
        first = unit[0]
        scope = first.scope_id if len(unit) == 1 else f"{len(unit)} scopes"
        with telemetry.doing(operation=first.table, scope=scope), _chunk_span(first) as span:
            with self.azure.calls(self.deadline, self.on_wait) as calls:
                try:
                    results = self._fetched(unit, calls)
                finally:
                    if self.on_calls is not None:
                        self.on_calls(calls.made)
            if results:
                span.set_attribute("finops_lake.outcome", results[0][0].outcome.value)
            for result, _ in results:
                LOG.info("%s of %s: %s", first.table, scope, result.outcome.value, extra=_facts(result))
        self._note_refused([result for result, _ in results])
        return results

    def _fetched(self, unit: list[Chunk], calls: Calls) -> list[Arrived]:
        started = self.clock()
        try:
            found = self._found(unit)
        except OutOfTimeError:
            self._note_late(unit)
            return []
        spent = [calls.count] + [0] * (len(unit) - 1)
        return [
            self._arrived(chunk, started, found[chunk], count, calls.request_ids)
            for chunk, count in zip(unit, spent, strict=True)
        ]

    def _found(self, unit: list[Chunk]) -> Mapping[Chunk, Fetched | FinopsLakeError]:
        extractor = self.extractors[unit[0].table]
        try:
            if extractor.fetch_many is None:
                return {unit[0]: extractor.fetch(self.azure, unit[0])}
            return extractor.fetch_many(self.azure, unit)
        except (SignInError, OutOfTimeError):
            raise
        except FinopsLakeError as error:
            return dict.fromkeys(unit, error)

    def _arrived(
        self,
        chunk: Chunk,
        started: datetime,
        found: Fetched | FinopsLakeError,
        calls: int,
        request_ids: tuple[str, ...],
    ) -> Arrived:
        if isinstance(found, FinopsLakeError):
            failed = ChunkResult(
                chunk,
                found.outcome,
                started,
                self.clock(),
                reason=found.message,
                next_step=found.next_step,
                error_code=found.code,
                calls=calls,
                request_ids=request_ids,
                request_id=telemetry.request_id(),
            )
            return failed, None
        result = ChunkResult(
            chunk,
            Outcome.LOADED if found.complete else Outcome.PARTIAL,
            started,
            self.clock(),
            complete=found.complete,
            row_count=found.rows.num_rows,
            reason=found.reason,
            calls=calls,
            request_ids=request_ids,
            inexact_amounts=found.inexact_amounts,
            request_id=telemetry.request_id(),
        )
        return result, found


def _chunk_span(chunk: Chunk) -> AbstractContextManager[Span]:
    month = None if chunk.month is None else f"{chunk.month:%Y-%m}"
    return telemetry.span(
        f"fetch {chunk.table}",
        {"finops_lake.table": chunk.table, "finops_lake.month": month, "finops_lake.metric": chunk.metric},
    )


def _rows_of(arrived: Arrived) -> int:
    _, fetched = arrived
    return 0 if fetched is None else fetched.rows.num_rows


def _facts(result: ChunkResult) -> dict[str, object]:
    seconds = (result.finished_at - result.started_at).total_seconds()
    return {"outcome": result.outcome.value, "row_count": result.row_count, "calls": result.calls, "duration": seconds}


def _suited_to_pages() -> Callable[[], None]:
    """Suit Python and Arrow to parsing large pages in threads, and return how to undo it.

    A page makes a list per row, which the garbage collector would walk through hundreds of times and find nothing
    (measured: a third of a refresh's time). Arrow's own pool keeps memory it no longer needs (85 MB measured).
    """
    was_enabled, pool = gc.isenabled(), pa.default_memory_pool()
    gc.disable()
    pa.set_memory_pool(pa.system_memory_pool())

    def restore() -> None:
        pa.set_memory_pool(pool)
        if was_enabled:
            gc.enable()
            gc.collect(0)  # what was made meanwhile; the modules of Azure are not walked through again

    return restore
