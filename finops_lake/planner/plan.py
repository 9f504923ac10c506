"""The plan of a refresh: what it will ask of whom, why, with how many calls, and how long the limits make it take.

It is made before the first call, from what the lake knows, and then carried out as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from finops_lake.errors import Outcome
from finops_lake.limits import Draw, Spent, draws_of, first_fit, least_seconds
from finops_lake.planner.due import ChunkState, Demand, units_of
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
    """One chunk to be asked for: of which API, why, and with about how many calls (as the last time took).

    Of `together` chunks that one question covers, the first has the calls, the others none.
    """

    chunk: Chunk
    api: Api
    why: Why
    calls: int
    query_months: int = 1
    together: int = 1

    @property
    def asked(self) -> str:
        """The scope that is asked, or how many at once."""
        return self.chunk.scope_id if self.together == 1 else f"{self.together} scopes"

    @property
    def draws(self) -> tuple[Draw, ...]:
        """Return what each of its calls takes from the limits."""
        return draws_of(self.api, self.chunk.scope_id, self.query_months)


@dataclass(frozen=True)
class PlanLine:
    """The steps of one scope and API together, or of the scopes that one question covers.

    `seconds` is what their own limits make them take at least.
    """

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

    `learned` are the limits that Azure's headers have shown to be larger than the published ones, by bucket.
    `is_listing_first` says that the subscriptions are not known well enough yet: they are listed first, and what is
    asked of new ones is added to the plan then.
    """

    made_at: datetime
    steps: tuple[Step, ...]
    leaves: tuple[float, ...] = ()
    is_listing_first: bool = False
    learned: Mapping[str, int] = field(default_factory=dict)

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
            groups.setdefault((step.asked, step.api), []).append(step)
        return [_line(scope_id, api, steps, self.learned) for (scope_id, api), steps in groups.items()]


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
    expected: Mapping[Chunk, int] | None = None,
) -> RefreshPlan:
    """Return the plan for chunks that are due; `spent` tells what is taken of buckets at `now` (None: not paced).

    `expected` are the calls of chunks of which more is known than their source, or their last load, tells.
    """
    known = expected or {}
    units = units_of(due, sources)
    steps = tuple(step for unit in units for step in _steps(unit, sources[unit[0].table], states, demand, known))
    if spent is None:
        return RefreshPlan(made_at, steps, (), is_listing_first)
    books = spent({draw.bucket for step in steps for draw in step.draws})
    learned = {bucket: book.allowed for bucket, book in books.items() if book.allowed is not None}
    return RefreshPlan(made_at, steps, tuple(_leaves(steps, books, now)), is_listing_first, learned)


def bound_seconds(steps: Iterable[Step], learned: Mapping[str, int] | None = None) -> float:
    """Return how long the limits make these steps take at least when nothing was spent before."""
    allowed = learned or {}
    draws = (draw for step in steps for _ in range(step.calls) for draw in step.draws)
    return least_seconds(draw.as_learned(allowed.get(draw.bucket)) for draw in draws)


def _steps(
    unit: Sequence[Chunk],
    source: Source,
    states: Mapping[Chunk, ChunkState],
    demand: Demand,
    expected: Mapping[Chunk, int],
) -> Iterator[Step]:
    """Yield the steps of what is fetched together; the calls are told of the first, as a refresh does."""
    if unit[0] in expected:
        calls = expected[unit[0]]
    elif source.batch == 1 and unit[0] in states:
        calls = max(states[unit[0]].calls, 1)
    else:
        loaded = [states[chunk] for chunk in unit if chunk in states]
        calls = max(sum(one.calls for one in loaded if one.last_success_at), source.calls)
    for chunk in unit:
        yield Step(chunk, source.api, _why(states.get(chunk), demand), calls, source.query_months, len(unit))
        calls = 0


def _why(state: ChunkState | None, demand: Demand) -> Why:
    if state is None or (state.last_success_at is None and state.last_outcome is Outcome.LOADED):
        return Why.NEW
    if state.last_outcome is not Outcome.LOADED:
        return Why.FAILED
    if demand.force:
        return Why.FORCED
    return Why.MOVED if state.has_moved else Why.STALE


def _line(scope_id: str, api: Api, steps: Sequence[Step], learned: Mapping[str, int]) -> PlanLine:
    tables = tuple(dict.fromkeys(step.chunk.table for step in steps))
    calls = sum(step.calls for step in steps)
    return PlanLine(scope_id, api, tables, len(steps), calls, bound_seconds(steps, learned))


def _leaves(steps: Sequence[Step], books: Mapping[str, Spent], now: float) -> Iterable[float]:
    """Yield when the last call of each step may leave: each takes the first free place, as the throttle does.

    A step without calls of its own comes with the one before.
    """
    at = now
    for step in steps:
        draws, at = step.draws, at if step.calls == 0 else now
        for _ in range(step.calls):
            at = first_fit(draws, books.__getitem__, now)
            for draw in draws:
                books[draw.bucket].add(at, draw.units)
        yield at - now
