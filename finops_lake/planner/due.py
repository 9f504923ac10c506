"""What a refresh has to ask Azure for: the chunks that are due, in the order in which they help most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from finops_lake.errors import Outcome
from finops_lake.source import Chunk, ChunkResult, ScopeKind, Source, months_back, next_month

TENANT_SCOPE = "/"
MONTH_CLOSES_AFTER = timedelta(days=5)
"""Azure may change a month until the fifth day of the next one (Cost Management: understand cost data)."""

SETTLING_MAX_AGE = timedelta(hours=24)
"""How old a month may get between its end and its closing; only the running month is worth more calls."""

RETRY_FAILED_AFTER = timedelta(minutes=5)
RETRY_REFUSED_AFTER = timedelta(hours=24)
"""How soon an answer asks again for what was refused; an explicit refresh always does."""

REFUSED = frozenset({Outcome.DENIED, Outcome.UNSUPPORTED})
NEVER = datetime.max.replace(tzinfo=UTC)
AT_ONCE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ChunkState:
    """What the lake knows of one chunk: its latest attempt and its latest success (UTC).

    `calls` are those of the latest success, `reason` says why the latest attempt did not load everything. `has_moved`
    says that Azure's total of the month is not what it was when the month was loaded, see closed_months.
    """

    last_outcome: Outcome
    last_attempt_at: datetime
    last_success_at: datetime | None
    calls: int = 1
    reason: str = ""
    has_moved: bool = False


def with_confirmations(states: Mapping[Chunk, ChunkState], confirmed: Iterable[ChunkResult]) -> dict[Chunk, ChunkState]:
    """Return the states as of the latest confirmations: asked again later, with the outcome that was known."""
    known = dict(states)
    for result in confirmed:
        state = known.get(result.chunk)
        if state is None or result.finished_at < state.last_attempt_at:
            continue
        success = result.finished_at if result.row_count is not None else state.last_success_at
        known[result.chunk] = replace(state, last_attempt_at=result.finished_at, last_success_at=success)
    return known


@dataclass(frozen=True)
class Demand:
    """What a caller wants to be fresh. None means all; months are first days.

    `force` asks again for what is fresh; `retry_refused` for what Azure refused a short while ago. What becomes due
    within `ahead` counts as due.
    """

    tables: frozenset[str] | None = None
    scopes: frozenset[str] | None = None
    months: frozenset[date] | None = None
    history_months: int | None = None
    force: bool = False
    retry_refused: bool = False
    ahead: timedelta = timedelta()


@dataclass(frozen=True)
class Policy:
    """The clock and the ages a plan is made with; `max_age` stands for every table's own where it is set."""

    now: datetime
    history_months: int
    max_age: timedelta | None = None


def closes_at(month: date) -> datetime:
    """Return the UTC instant after which Azure no longer changes a month."""
    return datetime.combine(next_month(month), time(), UTC) + MONTH_CLOSES_AFTER


def due_at(chunk: Chunk, source: Source, state: ChunkState | None, policy: Policy, demand: Demand) -> datetime:
    """Return when a chunk has to be asked for again: AT_ONCE, a later instant, or NEVER for a closed month.

    A closed month is asked for once more where Azure's total of it moved.
    """
    if state is None or demand.force:
        return AT_ONCE
    if state.last_outcome is not Outcome.LOADED:
        if demand.retry_refused:
            return AT_ONCE
        wait = RETRY_REFUSED_AFTER if state.last_outcome in REFUSED else RETRY_FAILED_AFTER
        return state.last_attempt_at + wait
    if state.last_success_at is None:
        return AT_ONCE
    if chunk.month is not None and state.last_success_at >= closes_at(chunk.month):
        return AT_ONCE if state.has_moved else NEVER
    max_age = source.max_age if policy.max_age is None else policy.max_age
    is_past = chunk.month is not None and next_month(chunk.month) <= policy.now.date()
    return state.last_success_at + (max(max_age, SETTLING_MAX_AGE) if is_past else max_age)


