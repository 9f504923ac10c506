"""What our own charges say of every budget, filters applied, against the ledger of the local Azure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.app import App
from finops_lake.demo.budgets import Budget
from finops_lake.demo.model import Charge
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import Refreshed, settings_for
from tests.server.calls import ask, records

pytestmark = pytest.mark.anyio


TABLES = frozenset({"subscriptions", "budgets", "cost_details", "resources", "resource_groups"})


def ledger_spend(azure: LocalAzure, budget: Budget) -> Decimal:
    subscriptions = [one.subscription_id for one in budget.subscriptions]
    charges = azure.ledger.between(budget.start(azure.today), azure.today, subscriptions)
    return sum((one.actual_cost for one in charges if one.counts_in("ActualCost") and budget.counts(one)), Decimal(0))


async def compare(app: App, azure: LocalAzure) -> list[Budget]:
    """Compare what our charges say of each budget with the ledger, and return those that could be compared."""
    answer = await ask(app, "get_budget_status", limit=1000)
    rows = {row["budget_name"]: row for row in records(answer) if row["is_budget_currency"]}
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


ALLOCATION = """
[[virtual_tag]]
name = "stage"
default = "other"
[[virtual_tag.rule]]
value = "live"
when = [{ dimension = "resource_group", operator = "contains", values = ["-PROD"] }]
"""


def budget(name: str, *more: str, currency: str = "EUR") -> str:
    """Return a budget of the configuration, of 1 unless `more` says another amount."""
    amount = () if any(line.startswith("amount") for line in more) else ("amount = 1",)
    return "\n".join(["[[budgets]]", f'name = "{name}"', *amount, f'currency = "{currency}"', *more, ""])


def filtered(dimension: str, *values: str, more: str = "") -> str:
    """Return the filter of a budget."""
    return f'filter = [{{ dimension = "{dimension}", values = {json.dumps(values)}{more} }}]'


BUDGETS = (
    budget(
        *("Everything", "amount = 1000000"),
        'thresholds = [{ percent = 0.01 }, { percent = 0.02, kind = "Forecasted" }]',
    ),
    budget(
        *("machines", 'period = "quarter"', 'scope = "/subscriptions/%s"'),
        filtered("meter_category", "virtual machines", "Storage"),
    ),
    budget("live", filtered("virtual:stage", "live")),
    budget("no stage", filtered("resource_group", "-prod", more=', operator = "contains", not = true')),
    budget("tagged", filtered("tag:env", "prod")),
    budget("nothing", filtered("service", "no such service")),
    budget("yens", currency="JPY"),
    budget("lost", filtered("virtual:nobody", "live")),
    budget("elsewhere", 'scope = "/providers/Microsoft.Billing/billingAccounts/none"'),
    budget("over", "end = 2026-10-31"),
)
CONFIG = "\n".join(BUDGETS)


async def test_filters_and_local_budgets_are_what_the_ledger_says(azure: LocalAzure, tmp_path: Path) -> None:
    guid = azure.subscription_ids[0]
    (tmp_path / "config.toml").write_text(CONFIG % guid)
    (tmp_path / "allocation.toml").write_text(ALLOCATION)
    settings = settings_for(azure, tmp_path, FINOPS_LAKE_COST_SOURCE="cost_details", FINOPS_LAKE_HISTORY_MONTHS="2")
    app = App(settings)
    assert app.refresher().refresh(Demand(tables=TABLES)).notes == ()
    compared = await compare(app, azure)
    assert [budget.name for budget in compared if budget.categories]
    answer = await ask(app, "get_budget_status", limit=1000)
    check_local_budgets(azure, {(row["budget_name"], row["billing_currency"]): row for row in records(answer)})
    left = {row["billing_currency"] for row in answer["unbudgeted"]}
    assert "EUR" not in left, "the budget of everything counts all charges in its currency, and no others"
    tagged = await ask(app, "get_cost", tags=["env=prod"], metric="billed_cost")
    spent = {row["billing_currency"]: row["lake_spend"] for row in records(answer) if row["budget_name"] == "tagged"}
    assert spent == {total["billing_currency"]: total["billed_cost"] for total in tagged["totals"]}
    check_overlaps(azure, answer["overlaps"])
    later = App(settings.model_copy(update={"budgets": (replace_amount(settings.budgets[0]),)}))
    assert (
        "Configured since the last refresh, and counted from the next one: everything."
        in ((await ask(later, "get_budget_status"))["notes"])
    )
    app.close()
    later.close()


def replace_amount(budget: Any) -> Any:
    return budget.model_copy(update={"amount": Decimal(2)})


def charges_since(azure: LocalAzure, start: date) -> list[Charge]:
    return [one for one in azure.ledger.between(start, azure.today) if one.counts_in("ActualCost")]


def is_live(charge: Charge) -> bool:
    return "-prod" in (charge.line.resource_group or "")


def sums(charges: Iterable[Charge]) -> dict[str, Decimal]:
    """Return the actual cost of charges by currency."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in charges:
        found[one.line.currency] += one.actual_cost
    return dict(found)


