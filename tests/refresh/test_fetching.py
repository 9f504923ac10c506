"""Fetching in parallel: one chunk's failure is its own, and the process is left as it was found."""

from __future__ import annotations

import gc
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from finops_lake.azure_api.clients import AzureClients, Calls
from finops_lake.errors import AccessDeniedError, Outcome, OutOfTimeError, SignInError, UnreachableError
from finops_lake.extract.catalog import EXTRACTORS, Extractor
from finops_lake.refresh.fetching import Fetcher
from finops_lake.source import Chunk, Fetched, StoredRows

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SOURCE = EXTRACTORS["cost_daily"].source


@dataclass
class Clients:
    """Stands for the clients, of which a fetcher needs only the counting and the closing."""

    closed: bool = False

    def calls(self, *_: Any) -> AbstractContextManager[Calls]:
        return nullcontext(Calls())

    def close(self) -> None:
        self.closed = True


@dataclass
class Script:
    """Answers by scope: rows, or an error to raise."""

    errors: dict[str, Exception] = field(default_factory=dict)
    asked: list[Chunk] = field(default_factory=list)
    collecting: list[bool] = field(default_factory=list)
    rows: pa.Table = field(default_factory=SOURCE.schema.empty_table)

    def fetch(self, azure: AzureClients, chunk: Chunk) -> Fetched:
        self.asked.append(chunk)
        self.collecting.append(gc.isenabled())
        if chunk.scope_id in self.errors:
            raise self.errors[chunk.scope_id]
        return Fetched(self.rows)


def fetcher(script: Script, clients: Clients, **more: Any) -> Fetcher:
    extractors = {"cost_daily": Extractor(SOURCE, script.fetch)}
    azure = cast("AzureClients", clients)
    return Fetcher(azure, extractors, **{"workers": 1, "deadline": 1e12, "clock": lambda: NOW, **more})


def month(scope: str, number: int = 11) -> Chunk:
    return Chunk("cost_daily", scope, date(2026, number, 1), "ActualCost")


def test_each_chunk_has_its_own_outcome() -> None:
    script = Script({"/b": UnreachableError("no route", code="X"), "/c": AccessDeniedError("no", next_step="ask")})
    batches = list(fetcher(script, Clients(), workers=3).fetch_all([month("/a"), month("/b"), month("/c")]))
    results = {result.chunk.scope_id: result for batch in batches for result, _ in batch}
    assert {scope: result.outcome for scope, result in results.items()} == {
        "/a": Outcome.LOADED,
        "/b": Outcome.FAILED,
        "/c": Outcome.DENIED,
    }
    assert (results["/b"].error_code, results["/c"].next_step) == ("X", "ask")


def test_rows_in_a_file_are_let_go_of_once_they_were_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "rows.part"
    path.write_bytes(b"rows")
    kept = StoredRows(path)
    extractors = {"cost_daily": Extractor(SOURCE, lambda azure, chunk: Fetched(kept))}
    azure = cast("AzureClients", Clients())
    for batch in Fetcher(azure, extractors, 1, 1e12, lambda: NOW).fetch_all([month("/a")]):
        assert path.exists() == bool(batch)
    assert not path.exists()


def test_older_months_of_a_refused_scope_are_skipped_and_others_are_not() -> None:
    script = Script({"/b": AccessDeniedError("no")})
    one = fetcher(script, Clients())
    chunks = [month("/b"), *(month(scope, number) for number in (10, 9, 8, 7) for scope in ("/a", "/b"))]
    list(one.fetch_all(chunks))
    assert one.skipped > 0
    assert [chunk.scope_id for chunk in script.asked].count("/a") == 4
    assert len(script.asked) + one.skipped == len(chunks)


def test_what_arrives_at_about_the_same_time_is_given_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finops_lake.refresh.intake.GATHER_SECONDS", 60.0)
    chunks = [month(f"/{number}") for number in range(9)]
    batches = list(fetcher(Script(), Clients(), workers=2).fetch_all(chunks))
    assert [len(batch) for batch in batches] == [9]


def test_many_rows_wait_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finops_lake.refresh.intake.GATHER_SECONDS", 60.0)
    monkeypatch.setattr("finops_lake.refresh.intake.GATHER_ROWS", 1)
    script = Script(rows=pa.table([pa.nulls(1, one.type) for one in SOURCE.schema], schema=SOURCE.schema))
    chunks = [month(f"/{number}") for number in range(9)]
    batches = [batch for batch in fetcher(script, Clients(), workers=1).fetch_all(chunks) if batch]
    assert len(batches) > 1
    assert sum(map(len, batches)) == 9


def test_what_arrived_before_the_sign_in_ran_out_is_given_first() -> None:
    one = fetcher(Script({"/b": SignInError("expired")}), Clients(), workers=1)
    batches = one.fetch_all([month("/a"), month("/b")])
    assert [result.chunk.scope_id for result, _ in next(batches)] == ["/a"]
    with pytest.raises(SignInError):
        next(batches)


def test_past_the_deadline_nothing_more_is_asked() -> None:
    script = Script()
    one = fetcher(script, Clients(), deadline=0.0)
    assert list(one.fetch_all([month("/a"), month("/b")])) == []
    assert (one.left, script.asked) == (2, [])


def test_a_lost_sign_in_ends_it_and_the_process_is_left_as_it_was() -> None:
    script, clients = Script({"/a": SignInError("expired")}), Clients()
    pool = pa.default_memory_pool().backend_name
    assert gc.isenabled()
    with pytest.raises(SignInError):
        list(fetcher(script, clients).fetch_all([month("/a"), month("/b")]))
    assert clients.closed
    assert script.collecting[0] is False
    assert gc.isenabled()
    assert pa.default_memory_pool().backend_name == pool


def test_a_defect_is_not_taken_for_an_outcome() -> None:
    with pytest.raises(ZeroDivisionError):
        list(fetcher(Script({"/a": ZeroDivisionError()}), Clients()).fetch_all([month("/a")]))


def test_garbage_is_collected_now_and_then_although_the_collector_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda *_: collected.append(1))
    clock = iter(range(0, 100_000, 70))
    list(fetcher(Script(), Clients(), monotonic=lambda: float(next(clock))).fetch_all([month("/a"), month("/b")]))
    assert len(collected) >= 2


def test_what_the_limits_allow_too_late_is_left_and_not_a_failure() -> None:
    script = Script({"/late": OutOfTimeError("It may leave in 60 s, which is more time than there is.")})
    one = fetcher(script, Clients())
    chunks = [month("/late", number) for number in (11, 10, 9, 8)] + [month("/free")]
    arrived = [result for batch in one.fetch_all(chunks) for result, _ in batch]
    assert [(result.chunk.scope_id, result.outcome) for result in arrived] == [("/free", Outcome.LOADED)]
    assert one.left == 4
    assert len(script.asked) < 5, "more of a scope whose turn comes too late is not even tried"
