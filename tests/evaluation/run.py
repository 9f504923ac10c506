"""Asks every question through a real client process over stdio, and says what came of it.

`python -m tests.evaluation` prints calls, bytes and correctness of each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.client import Client
from mcp.client.stdio import stdio_client

from finops_lake.demo.server import LocalAzure
from tests.evaluation.form import Question
from tests.server.test_stdio import served


@dataclass(frozen=True)
class Outcome:
    """How a question was answered: calls made, bytes of structured content a model would read, right or wrong."""

    question: Question
    calls: int
    size: int
    answer: Any
    truth: Any

    @property
    def is_right(self) -> bool:
        """Return whether the answer is the truth, to the last digit."""
        return bool(self.answer == self.truth)


class Asker:
    """Calls tools and counts."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.calls = 0
        self.size = 0

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Return the structured content; a refused call ends the plan."""
        result = await self._client.call_tool(tool, arguments)
        self.calls += 1
        assert not result.is_error, result.content
        content: dict[str, Any] = result.structured_content or {}
        self.size += len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
        return content


async def evaluate(azure: LocalAzure, home: Path, questions: Sequence[Question]) -> list[Outcome]:
    """Return what became of each question, all asked of one server process."""
    outcomes = []
    async with Client(stdio_client(served(azure, home))) as client:
        for question in questions:
            asker = Asker(client)
            try:
                answer = await question.plan(asker)
            except (AssertionError, LookupError, StopIteration, RuntimeError, TypeError, ValueError) as error:
                answer = error
            outcomes.append(Outcome(question, asker.calls, asker.size, answer, question.truth(azure)))
    return outcomes


def report(outcomes: Sequence[Outcome]) -> str:
    """Return a line per question and a line for all."""
    lines = ["| topic | question | calls | bytes | right |", "| --- | --- | --- | --- | --- |"]
    for one in outcomes:
        right = "yes" if one.is_right else f"NO: {one.answer!r} instead of {one.truth!r}"
        lines.append(f"| {one.question.topic} | {one.question.text} | {one.calls} | {one.size:,} | {right} |")
    calls, size = sum(one.calls for one in outcomes), sum(one.size for one in outcomes)
    right = sum(one.is_right for one in outcomes)
    return "\n".join([*lines, f"\n{right} of {len(outcomes)} right; {calls} calls, {size:,} bytes."])
