"""Budgets of scopes above subscriptions, from the local Azure's list through a refresh to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.app import App
from finops_lake.demo.billing import BillingScope
from finops_lake.demo.budgets import Budget
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import settings_for
from tests.server.calls import ask, records
from tests.server.test_budget_truth import TABLES, charges_since, ledger_spend, sums

pytestmark = pytest.mark.anyio

Row = Mapping[str, Any]


def scope_ending(azure: LocalAzure, end: str) -> BillingScope:
    """Return the one scope of the local Azure whose id ends so."""
    (found,) = (scope for scope in azure.world.billing.scopes.values() if scope.scope_id.endswith(end))
    return found


def add_budget(azure: LocalAzure, name: str, scope: BillingScope, amount: int = 10**6, **more: Any) -> Budget:
    """Have the local Azure list a budget of a wide scope, in the currency of the first subscription beneath it."""
    below = scope.subscriptions
    budget = Budget(below[0], name, "healthy", Decimal(amount), wide=scope.scope_id, within=below, **more)
    azure.world.add_budget(budget)
    return budget


async def answered(azure: LocalAzure, home: Path, *scopes: BillingScope, **more: str) -> dict[str, Any]:
    """Refresh a home that reads the budgets of these scopes, too, and return what get_budget_status says."""
    settings = {
        "FINOPS_LAKE_BUDGET_SCOPES": ",".join(scope.scope_id for scope in scopes),
        "FINOPS_LAKE_HISTORY_MONTHS": "1",
        "FINOPS_LAKE_COST_SOURCE": "cost_details",
        "FINOPS_LAKE_MAX_RETRIES": "0",
    }
    app = App(settings_for(azure, home, **settings, **more))
    app.refresher().refresh(Demand(tables=TABLES | {"subscription_ancestors"}))
    answer: dict[str, Any] = await ask(app, "get_budget_status", limit=1000)
    app.close()
    return answer


def row_of(answer: Mapping[str, Any], name: str) -> Row:
    (row,) = (row for row in records(answer) if row["budget_name"] == name and row["is_budget_currency"])
    return row


def check_azures_figure(azure: LocalAzure, row: Row) -> None:
    (truth,) = (item for item in azure.truth.budgets() if item.budget.name == row["budget_name"])
    assert Decimal(row["azure_spend"]) == truth.spend.current


async def test_a_budget_of_a_management_group_counts_what_the_ledger_bills_beneath_it(
    azure: LocalAzure, tmp_path: Path
) -> None:
    zones, root = scope_ending(azure, "/mg-landing-zones"), scope_ending(azure, azure.world.estate.tenant_id)
    assert 1 < len(zones.subscriptions) < len(root.subscriptions), "a group above some, one above all"
    budgets = (
        add_budget(azure, "zones", zones, amount=1),
        add_budget(azure, "all", root),
        add_budget(azure, "stores", zones, categories=("Storage",)),
    )
    answer = await answered(azure, tmp_path, zones, root)
    for budget in budgets:
        row = row_of(answer, budget.name)
        assert Decimal(row["lake_spend"]) == ledger_spend(azure, budget) > 0
        assert row["budget_scope_id"] == (budget.wide or "").lower()
        assert row["difference_reason"] == "open days"
        check_azures_figure(azure, row)
    assert (row_of(answer, "zones")["status"], row_of(answer, "all")["status"]) == ("exceeded", "ok")
    own = budgets[0].subscription.currency
    (pair,) = (
        one
        for one in answer["overlaps"]
        if (one["budget_name"], one["other_budget_name"], one["billing_currency"]) == ("all", "zones", own)
    )
    assert Decimal(pair["shared_cost"]) == ledger_spend(azure, budgets[0])
    assert own not in {one["billing_currency"] for one in answer["unbudgeted"]}, "that of the root counts everything"


async def test_currencies_beneath_a_management_group_are_never_added(azure: LocalAzure, tmp_path: Path) -> None:
    root = scope_ending(azure, azure.world.estate.tenant_id)
    budget = add_budget(azure, "all", root)
    answer = await answered(azure, tmp_path, root)
    truth = sums(charges_since(azure, azure.today.replace(day=1)))
    rows = {row["billing_currency"]: row for row in records(answer) if row["budget_name"] == "all"}
    assert {currency: Decimal(row["lake_spend"]) for currency, row in rows.items()} == truth
    others = {row["status"] for currency, row in rows.items() if currency != budget.subscription.currency}
    assert others <= {"other_currency"}


async def test_a_management_group_of_which_a_subscription_is_not_read_has_no_figure_of_ours(
    azure: LocalAzure, tmp_path: Path
) -> None:
    """Azure's figure still stands, and the answer says what is missing, whatever keeps us from reading it."""
    zones = scope_ending(azure, "/mg-landing-zones")
    add_budget(azure, "zones", zones)
    first, second = (one.subscription_id for one in zones.subscriptions)
    chosen = await answered(azure, tmp_path / "chosen", zones, FINOPS_LAKE_SUBSCRIPTIONS=first)
    azure.faults.add("denied", operation="create_report", subscription=second, times=None)
    denied = await answered(azure, tmp_path / "denied", zones)
    reasons = ("not known whether subscriptions that are not read belong to it: 2", "not in the lake: 2026-11")
    for answer, reason in zip((chosen, denied), reasons, strict=True):
        row = row_of(answer, "zones")
        assert row["lake_spend"] is None
        assert row["difference_reason"].startswith(reason)
        check_azures_figure(azure, row)


async def test_a_budget_of_a_billing_account_counts_what_the_ledger_bills_there(
    azure: LocalAzure, tmp_path: Path
) -> None:
    """Where only some subscriptions of the account are read, there is no figure of ours; Azure's still stands."""
    account = scope_ending(azure, f"/{azure.world.billing.enrolment_id}")
    assert len(account.subscriptions) > 1
    budget = add_budget(azure, "enrolled", account)
    whole = row_of(await answered(azure, tmp_path / "whole", account, FINOPS_LAKE_SCOPES=account.scope_id), "enrolled")
    part = row_of(await answered(azure, tmp_path / "part", account), "enrolled")
    assert Decimal(whole["lake_spend"]) == ledger_spend(azure, budget)
    assert whole["difference_reason"] == "open days"
    assert part["lake_spend"] is None
    assert part["difference_reason"] == "not in the lake: 2026-11 of the scope as a whole"
    for row in (whole, part):
        check_azures_figure(azure, row)


async def test_budgets_of_an_enrolment_show_azures_figure_and_say_why_there_is_none_of_ours(
    azure: LocalAzure, tmp_path: Path
) -> None:
    scopes = [scope_ending(azure, end) for end in ("/enrollmentAccounts/225314", "/departments/84819")]
    for number, scope in enumerate(scopes):
        add_budget(azure, f"part {number}", scope)
    answer = await answered(azure, tmp_path, *scopes)
    for number in range(len(scopes)):
        row = row_of(answer, f"part {number}")
        assert (row["lake_spend"], row["spend_source"]) == (None, "azure")
        assert row["difference_reason"] == "charges do not tell what belongs to such a scope"
        check_azures_figure(azure, row)
