"""Fetches chunks in parallel threads; what becomes of each is a result, never an exception of another's."""

from __future__ import annotations

import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from finops_lake import telemetry
from finops_lake.errors import FinopsLakeError, Outcome, SignInError
from finops_lake.journal import ApiCall
from finops_lake.plan import REFUSED
from finops_lake.source import Chunk, ChunkResult, Fetched

if TYPE_CHECKING:
    from finops_lake.azure_api.calls import Calls
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.extract.catalog import Extractor
    from finops_lake.telemetry import Span

LOG = logging.getLogger("finops_lake.refresh")

IDLE_SECONDS = 1.0
"""After so long without a chunk an empty batch is given, so that the caller can let go of the lake meanwhile."""

COLLECT_EVERY_SECONDS = 60.0
"""How often garbage is collected while the collector is off, since a throttled refresh may take an hour."""

Arrived = tuple[ChunkResult, Fetched | None]
OnWait = Callable[[float, str], None]
OnCalls = Callable[[Sequence[ApiCall]], None]


@dataclass
class Fetcher:
    """Fetches with `workers` threads, at most twice as many chunks in flight, until `deadline` (monotonic).

    `left` counts the chunks that were not asked for because the time was up. A monthly table that Azure refuses
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

    def fetch_all(self, chunks: Sequence[Chunk]) -> Generator[list[Arrived]]:
        """Yield what has arrived, in batches in order of arrival, until every chunk is dealt with.

        Raises SignInError as soon as Azure no longer knows us; requests under way are then broken off.
        """
        waiting = deque(chunks)
        running: set[Future[Arrived]] = set()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="fetch")
        restore = _suited_to_pages()
        next_collection = self.monotonic() + COLLECT_EVERY_SECONDS
        try:
            while waiting or running:
                if self.monotonic() >= next_collection:
                    gc.collect()
                    next_collection = self.monotonic() + COLLECT_EVERY_SECONDS
                self._submit(pool, waiting, running)
                if not running:
                    continue
                done, running = wait(running, timeout=IDLE_SECONDS, return_when=FIRST_COMPLETED)
                yield [self._noted(future.result()) for future in done]
        except BaseException:
            self.azure.close()  # ends waits, so that the threads can be joined
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            restore()

    def _submit(self, pool: ThreadPoolExecutor, waiting: deque[Chunk], running: set[Future[Arrived]]) -> None:
        while waiting and len(running) < 2 * self.workers:
            chunk = waiting.popleft()
            if chunk.month is not None and (chunk.table, chunk.scope_id) in self._refused:
                self.skipped += 1
            elif self.monotonic() >= self.deadline:
                self.left += 1
            else:
                running.add(pool.submit(telemetry.carried(self._fetch), chunk))

    def _noted(self, arrived: Arrived) -> Arrived:
        result, _ = arrived
        if result.outcome in REFUSED:
            self._refused.add((result.chunk.table, result.chunk.scope_id))
        return arrived

    def _fetch(self, chunk: Chunk) -> Arrived:
        with telemetry.doing(operation=chunk.table, scope=chunk.scope_id), _chunk_span(chunk) as span:
            with self.azure.calls(self.deadline, self.on_wait) as calls:
                try:
                    result, fetched = self._fetched(chunk, calls)
                finally:
                    if self.on_calls is not None:
                        self.on_calls(calls.made)
            span.set_attribute("finops_lake.outcome", result.outcome.value)
            LOG.info("%s of %s: %s", chunk.table, chunk.scope_id, result.outcome.value, extra=_facts(result))
        return result, fetched

    def _fetched(self, chunk: Chunk, calls: Calls) -> Arrived:
        started = self.clock()
        try:
            fetched = self.extractors[chunk.table].fetch(self.azure, chunk)
        except SignInError:
            raise
        except FinopsLakeError as error:
            return self._failed(chunk, started, error, calls), None
        result = ChunkResult(
            chunk,
            Outcome.LOADED if fetched.complete else Outcome.PARTIAL,
            started,
            self.clock(),
            complete=fetched.complete,
            row_count=fetched.rows.num_rows,
            reason=fetched.reason,
            calls=calls.count,
            request_ids=calls.request_ids,
            inexact_amounts=fetched.inexact_amounts,
            request_id=telemetry.request_id(),
        )
        return result, fetched

    def _failed(self, chunk: Chunk, started: datetime, error: FinopsLakeError, calls: Calls) -> ChunkResult:
        return ChunkResult(
            chunk,
            error.outcome,
            started,
            self.clock(),
            reason=error.message,
            next_step=error.next_step,
            error_code=error.code,
            calls=calls.count,
            request_ids=calls.request_ids,
            request_id=telemetry.request_id(),
        )


def _chunk_span(chunk: Chunk) -> AbstractContextManager[Span]:
    month = None if chunk.month is None else f"{chunk.month:%Y-%m}"
    return telemetry.span(
        f"fetch {chunk.table}",
        {"finops_lake.table": chunk.table, "finops_lake.month": month, "finops_lake.metric": chunk.metric},
    )


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
            gc.collect()

    return restore
