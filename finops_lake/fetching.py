"""Fetches chunks in parallel threads; what becomes of each is a result, never an exception of another's."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from finops_lake.errors import FinopsLakeError, Outcome, SignInError
from finops_lake.plan import REFUSED
from finops_lake.source import Chunk, ChunkResult, Fetched

if TYPE_CHECKING:
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.extract.catalog import Extractor

IDLE_SECONDS = 1.0
"""After so long without a chunk an empty batch is given, so that the caller can let go of the lake meanwhile."""

COLLECT_EVERY_SECONDS = 60.0
"""How often garbage is collected while the collector is off, since a throttled refresh may take an hour."""

Arrived = tuple[ChunkResult, Fetched | None]
OnWait = Callable[[float, str], None]


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
    left: int = 0
    skipped: int = 0
    _refused: set[tuple[str, str]] = field(default_factory=set)

    def fetch_all(self, chunks: Sequence[Chunk]) -> Iterator[list[Arrived]]:
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
                running.add(pool.submit(self._fetch, chunk))

    def _noted(self, arrived: Arrived) -> Arrived:
        result, _ = arrived
        if result.outcome in REFUSED:
            self._refused.add((result.chunk.table, result.chunk.scope_id))
        return arrived

    def _fetch(self, chunk: Chunk) -> Arrived:
        started = self.clock()
        with self.azure.calls(self.deadline, self.on_wait) as calls:
            try:
                fetched = self.extractors[chunk.table].fetch(self.azure, chunk)
            except SignInError:
                raise
            except FinopsLakeError as error:
                return self._failed(chunk, started, error, calls.count, calls.request_ids), None
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
        )
        return result, fetched

    def _failed(
        self,
        chunk: Chunk,
        started: datetime,
        error: FinopsLakeError,
        calls: int,
        request_ids: tuple[str, ...],
    ) -> ChunkResult:
        return ChunkResult(
            chunk,
            error.outcome,
            started,
            self.clock(),
            reason=error.message,
            next_step=error.next_step,
            error_code=error.code,
            calls=calls,
            request_ids=request_ids,
        )


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
