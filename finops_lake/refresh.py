"""Plan, fetch in parallel, load, publish: one outcome per table and scope; one that fails never spoils another."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from finops_lake import telemetry
from finops_lake.closed_months import MOVES_SQL, with_few_totals, with_moves
from finops_lake.config import Settings
from finops_lake.coverage import BILLING_ACCOUNTS, COST_TABLES, TOTALS, choices_of, cost_source_rows, covered
from finops_lake.errors import FinopsLakeError, InputError, LockedError, Outcome, StoppedError
from finops_lake.journal import ApiCall, Journal
from finops_lake.limits import Spent
from finops_lake.plan import (
    REFUSED,
    TENANT_SCOPE,
    ChunkState,
    Demand,
    Policy,
    due_chunks,
    with_confirmations,
)
from finops_lake.refresh_plan import RefreshPlan, make_plan
from finops_lake.source import Chunk, ChunkResult
from finops_lake.sourcing import CostChoice, tables_by_scope

if TYPE_CHECKING:
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.fetching import Arrived, Fetcher
    from finops_lake.lake.writer import Warehouse
    from finops_lake.telemetry import Span

LOG = logging.getLogger("finops_lake.refresh")

FILE_TABLES = ("cost_exports", "focus_charges")
"""The raw tables that files of bills fill."""

PUBLISH_EVERY_SECONDS = 60
"""A long refresh shows what it has after this time, and then again."""

LARGEST_SKEW_SECONDS = 300.0
"""How far the clock may be from Azure's; tokens, too, are refused beyond it."""

SHORT_SECONDS = 30.0
"""A time left that is not worth telling."""

SUBSCRIPTIONS = Chunk("subscriptions", TENANT_SCOPE)
"""What every refresh must know first, because it decides what else there is to ask for."""

FIRST_LISTINGS = (SUBSCRIPTIONS, BILLING_ACCOUNTS)

STATES_SQL = """select table_name, scope_id, month, metric, last_outcome, last_attempt_at, last_success_at,
    coalesce(calls, 1), last_reason
from meta.chunks"""

SUBSCRIPTIONS_SQL = """select sub_account_id, sub_account_name from staging.subscriptions
where coalesce(state, '') <> 'Deleted' order by sub_account_id"""


@dataclass(frozen=True)
class Progress:
    """How far a refresh is: chunks done of those planned so far, and what it just did or waits for.

    `seconds_left` is what Azure's published limits make the rest take at least; None where nothing is paced.
    """

    done: int
    total: int
    message: str
    seconds_left: float | None = None

    @property
    def words(self) -> str:
        """The message, with the time left where it is known."""
        if self.seconds_left is None or self.seconds_left < SHORT_SECONDS:
            return self.message
        minutes = math.ceil(self.seconds_left / 60)
        return f"{self.message} (about {minutes} min left)"


OnProgress = Callable[[Progress], None]
"""Called from the refreshing thread and from its workers."""


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


def policy_of(settings: Settings) -> Policy:
    """Return the clock and ages that these settings ask for."""
    max_age = settings.max_age_seconds
    return Policy(settings.utc_now(), settings.history_months, None if max_age is None else timedelta(seconds=max_age))


def states_of(rows: Sequence[tuple[Any, ...]]) -> dict[Chunk, ChunkState]:
    """Return the states that STATES_SQL gives."""
    return {Chunk(*row[:4]): ChunkState(Outcome(row[4]), *row[5:]) for row in rows}


def choose_subscriptions(found: Sequence[tuple[str, str]], wanted: Sequence[str]) -> list[str]:
    """Return the scopes of the wanted subscriptions (ids or names, without case); all where none is named.

    Raises InputError naming what was found when one is unknown.
    """
    chosen = [] if wanted else [scope for scope, _ in found]
    for word in wanted:
        key = word.lower().strip("/").removeprefix("subscriptions/")
        matches = [scope for scope, name in found if scope.endswith(f"/{key}") or name.lower() == key]
        if not matches:
            names = ", ".join(name for _, name in found) or "none"
            raise InputError("subscriptions", word, f"this sign-in sees: {names}")
        chosen += matches
    return list(dict.fromkeys(chosen))


