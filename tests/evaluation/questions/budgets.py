"""Are we within budget."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from finops_lake.demo.server import LocalAzure
from finops_lake.demo.truth import BudgetTruth
from tests.conftest import TODAY
from tests.evaluation.form import Ask, question, records


def named(azure: LocalAzure, name: str) -> BudgetTruth:
    """Return a budget by its name."""
    (found,) = [item for item in azure.truth.budgets() if item.budget.name == name]
    return found


def in_state(state: str) -> Any:
    return lambda azure: sorted(item.budget.name for item in azure.truth.budgets() if item.state == state)


async def budget(ask: Ask, name: str) -> dict[str, Any]:
    rows = records(await ask("get_budget_status"))
    return next(row for row in rows if row["budget_name"] == name)


def exceeded(azure: LocalAzure) -> list[str]:
    """Return the budgets whose spend, by Azure or else by the bill, has reached the amount."""
    found = []
    for item in azure.truth.budgets():
        budget, spend = item.budget, item.spend.current
        if spend is None:
            days = azure.ledger.between(budget.start(TODAY), TODAY)
            spend = sum((charge.actual_cost for charge in days if budget.counts(charge)), Decimal(0))
        if spend >= budget.amount:
            found.append(budget.name)
    return sorted(found)


@question("Which budgets are exceeded?", exceeded)
async def _(ask: Ask) -> Any:
    return sorted(row["budget_name"] for row in records(await ask("get_budget_status", status="exceeded")))


@question("Which budgets has Azure not evaluated yet?", in_state("unknown"))
async def _(ask: Ask) -> Any:
    rows = records(await ask("get_budget_status"))
    return sorted(row["budget_name"] for row in rows if row["is_budget_currency"] and row["azure_spend"] is None)


@question(
    "How much is left of the budget development-monthly?",
    lambda azure: named(azure, "development-monthly").budget.amount - named(azure, "development-monthly").spend.current,
)
async def _(ask: Ask) -> Any:
    row = await budget(ask, "development-monthly")
    return Decimal(row["amount"]) - Decimal(row["spend"])


@question(
    "What does Azure forecast for the budget data-platform-monthly?",
    lambda azure: named(azure, "data-platform-monthly").spend.forecast,
)
async def _(ask: Ask) -> Any:
    return Decimal((await budget(ask, "data-platform-monthly"))["azure_forecast"])


@question(
    "What is the largest budget, by its amount?",
    lambda azure: max((item.budget for item in azure.truth.budgets()), key=lambda one: one.amount).name,
)
async def _(ask: Ask) -> Any:
    rows = [row for row in records(await ask("get_budget_status")) if row["amount"] is not None]
    return max(rows, key=lambda row: Decimal(row["amount"]))["budget_name"]
