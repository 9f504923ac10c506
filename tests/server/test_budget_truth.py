"""What our own charges say of every budget, filters applied, against the ledger of the local Azure."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.demo.budgets import Budget
from finops_lake.demo.server import LocalAzure
from finops_lake.plan import Demand
from tests.conftest import Refreshed, settings_for
from tests.server.calls import ask, records

pytestmark = pytest.mark.anyio


TABLES = frozenset({"subscriptions", "budgets", "cost_details", "resources", "resource_groups"})


def ledger_spend(azure: LocalAzure, budget: Budget) -> Decimal:
    charges = azure.ledger.between(budget.start(azure.today), azure.today, [budget.subscription.subscription_id])
    return sum((one.actual_cost for one in charges if one.counts_in("ActualCost") and budget.counts(one)), Decimal(0))


async def compare(app: App, azure: LocalAzure) -> list[Budget]:
    """Compare what our charges say of each budget with the ledger, and return those that could be compared."""
    rows = {row["budget_name"]: row for row in records(await ask(app, "get_budget_status"))}
    compared = []
    for item in azure.truth.budgets():
        row = rows[item.budget.name]
        if row["lake_spend"] is not None:
            compared.append(item.budget)
            assert Decimal(row["lake_spend"]) == ledger_spend(azure, item.budget), item.budget.name
        assert row["difference_reason"] != "not explained"
    return compared


async def test_our_own_spend_is_what_the_ledger_says(app: App, refreshed: Refreshed) -> None:
    assert len(await compare(app, refreshed.azure)) >= 4


async def test_filters_of_budgets_are_applied_to_lines_that_tell_enough(azure: LocalAzure, tmp_path: Path) -> None:
    settings = settings_for(azure, tmp_path, FINOPS_LAKE_COST_SOURCE="cost_details", FINOPS_LAKE_HISTORY_MONTHS="2")
    app = App(settings)
    app.refresher().refresh(Demand(tables=TABLES))
    compared = await compare(app, azure)
    app.close()
    assert [budget.name for budget in compared if budget.categories]


async def test_the_outlook_of_a_budget_agrees_with_its_amount(app: App) -> None:
    told = 0
    for row in records(await ask(app, "get_budget_status")):
        if row["lake_forecast"] is None:
            continue
        told += 1
        amount, forecast = Decimal(row["amount"]), Decimal(row["lake_forecast"])
        assert Decimal(row["lake_forecast_low"]) <= forecast <= Decimal(row["lake_forecast_high"])
        assert (forecast > amount) == (row["break_date"] is not None), row["budget_name"]
        if row["break_date"] and row["break_date_latest"]:
            assert row["break_date_earliest"] <= row["break_date"] <= row["break_date_latest"]
            assert row["period_start_date"] <= row["break_date"] <= row["period_end_date"]
    assert told >= 3