def chunks_of(
    sources: Iterable[Source],
    subscriptions: Sequence[str],
    others: Sequence[str],
    policy: Policy,
    demand: Demand,
) -> list[Chunk]:
    """Return every chunk the demand covers, due or not.

    `subscriptions` and `others` (wider or narrower scopes) are asked for by the sources that name their kind.
    """
    months = months_back(policy.now.date(), demand.history_months or policy.history_months)
    found = []
    for source in sources:
        if demand.tables is not None and source.table not in demand.tables:
            continue
        for scope in _scopes_of(source, subscriptions, others, demand):
            if not source.monthly:
                found.append(Chunk(source.table, scope))
                continue
            wanted = months if demand.months is None else [month for month in months if month in demand.months]
            found += [Chunk(source.table, scope, month, metric) for month in wanted for metric in source.metrics]
    return found


def units_of(chunks: Iterable[Chunk], sources: Mapping[str, Source]) -> list[list[Chunk]]:
    """Return what is fetched together, in the place of its first chunk: mostly one chunk alone."""
    units: list[list[Chunk]] = []
    filling: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        unit = filling.get(chunk.table)
        if unit is None or len(unit) >= sources[chunk.table].batch:
            unit = filling[chunk.table] = []
            units.append(unit)
        unit.append(chunk)
    return units


def due_chunks(
    chunks: Iterable[Chunk],
    sources: Mapping[str, Source],
    states: Mapping[Chunk, ChunkState],
    policy: Policy,
    demand: Demand,
) -> list[Chunk]:
    """Return the chunks that are due now: whole tables first, then cost from the newest month back."""
    refused = set() if demand.retry_refused or demand.force else _refused(states, policy.now)
    due = [
        chunk
        for chunk in chunks
        if (chunk.table, chunk.scope_id) not in refused
        and due_at(chunk, sources[chunk.table], states.get(chunk), policy, demand) <= policy.now + demand.ahead
    ]
    order = {table: place for place, table in enumerate(sources)}
    return sorted(due, key=lambda chunk: _place(chunk, order))


def next_due_at(
    chunks: Iterable[Chunk],
    sources: Mapping[str, Source],
    states: Mapping[Chunk, ChunkState],
    policy: Policy,
    demand: Demand,
) -> datetime:
    """Return the instant at which the first of the chunks becomes due; NEVER when none ever does."""
    refused = set() if demand.retry_refused or demand.force else _refused(states, policy.now)
    return min(
        (
            due_at(chunk, sources[chunk.table], states.get(chunk), policy, demand)
            for chunk in chunks
            if (chunk.table, chunk.scope_id) not in refused
        ),
        default=NEVER,
    )


def _scopes_of(source: Source, subscriptions: Sequence[str], others: Sequence[str], demand: Demand) -> list[str]:
    billing = [scope for scope in others if scope.startswith("/providers/microsoft.billing/")]
    known = {ScopeKind.SUBSCRIPTION: subscriptions, ScopeKind.OTHER: others, ScopeKind.BILLING: billing}
    scopes = [scope for kind, some in known.items() if kind in source.scope_kinds for scope in some]
    wanted = [scope for scope in dict.fromkeys(scopes) if demand.scopes is None or scope in demand.scopes]
    return [TENANT_SCOPE, *wanted] if ScopeKind.TENANT in source.scope_kinds else wanted


def _refused(states: Mapping[Chunk, ChunkState], now: datetime) -> set[tuple[str, str]]:
    """Return the tables and scopes whose newest month Azure refused a short while ago: older ones would be, too."""
    newest: dict[tuple[str, str], tuple[date, ChunkState]] = {}
    for chunk, state in states.items():
        if chunk.month is None:
            continue
        place = (chunk.table, chunk.scope_id)
        if place not in newest or chunk.month > newest[place][0]:
            newest[place] = (chunk.month, state)
    return {
        place
        for place, (_, state) in newest.items()
        if state.last_outcome in REFUSED and state.last_attempt_at + RETRY_REFUSED_AFTER > now
    }


def _place(chunk: Chunk, order: Mapping[str, int]) -> tuple[int, int, int, str, str]:
    age = -chunk.month.toordinal() if chunk.month is not None else -10_000_000
    return age, _narrowness(chunk.scope_id), order[chunk.table], chunk.metric or "", chunk.scope_id


def _narrowness(scope_id: str) -> int:
    """Return 0 for the widest scopes: one of them tells of many others with the calls of one."""
    parts = scope_id.strip("/").split("/")
    if parts[0] == "subscriptions":
        return 10 + len(parts)
    return len(parts) if parts[0] else 0
