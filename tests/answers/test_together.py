"""Two parts of an answer asked at the same time."""

from __future__ import annotations

import contextvars
import threading

import pytest

from finops_lake.answers.together import together

REQUEST = contextvars.ContextVar("REQUEST", default="")


def test_both_are_under_way_at_once_and_know_whose_question_it_is() -> None:
    REQUEST.set("one")
    met = threading.Barrier(2, timeout=30)

    def asked() -> tuple[str, int]:
        met.wait()
        return REQUEST.get(), threading.get_ident()

    (first, here), (second, there) = together(asked, asked)
    assert first == second == "one"
    assert here != there


@pytest.mark.parametrize("failing", [0, 1])
def test_what_either_raises_is_raised_after_both_have_ended(failing: int) -> None:
    ended: list[int] = []

    def part(number: int) -> None:
        ended.append(number)
        if number == failing:
            raise ValueError(str(number))

    with pytest.raises(ValueError, match=str(failing)):
        together(lambda: part(0), lambda: part(1))
    assert sorted(ended) == [0, 1]