def other_scopes(settings: Settings) -> list[str]:
    """Return the scopes that are read beside subscriptions."""
    from finops_lake.extract.scopes import normal_scope

    return [normal_scope(scope) for scope in settings.budget_scopes]


def paced_by(settings: Settings, journal: Journal, now: float) -> Callable[[Iterable[str]], Mapping[str, Spent]] | None:
    """Return how to look up what was spent of Azure's limits; None where calls are not paced."""
    from finops_lake.azure_api.throttle import spent_of

    return (lambda names: spent_of(journal, names, now)) if settings.pace_calls else None


def plan_ahead(
    settings: Settings, query: Callable[[str], Sequence[tuple[Any, ...]]], journal: Journal, demand: Demand
) -> RefreshPlan:
    """Return what a refresh would do by what a lake knows, without asking Azure anything.

    Raises InputError for a subscription that the lake does not know.
    """
    from finops_lake.extract.catalog import FETCHED

    states = with_moves(states_of(query(STATES_SQL)), query(MOVES_SQL))
    policy, sources = policy_of(settings), {one.table: one for one in FETCHED}
    found = [(scope, name or "") for scope, name in query(SUBSCRIPTIONS_SQL)]
    chosen = choose_subscriptions(found, settings.subscriptions)
    tenant = due_chunks(first_listings(settings), sources, states, policy, listing_demand(demand))
    choices = choices_of(settings, chosen, query, states) if found else []
    chunks = covered(FETCHED, chosen, other_scopes(settings), choices, policy, demand)
    due = [chunk for chunk in due_chunks(chunks, sources, states, policy, demand) if chunk not in FIRST_LISTINGS]
    due = with_few_totals(due, states, policy.now)
    now = time.time()
    spent = paced_by(settings, journal, now)
    is_first = SUBSCRIPTIONS in tenant
    return make_plan(
        [*tenant, *due], sources, states, demand, policy.now, spent=spent, now=now, is_listing_first=is_first
    )


def plan_without_lake(settings: Settings, journal: Journal, demand: Demand) -> RefreshPlan:
    """Return what a refresh would do first where there is no lake: it lists the subscriptions, then plans on."""
    return plan_ahead(settings.model_copy(update={"subscriptions": ()}), lambda sql: [], journal, demand)


def first_listings(settings: Settings) -> list[Chunk]:
    """Return what is listed before anything else, because it decides what else there is to ask for, and of whom."""
    return list(FIRST_LISTINGS) if settings.cost_source == "auto" else [SUBSCRIPTIONS]


def listing_demand(demand: Demand) -> Demand:
    """Return the demand by which the subscriptions are listed, which every refresh needs to know."""
    forced = demand.force and (demand.tables is None or SUBSCRIPTIONS.table in demand.tables)
    return Demand(force=forced, retry_refused=True)


