"""Thirty and more questions of a FinOps team, each with one right answer, asked through a real client."""

from __future__ import annotations

from pathlib import Path

import pytest

from finops_lake.server.catalog import TOOLS
from finops_lake.server.replies import ANSWER_BYTES
from tests.conftest import Refreshed
from tests.evaluation.form import all_questions
from tests.evaluation.run import evaluate, report

LEAST_QUESTIONS = 30
MOST_CALLS = 6
"""A question that takes more calls needs a better tool."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_every_question_is_answered_right_to_the_last_digit(
    refreshed: Refreshed, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = all_questions()
    assert len(questions) >= LEAST_QUESTIONS
    assert len({one.text for one in questions}) == len(questions)
    outcomes = await evaluate(refreshed.azure, refreshed.settings.home, questions)
    with capsys.disabled():
        print(f"\n{report(outcomes).splitlines()[-1]}")
    wrong = [one for one in outcomes if not one.is_right]
    assert not wrong, report(wrong)
    assert all(one.truth not in (None, {}, [], ()) for one in outcomes), "an empty truth proves nothing"
    assert max(one.calls for one in outcomes) <= MOST_CALLS
    assert max(one.size / one.calls for one in outcomes) < 2 * ANSWER_BYTES


def test_every_tool_that_answers_questions_is_asked_one() -> None:
    """The source of each plan names its tools; refresh_lake answers nothing."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("questions/*.py"))
    missing = {entry.name for entry in TOOLS if f'"{entry.name}"' not in text} - {"refresh_lake"}
    assert missing == set(), f"add a question for {missing}"
