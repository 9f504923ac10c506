"""What is due, when, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from finops_lake.errors import Outcome
from finops_lake.planner.due import (
    AT_ONCE,
    NEVER,
    ChunkState,
    Demand,
    Policy,
    chunks_of,
    closes_at,
    due_at,
    due_chunks,
    next_due_at,
)
from finops_lake.source import Chunk, ScopeKind, Source, months_back, next_month

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
POLICY = Policy(NOW, 3)
HOUR = timedelta(hours=1)


def source(table: str, *, monthly: bool = False) -> Source:
    metrics = ("ActualCost", "AmortizedCost") if monthly else ()
    return Source(table, table, pa.schema([("a", pa.string())]), ("a",), 4 * HOUR, {"a": "a."}, monthly, metrics)


SUBSCRIPTIONS = replace(source("subscriptions"), scope_kinds=frozenset({ScopeKind.TENANT}))
BUDGETS = replace(source("budgets"), scope_kinds=frozenset({ScopeKind.SUBSCRIPTION, ScopeKind.OTHER}))
SOURCES = {one.table: one for one in (SUBSCRIPTIONS, source("disks"), BUDGETS)}
COST = source("cost", monthly=True)
ALL = {**SOURCES, "cost": COST}
NOVEMBER = Chunk("cost", "/s", date(2026, 11, 1), "ActualCost")
OCTOBER = Chunk("cost", "/s", date(2026, 10, 1), "ActualCost")


def state(success: datetime | None, outcome: Outcome = Outcome.LOADED, attempt: datetime | None = None) -> ChunkState:
    return ChunkState(outcome, attempt or success or NOW, success)


@pytest.mark.parametrize(
    ("chunk", "known", "demand", "expected"),
    [
        (NOVEMBER, None, Demand(), AT_ONCE),
        (NOVEMBER, state(NOW), Demand(force=True), AT_ONCE),
        (NOVEMBER, state(NOW - HOUR), Demand(), NOW + 3 * HOUR),
        (OCTOBER, state(closes_at(date(2026, 10, 1))), Demand(), NEVER),
        (OCTOBER, state(closes_at(date(2026, 10, 1)) - HOUR), Demand(), closes_at(date(2026, 10, 1)) + 23 * HOUR),
        (NOVEMBER, state(None, Outcome.FAILED, NOW), Demand(), NOW + timedelta(minutes=5)),
        (NOVEMBER, state(NOW - HOUR, Outcome.PARTIAL, NOW), Demand(), NOW + timedelta(minutes=5)),
        (NOVEMBER, state(None, Outcome.DENIED, NOW), Demand(), NOW + 24 * HOUR),
        (NOVEMBER, state(None, Outcome.DENIED, NOW), Demand(retry_refused=True), AT_ONCE),
        (NOVEMBER, state(None), Demand(), AT_ONCE),
    ],
)
def test_when_a_chunk_is_due(chunk: Chunk, known: ChunkState | None, demand: Demand, expected: datetime) -> None:
    assert due_at(chunk, COST, known, POLICY, demand) == expected


def test_a_set_maximal_age_replaces_each_tables_own() -> None:
    policy = Policy(NOW, 3, timedelta(minutes=5))
    assert due_at(NOVEMBER, COST, state(NOW), policy, Demand()) == NOW + timedelta(minutes=5)


def test_months_close_on_the_sixth_of_the_next_one() -> None:
    assert closes_at(date(2026, 12, 1)) == datetime(2027, 1, 6, tzinfo=UTC)


def test_a_demand_narrows_tables_scopes_and_months() -> None:
    every = chunks_of(ALL.values(), ["/a", "/b"], ["/mg"], POLICY, Demand())
    assert len(every) == 1 + 2 + 3 + 2 * 3 * 2
    assert Chunk("budgets", "/mg") in every
    assert Chunk("disks", "/mg") not in every
    one = chunks_of(
        ALL.values(),
        ["/a", "/b"],
        [],
        POLICY,
        Demand(tables=frozenset({"cost"}), scopes=frozenset({"/b"}), months=frozenset({date(2026, 10, 1)})),
    )
    assert one == [Chunk("cost", "/b", date(2026, 10, 1), metric) for metric in COST.metrics]
    longer = chunks_of([COST], ["/a"], [], POLICY, Demand(history_months=14))
    assert min(chunk.month for chunk in longer if chunk.month) == date(2025, 10, 1)


def test_listings_come_first_then_the_newest_month_of_every_scope() -> None:
    chunks = chunks_of(ALL.values(), ["/a", "/b"], [], POLICY, Demand())
    due = due_chunks(reversed(chunks), ALL, {}, POLICY, Demand())
    assert [chunk.table for chunk in due[:5]] == ["subscriptions", "disks", "disks", "budgets", "budgets"]
    assert [(chunk.month, chunk.metric, chunk.scope_id) for chunk in due[5:9]] == [
        (date(2026, 11, 1), metric, scope) for metric in COST.metrics for scope in ("/a", "/b")
    ]


def test_older_months_of_a_refused_scope_wait_a_day() -> None:
    chunks = [NOVEMBER, OCTOBER, Chunk("cost", "/t", date(2026, 10, 1), "ActualCost")]
    states = {NOVEMBER: state(None, Outcome.UNSUPPORTED, NOW - HOUR)}
    assert due_chunks(chunks, ALL, states, POLICY, Demand()) == [chunks[2]]
    assert len(due_chunks(chunks, ALL, states, POLICY, Demand(retry_refused=True))) == 3
    later = Policy(NOW + 24 * HOUR, 3)
    assert len(due_chunks(chunks, ALL, states, later, Demand())) == 3


def test_the_next_due_instant_is_the_earliest() -> None:
    states = {NOVEMBER: state(NOW - HOUR), OCTOBER: state(NOW)}
    assert next_due_at([NOVEMBER, OCTOBER], ALL, states, POLICY, Demand()) == NOW + 3 * HOUR
    assert next_due_at([], ALL, {}, POLICY, Demand()) == NEVER


def test_months_are_counted_back_over_the_turn_of_the_year() -> None:
    assert months_back(date(2026, 2, 28), 3) == [date(2026, 2, 1), date(2026, 1, 1), date(2025, 12, 1)]
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