def check_local_budgets(azure: LocalAzure, rows: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
    month = azure.today.replace(day=1)
    counts: dict[str, Callable[[Charge], bool]] = {
        "Everything": lambda one: True,
        "live": is_live,
        "no stage": lambda one: not is_live(one),
        "yens": lambda one: True,
    }
    for name, is_counted in counts.items():
        truth = sums(one for one in charges_since(azure, month) if is_counted(one))
        own = "JPY" if name == "yens" else "EUR"
        assert "EUR" in truth
        for currency, cost in truth.items():
            row = rows[name, currency]
            assert Decimal(row["lake_spend"]) == cost, (name, currency)
            assert (row["status"] == "other_currency") == (currency != own)
            assert (row["amount"] is None) == (currency != own)
    everything = rows["Everything", "EUR"]
    assert everything["thresholds_reached"] == ["Actual 0.01 %", "Forecasted 0.02 %"]
    assert (everything["status"], everything["spend_source"], everything["source"]) == ("at_risk", "lake", "local")
    machines = rows["machines", "EUR"]
    quarter = [
        one
        for one in charges_since(azure, date(2026, 10, 1))
        if one.line.subscription.subscription_id == azure.subscription_ids[0]
        and one.line.meter_category in ("Virtual Machines", "Storage")
    ]
    assert Decimal(machines["lake_spend"]) == sums(quarter)["EUR"]
    assert (machines["period_start_date"], machines["status"]) == ("2026-10-01", "exceeded")
    nothing = rows["nothing", "EUR"]
    assert (nothing["lake_spend"], nothing["covers_nothing"], nothing["status"]) == ("0", True, "ok")
    unknown = {"lost": "virtual:nobody", "elsewhere": "none of its charges is in the lake"}
    for name, reason in unknown.items():
        row = rows[name, "EUR"]
        assert (row["lake_spend"], row["spend"], row["status"]) == (None, None, "unknown")
        assert reason in row["difference_reason"]
    assert rows["yens", "JPY"]["lake_spend"] is None, "never compared with another currency"
    assert rows["yens", "JPY"]["difference_reason"] == "the charges are in another currency"
    assert rows["over", "EUR"]["status"] == "expired"


def check_overlaps(azure: LocalAzure, pairs: list[dict[str, Any]]) -> None:
    found = {(one["budget_name"], one["other_budget_name"], one["billing_currency"]): one for one in pairs}
    live = sums(one for one in charges_since(azure, azure.today.replace(day=1)) if is_live(one))
    pair = found["Everything", "live", "EUR"]
    assert (pair["relation"], Decimal(pair["shared_cost"])) == ("contains", live["EUR"])
    assert ("live", "no stage", "EUR") not in found
    assert not [one for one in pairs if "over" in (one["budget_name"], one["other_budget_name"])]


async def test_spend_without_a_budget_is_what_the_ledger_leaves(app: App, refreshed: Refreshed) -> None:
    """The Cost Management query cannot tell meter categories: what such a budget may count is told apart."""
    azure = refreshed.azure
    truth: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    budgets = [item.budget for item in azure.truth.budgets()]
    for one in charges_since(azure, date(2026, 10, 1)):
        line = one.line
        within = [budget for budget in budgets if replace(budget, categories=(), tag=None).counts(one)]
        place = 0 if any(not budget.categories for budget in within) else 1 if within else 2
        truth[line.subscription.scope, f"{one.usage_date:%Y-%m}-01", line.currency][place] += one.actual_cost
    answer = await ask(app, "get_budget_status")
    listed = {
        (row["sub_account_id"], row["billing_month"], row["billing_currency"]): row for row in answer["unbudgeted"]
    }
    assert set(listed) == {key for key, (_, untold, none) in truth.items() if untold or none}
    assert listed, "a subscription has no budget"
    for key, row in listed.items():
        costs = [Decimal(row[name]) for name in ("budgeted_cost", "untold_cost", "unbudgeted_cost")]
        assert costs == truth[key], key
        assert Decimal(row["billed_cost"]) == sum(truth[key])


async def test_spend_of_a_subscription_whose_budgets_cannot_be_read_is_not_said_to_have_none(denied_app: App) -> None:
    answer = await ask(denied_app, "get_budget_status")
    (denied,) = {one["scope_id"] for one in answer["scopes"]["missing"]}
    rows = [row for row in answer["unbudgeted"] if row["sub_account_id"] == denied]
    assert all(row["unbudgeted_cost"] is None for row in rows)


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
