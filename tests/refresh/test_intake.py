"""Threads that work in order, pause while nobody takes what they brought, and never lose it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import pytest

from finops_lake.refresh.intake import Intake


def drawing(units: int) -> Callable[[], int | None]:
    left = deque(range(units))
    return lambda: left.popleft() if left else None


def everything(intake: Intake[int, int]) -> list[int]:
    found: list[int] = []
    while not intake.is_over():
        found += intake.take()
    return found


def test_every_unit_is_worked_on_once() -> None:
    with Intake(4, drawing(100), lambda unit: [unit, unit + 1000], lambda result: 1) as intake:
        found = everything(intake)
    assert sorted(found) == [*range(100), *range(1000, 1100)]
    intake.check()


def test_no_unit_is_begun_beside_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finops_lake.refresh.intake.GATHER_ROWS", 10)
    begun: list[int] = []
    paused = threading.Event()

    def work(unit: int) -> list[int]:
        begun.append(unit)
        if len(begun) == 2:
            paused.set()
        return [unit]

    with Intake(1, drawing(9), work, lambda result: 5) as intake:
        assert paused.wait(10)
        threading.Event().wait(0.1)
        assert begun == [0, 1], "ten rows wait"
        assert sorted(everything(intake)) == list(range(9))


def test_what_was_brought_before_a_thread_broke_is_not_lost() -> None:
    def work(unit: int) -> list[int]:
        if unit == 3:
            raise ZeroDivisionError
        return [unit]

    with Intake(1, drawing(9), work, lambda result: 1) as intake:
        assert everything(intake) == [0, 1, 2]
        with pytest.raises(ZeroDivisionError):
            intake.check()


def test_one_who_leaves_early_begins_nothing_more() -> None:
    begun: list[int] = []
    release = threading.Event()

    def work(unit: int) -> list[int]:
        begun.append(unit)
        release.wait(10)
        return [unit]

    with Intake(2, drawing(50), work, lambda result: 1):
        release.set()
    assert len(begun) < 50
