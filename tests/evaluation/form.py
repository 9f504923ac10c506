"""The form of a question: its words, a plan of tool calls that answers it, and its one right answer.

A file in `questions/` holds questions about one topic; a new one is found by itself. The right answer comes from the
local Azure's ledger by plain Python and decimals, never from our SQL.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Any, Protocol

from finops_lake.demo.server import LocalAzure
from tests.evaluation import questions


class Ask(Protocol):
    """Calls a tool and returns its structured content."""

    def __call__(self, tool: str, /, **arguments: Any) -> Awaitable[dict[str, Any]]: ...


Plan = Callable[[Ask], Awaitable[Any]]
Truth = Callable[[LocalAzure], Any]


@dataclass(frozen=True)
class Question:
    """What somebody asks, the calls a model should make of it, and what they must come to."""

    topic: str
    text: str
    plan: Plan
    truth: Truth


_ALL: list[Question] = []


def question(text: str, truth: Truth) -> Callable[[Plan], Plan]:
    """Register the plan below it as the answer to a question."""

    def register(plan: Plan) -> Plan:
        _ALL.append(Question(plan.__module__.rpartition(".")[2], text, plan, truth))
        return plan

    return register


def all_questions() -> list[Question]:
    """Return the questions of every file, by topic."""
    for module in pkgutil.iter_modules(questions.__path__):
        import_module(f"{questions.__name__}.{module.name}")
    return sorted(_ALL, key=lambda one: one.topic)


def records(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows with the names of their columns."""
    return [dict(zip(envelope["columns"], row, strict=True)) for row in envelope["rows"]]


def amounts(envelope: dict[str, Any], *keys: str, value: str = "billed_cost") -> dict[Any, Decimal]:
    """Return exact amounts by one column, or by a tuple of several."""
    return {
        row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys): Decimal(row[value])
        for row in records(envelope)
        if row[value] is not None
    }


def totals(envelope: dict[str, Any], value: str = "billed_cost") -> dict[str, Decimal]:
    """Return the totals by currency."""
    return {row["billing_currency"]: Decimal(row[value]) for row in envelope["totals"]}
