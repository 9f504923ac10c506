"""What a refresh asks for becomes rows of the lake as it arrives, and is published each minute; how far it is."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from finops_lake.config import Settings
from finops_lake.errors import FinopsLakeError, StoppedError
from finops_lake.journal import ApiCall, Journal
from finops_lake.planner.plan import RefreshPlan
from finops_lake.refresh.known import Known, confirm
from finops_lake.refresh.months import Months
from finops_lake.refresh.progress import OnProgress, Progress, label_of
from finops_lake.refresh.publishing import publish
from finops_lake.source import Arrived, Chunk, ChunkResult

if TYPE_CHECKING:
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.extract.extractor import Extractor
    from finops_lake.lake.writer import Warehouse
    from finops_lake.refresh.fetching import Fetcher

LOG = logging.getLogger("finops_lake.refresh")

PUBLISH_EVERY_SECONDS = 60
"""A long refresh shows what it has after this time, and then again."""


@dataclass
class Loading:
    """Fetches chunks and loads what arrives, for one refresh under the lock; `held` has the warehouse open meanwhile.

    `results` has one for each piece that brought something or failed, `unchanged` counts those that brought nothing
    new, `total` all that was asked for. `unpublished`: something is loaded that readers do not see yet.
    """

    settings: Settings
    warehouse: Warehouse
    azure: AzureClients
    journal: Journal
    on_progress: OnProgress | None
    monotonic: Callable[[], float]
    is_stopped: Callable[[], bool] | None
    held: ExitStack = field(default_factory=ExitStack)
    results: list[ChunkResult] = field(default_factory=list)
    known: Known = field(default_factory=lambda: Known({}))
    total: int = 0
    unchanged: int = 0
    unpublished: bool = False
    generation: int | None = None
    plan: RefreshPlan | None = None
    planned_from: int = 0
    _made: deque[ApiCall] = field(default_factory=deque)

    def __post_init__(self) -> None:
        from finops_lake.extract.catalog import EXTRACTORS
        from finops_lake.refresh.fetching import Fetcher

        self.next_publication = self.monotonic() + PUBLISH_EVERY_SECONDS
        self.fetcher: Fetcher = Fetcher(
            self.azure,
            EXTRACTORS,
            self.settings.workers,
            self.monotonic() + self.settings.refresh_deadline_seconds,
            self.settings.utc_now,
            self._on_wait,
            self.monotonic,
            self._made.extend,
        )

    @property
    def done(self) -> int:
        """How many chunks are dealt with."""
        return len(self.results) + self.fetcher.skipped + self.fetcher.left

    def carry_out(self, plan: RefreshPlan) -> None:
        """Fetch and load what a plan asks for; the time left is told by it from now on."""
        self.plan, self.planned_from = plan, self.done
        self.fetch(plan.chunks)

    def fetch(self, chunks: Sequence[Chunk]) -> None:
        """Load chunks as they arrive; the warehouse is held open unless nothing arrives for a while."""
        self.total += len(chunks)
        with ExitStack() as at_end, closing(self.fetcher.fetch_all(chunks)) as batches:
            at_end.callback(self._note_calls)
            months = Months(chunks)
            for batch in batches:
                self._note_calls()
                if batch:
                    self.hold()
                else:
                    self.held.close()
                self._load(batch)
                self._check_stopped()
                complete = months.completed_by(result for result, _ in batch)
                if complete:
                    self.warehouse.rebuild(complete)
                if batch and self.monotonic() >= self.next_publication:
                    self.publish(audited=False)
                    self.next_publication = self.monotonic() + PUBLISH_EVERY_SECONDS

    def fetch_by(self, extractor: Extractor, due: Sequence[Chunk]) -> None:
        """Fetch with an extractor that is made for what is due, beside those that always serve."""
        from finops_lake.extract.catalog import EXTRACTORS

        self.fetcher.extractors = {**EXTRACTORS, extractor.source.table: extractor}
        self.fetch(due)

    def hold(self) -> None:
        """Hold the warehouse open until `held` is closed: opening it reads its whole catalog."""
        if not self.warehouse.is_open:
            self.held.close()
            self.held.enter_context(self.warehouse.open(is_settled=False))

    def _check_stopped(self) -> None:
        if self.is_stopped is not None and self.is_stopped():
            done = len(self.results)
            raise StoppedError(f"Stopped after {done} of {self.total} pieces.", next_step="The next run does the rest.")

    def _load(self, batch: Sequence[Arrived]) -> None:
        if not batch:
            return
        for result in self._new_results(batch):
            self.results.append(result)
            self.unpublished = True
        self.tell(label_of(self.results[-1].chunk))

    def _new_results(self, batch: Sequence[Arrived]) -> list[ChunkResult]:
        """Load what is new and return its results; what the lake knows already is confirmed in the journal alone."""
        known = [result for result, fetched in batch if fetched is None and self.known.has(result)]
        others = [arrived for arrived in batch if arrived[0] not in known]
        loaded = self.warehouse.load_all(others, note_unchanged=False) if others else []
        known += [one for one in loaded if not one.changed and self.known.has(one)]
        self.results += known
        self.confirm(known)
        return [result for result in loaded if result not in known]

    def confirm(self, results: Sequence[ChunkResult]) -> None:
        """Note attempts that brought nothing new."""
        self.unchanged += len(results)
        confirm(self.journal, results)

    def tell(self, message: str) -> None:
        """Say how far the refresh is, and how long the plan still takes."""
        if self.on_progress:
            left = self.plan.seconds_left(self.done - self.planned_from) if self.plan else None
            self.on_progress(Progress(self.done, self.total, message, left))

    def _on_wait(self, seconds: float, why: str) -> None:
        self.tell(f"waiting {seconds:.0f} s: {why}")

    def _note_calls(self) -> None:
        """Note the calls made meanwhile; a journal that cannot be written costs lines about calls, and nothing else."""
        calls = [self._made.popleft() for _ in range(len(self._made))]
        if not calls:
            return
        try:
            self.journal.note_calls(calls)
        except FinopsLakeError as error:
            LOG.warning("calls to Azure are not noted: %s", error)

    def publish(self, *, audited: bool = True) -> None:
        """Publish what is loaded and not published yet, and views that were made anew; at the end with the ledger.

        The warehouse is no longer held then.
        """
        with self.held:
            if self.warehouse.is_open:
                self.warehouse.judge_sources()
            is_behind = self.warehouse.has_unpublished or self.warehouse.has_new_views
            if self.unpublished or (is_behind and self.warehouse.files.numbers()):
                keep = timedelta(days=self.settings.usage_days)
                self.generation = publish(self.warehouse, self.journal, keep, audited=audited)
                self.unpublished = False
