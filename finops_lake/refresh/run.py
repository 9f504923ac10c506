"""One refresh under the lock: plan, fetch in parallel, load, publish; one piece that fails never spoils another."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from finops_lake.config import Settings
from finops_lake.errors import FinopsLakeError, StoppedError
from finops_lake.journal import ApiCall, Journal
from finops_lake.planner.closed_months import MOVES_SQL, with_few_totals, with_moves
from finops_lake.planner.coverage import COST_TABLES, TOTALS, choices_of, cost_source_rows, covered
from finops_lake.planner.due import REFUSED, ChunkState, Demand, due_chunks, with_confirmations
from finops_lake.planner.plan import RefreshPlan, make_plan
from finops_lake.planner.planning import (
    FIRST_LISTINGS,
    STATES_SQL,
    SUBSCRIPTIONS_SQL,
    choose_subscriptions,
    first_listings,
    listing_demand,
    other_scopes,
    paced_by,
    policy_of,
    states_of,
)
from finops_lake.planner.sourcing import CostChoice, tables_by_scope
from finops_lake.refresh.from_files import FILE_TABLES
from finops_lake.refresh.known import Known, confirm
from finops_lake.refresh.months import Months
from finops_lake.refresh.progress import OnProgress, Progress, label_of, steps_of
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
class Run:
    """One refresh under the lock."""

    settings: Settings
    warehouse: Warehouse
    azure: AzureClients
    journal: Journal
    demand: Demand
    on_progress: OnProgress | None
    monotonic: Callable[[], float]
    wall: Callable[[], float]
    results: list[ChunkResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    total: int = 0
    generation: int | None = None
    unpublished: bool = False
    unchanged: int = 0
    plan: RefreshPlan | None = None
    planned_from: int = 0
    is_stopped: Callable[[], bool] | None = None
    choices: list[CostChoice] = field(default_factory=list)
    _made: deque[ApiCall] = field(default_factory=deque)
    _held: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        from finops_lake.extract.catalog import EXTRACTORS
        from finops_lake.refresh.fetching import Fetcher

        self.sources = {table: extractor.source for table, extractor in EXTRACTORS.items()}
        self.policy = policy_of(self.settings)
        self.known = Known({})
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

    def work(self) -> None:
        """Fetch the subscriptions first, since they decide what else there is, then all that is due."""
        with self._held:
            self._work()

    def _work(self) -> None:
        self._hold()
        self._collect()
        self._read_figures()
        self._tell("looking at what is due")
        known = states_of(self.warehouse.query(STATES_SQL))
        states = with_confirmations(known, self.journal.confirmations())
        self.known = Known(states)
        listings = first_listings(self.settings)
        self._fetch(due_chunks(listings, self.sources, states, self.policy, listing_demand(self.demand)))
        self._hold()
        found = [(scope, name or "") for scope, name in self.warehouse.query(SUBSCRIPTIONS_SQL)]
        chosen = choose_subscriptions(found, self.settings.subscriptions)
        if not chosen:
            self.notes.append(
                "The sign-in sees no subscription: it may lack the Reader role, or look at another tenant."
            )
        self._work_through(chosen)
        self._price()
        self._measure(chosen)

    def _price(self) -> None:
        """Fetch the retail prices of what is in use, which only now is known in full."""
        if self.settings.price_list is None:
            return
        from finops_lake.extract.retail_prices import extractor_for
        from finops_lake.planner.pricing import prices_due

        self._hold()
        due = prices_due(self.warehouse.query, self.policy.now, self.demand)
        self._fetch_by(extractor_for(due), list(due))

    def _measure(self, subscriptions: Sequence[str]) -> None:
        """Fetch the metrics that are missing of what exists, where they are switched on."""
        from finops_lake.extract.resource_metrics import extractor_for
        from finops_lake.planner.measuring import metrics_due

        self._hold()
        self._note_metrics()
        if not self.settings.metrics:
            return
        known = with_confirmations(states_of(self.warehouse.query(STATES_SQL)), self.journal.confirmations())
        due = metrics_due(self.warehouse.query, subscriptions, known, self.policy, self.demand)
        self._fetch_by(extractor_for(due), list(due))

    def _fetch_by(self, extractor: Extractor, due: Sequence[Chunk]) -> None:
        """Fetch with an extractor that is made for what is due, beside those that always serve."""
        from finops_lake.extract.catalog import EXTRACTORS

        self.fetcher.extractors = {**EXTRACTORS, extractor.source.table: extractor}
        self._fetch(due)

    def _note_metrics(self) -> None:
        """Let the lake know whether metrics are asked for, or no longer; one that never heard of them need not."""
        is_on = self.settings.metrics
        if is_on or self.warehouse.query("select 1 from meta.lake where key = 'metrics'"):
            self.unpublished |= self.warehouse.note_fact("metrics", "on" if is_on else "off")

    def _work_through(self, subscriptions: Sequence[str]) -> None:
        """Fetch what is due; where that makes more due, go on: the next source of cost, a month that moved."""
        asked = set(FIRST_LISTINGS)
        while True:
            due, states = self._due(subscriptions, asked)
            if not due:
                return
            asked.update(due)
            before = len(self.results)
            self._carry_out(self._planned(due, states))
            if not any(_asks_for_more(result) for result in self.results[before:]):
                return

    def _due(
        self, subscriptions: Sequence[str], asked: Collection[Chunk]
    ) -> tuple[list[Chunk], dict[Chunk, ChunkState]]:
        """Return what is due and was not asked for in this refresh, with the source of cost chosen by what is known."""
        since = self.policy.now if self.demand.force or self.demand.retry_refused else None
        self._hold()
        known = states_of(self.warehouse.query(STATES_SQL))
        moves = self.warehouse.query(MOVES_SQL)
        states = with_moves(with_confirmations(known, self.journal.confirmations()), moves)
        self.choices = choices_of(self.settings, subscriptions, self.warehouse.query, states, since=since)
        if self.warehouse.note_cost_sources(cost_source_rows(self.choices)):
            self.unpublished = True
        others = other_scopes(self.settings)
        chunks = covered(self.sources.values(), subscriptions, others, self.choices, self.policy, self.demand)
        due = due_chunks(chunks, self.sources, states, self.policy, self.demand)
        due = [chunk for chunk in due if chunk not in asked]
        return with_few_totals(due, states, self.policy.now, asked), states

    @property
    def superseded(self) -> frozenset[tuple[str, str]]:
        """Tables and scopes that were refused in this refresh and gave way to another source of cost."""
        chosen = tables_by_scope(self.choices)
        places = {(one.chunk.table, one.chunk.scope_id) for one in self.results if _is_refused_cost(one)}
        return frozenset((table, scope) for table, scope in places if table not in chosen.get(scope, frozenset()))

    def _planned(self, due: Sequence[Chunk], states: Mapping[Chunk, ChunkState]) -> RefreshPlan:
        spent = paced_by(self.settings, self.journal, self.wall())
        return make_plan(due, self.sources, states, self.demand, self.policy.now, spent=spent, now=self.wall())

    def _carry_out(self, plan: RefreshPlan) -> None:
        self.plan, self.planned_from = plan, self.done
        self._fetch(plan.chunks)

    @property
    def done(self) -> int:
        """How many chunks are dealt with."""
        return len(self.results) + self.fetcher.skipped + self.fetcher.left

    def _collect(self) -> None:
        """Load the files of bills that the settings name, before anything needs a sign-in."""
        wanted = self.demand.tables is None or not self.demand.tables.isdisjoint(FILE_TABLES)
        if not self.settings.exports or not wanted:
            return
        from finops_lake.refresh.collecting import Collector

        collector = Collector(self.settings, self.warehouse, steps_of(self.on_progress), self.demand.force)
        collected = collector.collect(self.settings.exports)
        self.results += collected.results
        self._confirm(collected.confirmed)
        self.notes += collected.faults
        self.told += collected.told
        self.total += len(collected.results)
        self.unpublished = self.unpublished or collected.has_changed

    def _read_figures(self) -> None:
        """Load the user's business figures and exchange rates, before anything needs a sign-in."""
        from finops_lake.refresh.figures import load_figures

        read = load_figures(self.settings.business_path, self.warehouse, self.settings.utc_now())
        self.results += read.results
        self.notes += read.faults
        self.total += len(read.results)
        self.unpublished = self.unpublished or bool(read.results)

    def publish(self, *, audited: bool = True) -> None:
        """Publish what is loaded and not published yet, and views that were made anew; at the end with the ledger."""
        is_behind = self.warehouse.has_unpublished or self.warehouse.has_new_views
        if self.unpublished or (is_behind and self.warehouse.files.numbers()):
            keep = timedelta(days=self.settings.usage_days)
            self.generation = publish(self.warehouse, self.journal, keep, audited=audited)
            self.unpublished = False

    def _note_calls(self) -> None:
        """Note the calls made meanwhile; a journal that cannot be written costs lines about calls, and nothing else."""
        calls = [self._made.popleft() for _ in range(len(self._made))]
        if not calls:
            return
        try:
            self.journal.note_calls(calls)
        except FinopsLakeError as error:
            LOG.warning("calls to Azure are not noted: %s", error)

    def _fetch(self, chunks: Sequence[Chunk]) -> None:
        """Load chunks as they arrive; the warehouse is held open only while they keep arriving."""
        self.total += len(chunks)
        with ExitStack() as at_end, closing(self.fetcher.fetch_all(chunks)) as batches:
            at_end.callback(self._note_calls)
            months = Months(chunks)
            for batch in batches:
                self._note_calls()
                if batch:
                    self._hold()
                else:
                    self._held.close()
                self._load(batch)
                self._check_stopped()
                complete = months.completed_by(result for result, _ in batch)
                if complete:
                    self.warehouse.rebuild(complete)
                if batch and self.monotonic() >= self.next_publication:
                    self._held.close()
                    self.publish(audited=False)
                    self.next_publication = self.monotonic() + PUBLISH_EVERY_SECONDS
        self._held.close()

    def _hold(self) -> None:
        """Hold the warehouse open until `_held` is closed: opening it reads its whole catalog."""
        if not self.warehouse.is_open:
            self._held.close()
            self._held.enter_context(self.warehouse.open(is_settled=False))

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
        self._tell(label_of(self.results[-1].chunk))

    def _new_results(self, batch: Sequence[Arrived]) -> list[ChunkResult]:
        """Load what is new and return its results; what the lake knows already is confirmed in the journal alone."""
        known = [result for result, fetched in batch if fetched is None and self.known.has(result)]
        others = [arrived for arrived in batch if arrived[0] not in known]
        loaded = self.warehouse.load_all(others, note_unchanged=False) if others else []
        known += [one for one in loaded if not one.changed and self.known.has(one)]
        self.results += known
        self._confirm(known)
        return [result for result in loaded if result not in known]

    def _confirm(self, results: Sequence[ChunkResult]) -> None:
        """Note attempts that brought nothing new."""
        self.unchanged += len(results)
        confirm(self.journal, results)

    def _tell(self, message: str) -> None:
        if self.on_progress:
            left = self.plan.seconds_left(self.done - self.planned_from) if self.plan else None
            self.on_progress(Progress(self.done, self.total, message, left))

    def _on_wait(self, seconds: float, why: str) -> None:
        self._tell(f"waiting {seconds:.0f} s: {why}")


def _asks_for_more(result: ChunkResult) -> bool:
    """Return whether more may be due now: another source of cost, or a closed month whose total is news."""
    return _is_refused_cost(result) or (
        result.chunk.table == TOTALS and result.row_count is not None and result.changed
    )


def _is_refused_cost(result: ChunkResult) -> bool:
    return result.outcome in REFUSED and result.chunk.table in COST_TABLES
