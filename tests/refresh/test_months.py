"""Which months of a refresh are complete."""

from __future__ import annotations

from datetime import UTC, date, datetime

from finops_lake.errors import Outcome
from finops_lake.refresh.months import ROWS_AT_LEAST, Months
from finops_lake.source import Chunk, ChunkResult

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def chunk(month: date | None, scope: str = "/a") -> Chunk:
    return Chunk("cost_daily", scope, month, "ActualCost")


def result(month: date | None, rows: int | None, scope: str = "/a") -> ChunkResult:
    outcome = Outcome.DENIED if rows is None else Outcome.LOADED
    return ChunkResult(chunk(month, scope), outcome, NOW, NOW, row_count=rows)


def test_a_month_is_complete_once_every_scope_has_arrived_whatever_became_of_it() -> None:
    months = Months([chunk(NOVEMBER), chunk(NOVEMBER, "/b"), chunk(OCTOBER), chunk(None)])
    assert months.completed_by([result(NOVEMBER, ROWS_AT_LEAST), result(None, 7)]) == set()
    assert months.completed_by([result(NOVEMBER, None, "/b")]) == {NOVEMBER}
    assert months.completed_by([result(OCTOBER, ROWS_AT_LEAST)]) == {OCTOBER}, "and each is told once"


def test_months_with_few_rows_wait_for_others() -> None:
    months = Months([chunk(NOVEMBER), chunk(OCTOBER)])
    assert months.completed_by([result(NOVEMBER, 3)]) == set()
    assert months.completed_by([result(OCTOBER, ROWS_AT_LEAST)]) == {OCTOBER, NOVEMBER}


def test_what_was_not_asked_for_completes_nothing() -> None:
    months = Months([chunk(NOVEMBER), chunk(NOVEMBER, "/b")])
    assert months.completed_by([result(OCTOBER, ROWS_AT_LEAST), result(NOVEMBER, ROWS_AT_LEAST)]) == set()