class Refresher:
    """Brings the lake up to date; `azure` makes the clients for one refresh, closed at its end."""

    def __init__(
        self,
        settings: Settings,
        warehouse: Callable[[], Warehouse],
        azure: Callable[[], AzureClients],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._wall = wall
        self._warehouse = warehouse
        self._azure = azure
        self._monotonic = monotonic
        self._journal = Journal(settings.home)

    def refresh(
        self,
        demand: Demand | None = None,
        *,
        lock_timeout: float = 0,
        on_progress: OnProgress | None = None,
        is_stopped: Callable[[], bool] | None = None,
    ) -> RefreshReport:
        """Fetch what is due, load and publish it, and return what became of each piece.

        `is_stopped` is asked each second whether to break off, keeping what is loaded: then StoppedError is raised.
        Raises LockedError when another process is at it for longer than `lock_timeout` seconds, SignInError when
        Azure does not know us, and LakeError when the lake cannot be written. Failures of single pieces are results.
        """
        with telemetry.request(), _refresh_span(demand or Demand()) as span:
            report = self._refreshed(demand or Demand(), lock_timeout, on_progress, is_stopped)
            span.set_attribute("finops_lake.pieces", len(report.results))
        return report

    def is_busy(self) -> bool:
        """Return whether some process is refreshing this home just now."""
        try:
            with self._warehouse().lock(0):
                return False
        except LockedError:
            return True

    def _refreshed(
        self,
        demand: Demand,
        lock_timeout: float,
        on_progress: OnProgress | None,
        is_stopped: Callable[[], bool] | None,
    ) -> RefreshReport:
        started = self._settings.utc_now()
        warehouse = self._warehouse()
        with warehouse.lock(lock_timeout), ExitStack() as stack:
            azure = self._azure()
            stack.callback(azure.close)
            run = _Run(
                self._settings, warehouse, azure, self._journal, demand, on_progress, self._monotonic, self._wall
            )
            run.is_stopped = is_stopped
            try:
                run.work()
            finally:
                run.publish()
            run.notes += warehouse.faults
            if self._settings.now is None:
                run.notes += clock_notes(azure.clock_skew)
        LOG.info("refreshed %d pieces, %d left", len(run.results), run.fetcher.left)
        return RefreshReport(
            started,
            self._settings.utc_now(),
            tuple(run.results),
            run.generation,
            run.fetcher.left,
            tuple(run.notes),
            tuple(run.told),
            run.superseded,
            run.unchanged,
        )


class FileRefresher:
    """Loads files of bills, without a sign-in; a lake of nothing else has the origin `files`."""

    def __init__(self, settings: Settings, warehouse: Callable[[str], Warehouse]) -> None:
        self._settings = settings
        self._warehouse = warehouse

    def refresh(
        self,
        locations: Sequence[str],
        *,
        force: bool = False,
        lock_timeout: float = 0,
        on_progress: OnProgress | None = None,
    ) -> RefreshReport:
        """Load what is new at these paths and addresses, publish it, and return what became of it.

        `force` reads unchanged files, too. Raises InputError for a mixture of emulated and other locations,
        LockedError, and LakeError when the lake cannot be written; files that cannot be read are results or notes.
        """
        from finops_lake.collecting import Collector, origin_of

        started = self._settings.utc_now()
        origins = sorted({origin_of(location) for location in locations})
        if len(origins) > 1:
            raise InputError("--from", "an emulator and other places", "demo data never meets real data in one lake")
        warehouse = self._warehouse(origins[0])
        steps = _steps(on_progress)
        with warehouse.lock(lock_timeout):
            collected = Collector(self._settings, warehouse, steps, force).collect(locations)
            generation = warehouse.publish() if collected.has_changed or warehouse.has_new_views else None
        return RefreshReport(
            started,
            self._settings.utc_now(),
            collected.results,
            generation,
            notes=(*collected.faults, *warehouse.faults),
            told=collected.told,
            unchanged_files=collected.unchanged,
        )


def _steps(on_progress: OnProgress | None) -> Callable[[str], None]:
    def step(message: str) -> None:
        if on_progress:
            on_progress(Progress(0, 0, message))

    return step


@dataclass
class _Run:
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
    states: Mapping[Chunk, ChunkState] = field(default_factory=dict)
    plan: RefreshPlan | None = None
    planned_from: int = 0
    is_stopped: Callable[[], bool] | None = None
    choices: list[CostChoice] = field(default_factory=list)

    def __post_init__(self) -> None:
        from finops_lake.extract.catalog import EXTRACTORS
        from finops_lake.fetching import Fetcher

        self.sources = {table: extractor.source for table, extractor in EXTRACTORS.items()}
        self.policy = policy_of(self.settings)
        self.next_publication = self.monotonic() + PUBLISH_EVERY_SECONDS
        self.fetcher: Fetcher = Fetcher(
            self.azure,
            EXTRACTORS,
            self.settings.workers,
            self.monotonic() + self.settings.refresh_deadline_seconds,
            self.settings.utc_now,
            self._on_wait,
            self.monotonic,
            self._on_calls,
        )

    def work(self) -> None:
        """Fetch the subscriptions first, since they decide what else there is, then all that is due."""
        self._collect()
        self._read_figures()
        self._tell("looking at what is due")
        with self.warehouse.open():
            known = states_of(self.warehouse.query(STATES_SQL))
        self.states = states = with_confirmations(known, self.journal.confirmations())
        listings = first_listings(self.settings)
        self._fetch(due_chunks(listings, self.sources, states, self.policy, listing_demand(self.demand)))
        with self.warehouse.open():
            found = [(scope, name or "") for scope, name in self.warehouse.query(SUBSCRIPTIONS_SQL)]
        chosen = choose_subscriptions(found, self.settings.subscriptions)
        if not chosen:
            self.notes.append(
                "The sign-in sees no subscription: it may lack the Reader role, or look at another tenant."
            )
        self._work_through(chosen)
        self._price()

    def _price(self) -> None:
        """Fetch the retail prices of what is in use, which only now is known in full."""
        if self.settings.price_list is None:
            return
        from finops_lake.extract.catalog import EXTRACTORS
        from finops_lake.extract.retail_prices import extractor_for
        from finops_lake.pricing import prices_due

        with self.warehouse.open():
            due = prices_due(self.warehouse.query, self.policy.now, self.demand)
        extractor = extractor_for(due)
        self.fetcher.extractors = {**EXTRACTORS, extractor.source.table: extractor}
        self._fetch(list(due))

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
        with self.warehouse.open():
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
        from finops_lake.collecting import Collector

        collector = Collector(self.settings, self.warehouse, _steps(self.on_progress), self.demand.force)
        collected = collector.collect(self.settings.exports)
        self.results += collected.results
        self.notes += collected.faults
        self.told += collected.told
        self.total += len(collected.results)
        self.unpublished = self.unpublished or collected.has_changed

    def _read_figures(self) -> None:
        """Load the user's business figures and exchange rates, before anything needs a sign-in."""
        from finops_lake.figures import load_figures

        read = load_figures(self.settings.business_path, self.warehouse, self.settings.utc_now())
        self.results += read.results
        self.notes += read.faults
        self.total += len(read.results)
        self.unpublished = self.unpublished or bool(read.results)

    def publish(self) -> None:
        """Publish what is loaded and not published yet, and views that were made anew."""
        if self.unpublished or (self.warehouse.has_new_views and self.warehouse.files.numbers()):
            taken, usage = self._buffered_usage()
            confirmed = self.journal.confirmations()
            keep = timedelta(days=self.settings.usage_days)
            self.generation = self.warehouse.publish(usage, keep=keep, confirmed=confirmed)
            self.unpublished = False
            self._forget_usage(*taken)
            self._forget_confirmations(confirmed)

    def _buffered_usage(self) -> tuple[tuple[int, int], dict[str, list[dict[str, object]]]]:
        """Return how far the journal's calls and answers go, and these as rows of their meta tables."""
        last_call, calls = self.journal.calls()
        last_answer, answers = self.journal.answers()
        usage = {"api_calls": [asdict(one) for one in calls], "answers": [asdict(one) for one in answers]}
        return (last_call, last_answer), usage

    def _forget_usage(self, last_call: int, last_answer: int) -> None:
        """Forget what the lake has taken over; were it not forgotten, the lake would still take it once only."""
        try:
            if last_call:
                self.journal.forget_calls(last_call)
            if last_answer:
                self.journal.forget_answers(last_answer)
        except FinopsLakeError as error:
            LOG.warning("the journal keeps what the lake has: %s", error)

    def _forget_confirmations(self, confirmed: Sequence[ChunkResult]) -> None:
        """Forget confirmations that the lake has taken over; were they not forgotten, they would no longer count."""
        try:
            if confirmed:
                self.journal.forget_confirmations(confirmed)
        except FinopsLakeError as error:
            LOG.warning("the journal keeps what the lake has: %s", error)

    def _on_calls(self, calls: Sequence[ApiCall]) -> None:
        """Note calls to Azure; a journal that cannot be written costs lines about calls, and nothing else."""
        try:
            self.journal.note_calls(calls)
        except FinopsLakeError as error:
            LOG.warning("calls to Azure are not noted: %s", error)

    def _fetch(self, chunks: Sequence[Chunk]) -> None:
        """Load chunks as they arrive; the warehouse is held open only while they keep arriving."""
        self.total += len(chunks)
        with ExitStack() as opened, closing(self.fetcher.fetch_all(chunks)) as batches:
            is_open = False
            for batch in batches:
                if batch and not is_open:
                    opened.enter_context(self.warehouse.open())
                elif not batch and is_open:
                    opened.close()
                is_open = bool(batch)
                self._load(batch)
                self._check_stopped()
                if is_open and self.monotonic() >= self.next_publication:
                    opened.close()
                    is_open = False
                    self.publish()
                    self.next_publication = self.monotonic() + PUBLISH_EVERY_SECONDS

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
        self._tell(_label(self.results[-1].chunk))

    def _new_results(self, batch: Sequence[Arrived]) -> list[ChunkResult]:
        """Load what is new and return its results; what the lake knows already is confirmed in the journal alone."""
        known = [result for result, fetched in batch if fetched is None and self._is_known(result)]
        others = [arrived for arrived in batch if arrived[0] not in known]
        loaded = self.warehouse.load_all(others, note_unchanged=False) if others else []
        known += [one for one in loaded if not one.changed and one.outcome is Outcome.LOADED and self._is_known(one)]
        self._confirm(known)
        return [result for result in loaded if result not in known]

    def _confirm(self, results: Sequence[ChunkResult]) -> None:
        """Note attempts that brought nothing new; were the journal not written, they would only look older."""
        if not results:
            return
        self.results += results
        self.unchanged += len(results)
        try:
            self.journal.confirm(results)
        except FinopsLakeError as error:
            LOG.warning("what had not changed is not noted: %s", error)

    def _is_known(self, result: ChunkResult) -> bool:
        """Return whether the latest attempt ended alike, for the same reason."""
        state = self.states.get(result.chunk)
        if state is None:
            return result.outcome in REFUSED and _refusal(result.chunk, result.outcome, result.reason) in self._refusals
        return state.last_outcome is result.outcome and state.reason == (result.reason or "")

    @cached_property
    def _refusals(self) -> set[tuple[str, str, Outcome, str]]:
        """What Azure is known to refuse; that it refuses another month of the same for the same reason is no news."""
        return {_refusal(chunk, state.last_outcome, state.reason) for chunk, state in self.states.items()}

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


def clock_notes(skew: float | None) -> list[str]:
    """Return what to say of a machine whose clock is so far from Azure's that ages and months would be wrong."""
    if skew is None or abs(skew) <= LARGEST_SKEW_SECONDS:
        return []
    span = f"{abs(skew) / 60:.0f} minutes {'ahead of' if skew > 0 else 'behind'}"
    return [f"This machine's clock is {span} Azure's: ages, months and sign-ins may be wrong. Set the clock."]


def _refresh_span(demand: Demand) -> AbstractContextManager[Span]:
    tables = ",".join(sorted(demand.tables)) if demand.tables is not None else None
    return telemetry.span("refresh", {"finops_lake.tables": tables, "finops_lake.force": demand.force})


def _refusal(chunk: Chunk, outcome: Outcome, reason: str | None) -> tuple[str, str, Outcome, str]:
    return chunk.table, chunk.scope_id, outcome, reason or ""


def _label(chunk: Chunk) -> str:
    words = [chunk.table.replace("_", " ")]
    if chunk.month is not None:
        words.append(f"{chunk.month:%Y-%m}")
    if chunk.metric is not None:
        words.append("amortized" if chunk.metric == "AmortizedCost" else "actual")
    return " ".join(words)


def _first_of_each(results: Iterator[ChunkResult]) -> Iterator[ChunkResult]:
    seen = set()
    for result in results:
        place = (result.chunk.table, result.chunk.scope_id)
        if place not in seen:
            seen.add(place)
            yield result
