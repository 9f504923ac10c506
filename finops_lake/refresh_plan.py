"""The plan of a refresh: what it will ask of whom, why, with how many calls, and how long the limits make it take.

It is made before the first call, from what the lake knows, and then carried out as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from finops_lake.errors import Outcome
from finops_lake.limits import Draw, Spent, draws_of, first_fit, least_seconds
from finops_lake.plan import ChunkState, Demand
from finops_lake.source import Api, Chunk, Source


class Why(StrEnum):
    """Why a chunk is asked for."""

    NEW = "never loaded"
    STALE = "stale"
    FAILED = "failed before"
    MOVED = "Azure's total moved"
    FORCED = "asked for"


@dataclass(frozen=True)
class Step:
    """One chunk to be asked for: of which API, why, and with about how many calls (as the last time took)."""

    chunk: Chunk
    api: Api
    why: Why
    calls: int
    query_months: int = 1

    @property
    def draws(self) -> tuple[Draw, ...]:
        """Return what each of its calls takes from the limits."""
        return draws_of(self.api, self.chunk.scope_id, self.query_months)


@dataclass(frozen=True)
class PlanLine:
    """The steps of one scope and API together. `seconds` is what their own limits make them take at least."""

    scope_id: str
    api: Api
    tables: tuple[str, ...]
    chunks: int
    calls: int
    seconds: float


@dataclass(frozen=True)
class RefreshPlan:
    """What a refresh does, in order. `leaves` is for each step the second after `made_at` at which its last call may
    leave by the published limits, with what was spent of them before; empty where calls are not paced.

    `is_listing_first` says that the subscriptions are not known well enough yet: they are listed first, and what is
    asked of new ones is added to the plan then.
    """

    made_at: datetime
    steps: tuple[Step, ...]
    leaves: tuple[float, ...] = ()
    is_listing_first: bool = False

    @property
    def chunks(self) -> list[Chunk]:
        """The chunks in the order in which they are asked for."""
        return [step.chunk for step in self.steps]

    @property
    def calls(self) -> int:
        """How many calls the plan takes."""
        return sum(step.calls for step in self.steps)

    @property
    def seconds(self) -> float:
        """How long the limits make the plan take at least, from now."""
        return max(self.leaves, default=0.0)

    def seconds_left(self, done: int) -> float | None:
        """Return how long the limits make the rest take after `done` steps; None where calls are not paced."""
        if not self.leaves:
            return None
        return max(self.seconds - self.leaves[done - 1], 0.0) if done else self.seconds

    def lines(self) -> list[PlanLine]:
        """Return the steps by scope and API, in the order of the plan."""
        groups: dict[tuple[str, Api], list[Step]] = {}
        for step in self.steps:
            groups.setdefault((step.chunk.scope_id, step.api), []).append(step)
        return [_line(scope_id, api, steps) for (scope_id, api), steps in groups.items()]


def make_plan(
    due: Sequence[Chunk],
    sources: Mapping[str, Source],
    states: Mapping[Chunk, ChunkState],
    demand: Demand,
    made_at: datetime,
    *,
    spent: Callable[[Iterable[str]], Mapping[str, Spent]] | None = None,
    now: float = 0.0,
    is_listing_first: bool = False,
) -> RefreshPlan:
    """Return the plan for chunks that are due; `spent` tells what is taken of buckets at `now` (None: not paced)."""
    steps = tuple(_step(chunk, sources[chunk.table], states.get(chunk), demand) for chunk in due)
    leaves = () if spent is None else tuple(_leaves(steps, spent, now))
    return RefreshPlan(made_at, steps, leaves, is_listing_first)


def bound_seconds(steps: Iterable[Step]) -> float:
    """Return how long the published limits make these steps take at least when nothing was spent before."""
    return least_seconds(draw for step in steps for _ in range(step.calls) for draw in step.draws)


def _step(chunk: Chunk, source: Source, state: ChunkState | None, demand: Demand) -> Step:
    calls = source.calls if state is None else max(state.calls, 1)
    return Step(chunk, source.api, _why(state, demand), calls, source.query_months)


def _why(state: ChunkState | None, demand: Demand) -> Why:
    if state is None or (state.last_success_at is None and state.last_outcome is Outcome.LOADED):
        return Why.NEW
    if state.last_outcome is not Outcome.LOADED:
        return Why.FAILED
    if demand.force:
        return Why.FORCED
    return Why.MOVED if state.has_moved else Why.STALE


def _line(scope_id: str, api: Api, steps: Sequence[Step]) -> PlanLine:
    tables = tuple(dict.fromkeys(step.chunk.table for step in steps))
    return PlanLine(scope_id, api, tables, len(steps), sum(step.calls for step in steps), bound_seconds(steps))


def _leaves(
    steps: Sequence[Step], spent: Callable[[Iterable[str]], Mapping[str, Spent]], now: float
) -> Iterable[float]:
    """Yield when the last call of each step may leave: each takes the first free place, as the throttle does."""
    books = dict(spent({draw.bucket for step in steps for draw in step.draws}))
    for step in steps:
        draws, at = step.draws, now
        for _ in range(step.calls):
            at = first_fit(draws, books.__getitem__, now)
            for draw in draws:
                books[draw.bucket].add(at, draw.units)
        yield at - now
