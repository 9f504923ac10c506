"""One refresh under the lock: its steps, from what is due to the metrics; one piece that fails never spoils another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from finops_lake.config import Settings
from finops_lake.journal import Journal
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
from finops_lake.refresh.known import Known
from finops_lake.refresh.loading import Loading
from finops_lake.refresh.progress import OnProgress, steps_of
from finops_lake.source import Chunk, ChunkResult

if TYPE_CHECKING:
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.lake.writer import Warehouse


@dataclass
class Run:
    """One refresh under the lock: what is due by and by, and what else comes along; `loading` fetches and loads it."""

    settings: Settings
    warehouse: Warehouse
    azure: AzureClients
    journal: Journal
    demand: Demand
    on_progress: OnProgress | None
    monotonic: Callable[[], float]
    wall: Callable[[], float]
    is_stopped: Callable[[], bool] | None = None
    notes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    choices: list[CostChoice] = field(default_factory=list)

    def __post_init__(self) -> None:
        from finops_lake.extract.catalog import EXTRACTORS

        self.sources = {table: extractor.source for table, extractor in EXTRACTORS.items()}
        self.policy = policy_of(self.settings)
        self.loading = Loading(
            self.settings,
            self.warehouse,
            self.azure,
            self.journal,
            self.on_progress,
            self.monotonic,
            self.is_stopped,
        )

    def work(self) -> None:
        """Fetch the subscriptions first, since they decide what else there is, then all that is due.

        The warehouse is still held open at the end, for the publication; where something is raised it is closed.
        """
        with self.loading.held as held:
            self._work()
            self.loading.held = held.pop_all()

    def _work(self) -> None:
        self.loading.hold()
        self._collect()
        self._read_figures()
        self.loading.tell("looking at what is due")
        states = self._states()
        self.loading.known = Known(states)
        listings = first_listings(self.settings)
        self.loading.fetch(due_chunks(listings, self.sources, states, self.policy, listing_demand(self.demand)))
        self.loading.hold()
        found = [(scope, name or "") for scope, name in self.warehouse.query(SUBSCRIPTIONS_SQL)]
        chosen = choose_subscriptions(found, self.settings.subscriptions)
        if not chosen:
            self.notes.append(
                "The sign-in sees no subscription: it may lack the Reader role, or look at another tenant."
            )
        self._work_through(chosen)
        self._price()
        self._measure(chosen)
        self._read_price_sheets(chosen)

    def _states(self) -> dict[Chunk, ChunkState]:
        """Return what is known of each chunk, with what was asked again and had not changed."""
        return with_confirmations(states_of(self.warehouse.query(STATES_SQL)), self.journal.confirmations())

    def _price(self) -> None:
        """Fetch the retail prices of what is in use, which only now is known in full."""
        if self.settings.price_list is None:
            return
        from finops_lake.extract.retail_prices import extractor_for
        from finops_lake.planner.pricing import prices_due

        self.loading.hold()
        due = prices_due(self.warehouse.query, self.policy.now, self.demand)
        self.loading.fetch_by(extractor_for(due), list(due))

    def _read_price_sheets(self, subscriptions: Sequence[str]) -> None:
        """Fetch the prices by contract, where they are switched on: last, because they take many calls."""
        if not self.settings.price_sheet:
            return
        from finops_lake.extract.price_sheet import EXTRACTOR
        from finops_lake.planner.price_sheets import sheets_due

        self.loading.hold()
        known = self._states()
        self.loading.fetch_by(
            EXTRACTOR, sheets_due(self.warehouse.query, subscriptions, known, self.policy, self.demand)
        )

    def _measure(self, subscriptions: Sequence[str]) -> None:
        """Fetch the metrics that are missing of what exists, where they are switched on."""
        from finops_lake.extract.resource_metrics import extractor_for
        from finops_lake.planner.measuring import metrics_due

        self.loading.hold()
        self._note_metrics()
        if not self.settings.metrics:
            return
        known = self._states()
        due = metrics_due(self.warehouse.query, subscriptions, known, self.policy, self.demand)
        self.loading.fetch_by(extractor_for(due), list(due))

    def _note_metrics(self) -> None:
        """Let the lake know whether metrics are asked for, or no longer; one that never heard of them need not."""
        is_on = self.settings.metrics
        if is_on or self.warehouse.query("select 1 from meta.lake where key = 'metrics'"):
            self.loading.unpublished |= self.warehouse.note_fact("metrics", "on" if is_on else "off")

    def _work_through(self, subscriptions: Sequence[str]) -> None:
        """Fetch what is due; where that makes more due, go on: the next source of cost, a month that moved."""
        asked = set(FIRST_LISTINGS)
        while True:
            due, states = self._due(subscriptions, asked)
            if not due:
                return
            asked.update(due)
            before = len(self.loading.results)
            self.loading.carry_out(self._planned(due, states))
            if not any(_asks_for_more(result) for result in self.loading.results[before:]):
                return

    def _due(
        self, subscriptions: Sequence[str], asked: Collection[Chunk]
    ) -> tuple[list[Chunk], dict[Chunk, ChunkState]]:
        """Return what is due and was not asked for in this refresh, with the source of cost chosen by what is known."""
        since = self.policy.now if self.demand.force or self.demand.retry_refused else None
        self.loading.hold()
        states = with_moves(self._states(), self.warehouse.query(MOVES_SQL))
        self.choices = choices_of(self.settings, subscriptions, self.warehouse.query, states, since=since)
        if self.warehouse.note_cost_sources(cost_source_rows(self.choices)):
            self.loading.unpublished = True
        others = other_scopes(self.settings)
        chunks = covered(self.sources.values(), subscriptions, others, self.choices, self.policy, self.demand)
        due = due_chunks(chunks, self.sources, states, self.policy, self.demand)
        due = [chunk for chunk in due if chunk not in asked]
        return with_few_totals(due, states, self.policy.now, asked), states

    @property
    def superseded(self) -> frozenset[tuple[str, str]]:
        """Tables and scopes that were refused in this refresh and gave way to another source of cost."""
        chosen = tables_by_scope(self.choices)
        places = {(one.chunk.table, one.chunk.scope_id) for one in self.loading.results if _is_refused_cost(one)}
        return frozenset((table, scope) for table, scope in places if table not in chosen.get(scope, frozenset()))

    def _planned(self, due: Sequence[Chunk], states: Mapping[Chunk, ChunkState]) -> RefreshPlan:
        spent = paced_by(self.settings, self.journal, self.wall())
        return make_plan(due, self.sources, states, self.demand, self.policy.now, spent=spent, now=self.wall())

    def _collect(self) -> None:
        """Load the files of bills that the settings name, before anything needs a sign-in."""
        wanted = self.demand.tables is None or not self.demand.tables.isdisjoint(FILE_TABLES)
        if not self.settings.exports or not wanted:
            return
        from finops_lake.refresh.collecting import Collector

        collector = Collector(self.settings, self.warehouse, steps_of(self.on_progress), self.demand.force)
        collected = collector.collect(self.settings.exports)
        self.loading.results += collected.results
        self.loading.confirm(collected.confirmed)
        self.notes += collected.faults
        self.told += collected.told
        self.loading.total += len(collected.results)
        self.loading.unpublished = self.loading.unpublished or collected.has_changed

    def _read_figures(self) -> None:
        """Load the user's business figures and exchange rates, before anything needs a sign-in."""
        from finops_lake.refresh.figures import load_figures

        read = load_figures(self.settings.business_path, self.warehouse, self.settings.utc_now())
        self.loading.results += read.results
        self.notes += read.faults
        self.loading.total += len(read.results)
        self.loading.unpublished = self.loading.unpublished or bool(read.results)


def _asks_for_more(result: ChunkResult) -> bool:
    """Return whether more may be due now: another source of cost, or a closed month whose total is news."""
    return _is_refused_cost(result) or (
        result.chunk.table == TOTALS and result.row_count is not None and result.changed
    )


def _is_refused_cost(result: ChunkResult) -> bool:
    return result.outcome in REFUSED and result.chunk.table in COST_TABLES
