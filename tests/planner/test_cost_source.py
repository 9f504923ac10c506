"""Refreshes that choose the source of cost: by offer, after a refusal, and never twice; over TLS, into a real lake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.app import App
from finops_lake.demo.billing import agreement_of
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import Outcome
from finops_lake.planner.due import Demand
from tests.conftest import TODAY, set_sign_in, settings_for

AUTO = {"FINOPS_LAKE_COST_SOURCE": "auto", "FINOPS_LAKE_HISTORY_MONTHS": "2"}
TABLES = frozenset({"subscriptions", "billing_accounts", "cost_daily", "cost_details", "usage_details"})


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAzure]:
    with LocalAzure(today=TODAY, subscriptions=4, resources=2, days=40) as azure:
        set_sign_in(monkeypatch, azure)
        azure.world.reports.polls = 0
        yield azure
        assert azure.crashes == []
        assert azure.writes == []


@pytest.fixture
def app_of(azure: LocalAzure, tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Make the application of one home with further settings."""
    made: list[App] = []

    def make(**settings: str) -> App:
        made.append(App(settings_for(azure, tmp_path, **{**AUTO, **settings})))
        return made[-1]

    yield make
    for app in made:
        app.close()


def refresh(app: App, **demand: Any) -> Any:
    return app.refresher().refresh(Demand(tables=TABLES, **demand))


def sources(app: App) -> dict[str, str]:
    return dict(app.lake.query("select scope_id, source from meta.cost_sources").rows)


def totals(app: App, table: str, columns: tuple[str, str], subscription: str) -> dict[tuple[str, str, str], Decimal]:
    """Return sums by subscription, metric and currency of a raw table, or of the rows of one."""
    cost, currency = columns
    rows = app.lake.query(f"select {subscription}, _metric, {currency}, sum({cost}) from {table} group by all").rows
    return {(row[0], row[1], row[2]): row[3] for row in rows if row[3]}


def truth(azure: LocalAzure, *scopes: str) -> dict[tuple[str, str, str], Decimal]:
    found = {}
    for metric in ("ActualCost", "AmortizedCost"):
        for (subscription, currency), cost in azure.truth.totals(metric=metric).items():
            if f"/subscriptions/{subscription}" in scopes and cost:
                found[(str(subscription), metric, str(currency))] = cost
    return found


LINE = ("cost_in_billing_currency", "billing_currency")
SUM = ("cost", "currency")


def test_auto_asks_reports_where_there_are_agreements_and_usage_details_for_pay_as_you_go(azure, app_of):
    report = refresh(app_of())
    assert report.failures == ()
    app = app_of()
    chosen = {item.scope: agreement_of(item) for item in azure.world.estate.subscriptions}
    expected = {
        scope: "usage_details" if agreement == "MicrosoftOnlineServicesProgram" else "cost_details"
        for scope, agreement in chosen.items()
    }
    assert sources(app) == expected
    reported = [scope for scope, source in expected.items() if source == "cost_details"]
    others = [scope for scope in expected if scope not in reported]
    assert totals(app, "raw.cost_details", LINE, "subscription_id") == truth(azure, *reported)
    assert totals(app, "raw.usage_details", LINE, "subscription_id") == truth(azure, *others)
    assert app.lake.query("select count(*) from raw.cost_daily").rows == [(0,)]
    assert app.lake.query("select count(*) from staging.billing_accounts").rows == [(3,)]
    reason = app.lake.query(f"select distinct source_reason from meta.scopes where scope_id = '{others[0]}'").rows
    assert "PayAsYouGo_2014-09-01" in str(reason)


def test_a_refused_source_is_remembered_and_the_next_one_asked_in_the_same_refresh(azure, app_of):
    scope = azure.world.estate.subscriptions[0].scope
    azure.faults.add("unsupported_offer_422", operation="create_report", subscription=scope[15:], times=None)
    report = refresh(app_of())
    assert report.failures == (), "the cost is there, by another source"
    app = app_of()
    assert sources(app)[scope] == "query"
    assert totals(app, "raw.cost_daily", SUM, "_scope_id[16:]") == truth(azure, scope)
    columns = "table_name, is_asked, source_reason"
    rows = app.lake.query(f"select {columns} from meta.scopes where scope_id = '{scope}'").rows
    standing = {row[0]: row[1:] for row in rows}
    assert standing["cost_details"][0] is False
    assert standing["cost_daily"][0] is True
    assert "cost details report was refused (unsupported)" in standing["cost_daily"][1]
    azure.forget_requests()
    refresh(app_of())
    assert [one.operation for one in azure.requests if one.operation == "create_report"] == []


def test_a_scope_that_every_source_denies_is_denied_with_the_role_and_never_zero(azure, app_of):
    scope = azure.world.estate.subscriptions[0].scope
    refused = ("query", "create_report", "usage_details")
    azure.faults.add("denied", operation=refused, subscription=scope[15:], times=None)
    report = refresh(app_of())
    places = {(one.chunk.table, one.chunk.scope_id, one.outcome) for one in report.failures}
    assert places == {("cost_details", scope, Outcome.DENIED)}
    assert "Reader" in str(report.failures[0].next_step)
    app = app_of()
    for table in ("cost_daily", "cost_details", "usage_details"):
        assert app.lake.query(f"select count(*) from raw.{table} where _scope_id = '{scope}'").rows == [(0,)]


def test_being_throttled_is_waited_for_and_changes_no_source(azure, app_of):
    scope = azure.world.estate.subscriptions[0].scope
    azure.faults.add("throttled", operation="create_report", subscription=scope[15:], retry_after=1)
    refresh(app_of())
    assert sources(app_of())[scope] == "cost_details"


def test_a_fixed_source_is_asked_everywhere_and_reports_what_has_none(azure, app_of):
    report = refresh(app_of(FINOPS_LAKE_COST_SOURCE="cost_details"))
    retail = azure.world.estate.subscriptions[3].scope
    assert {(one.chunk.scope_id, one.outcome) for one in report.failures} == {(retail, Outcome.UNSUPPORTED)}
    assert app_of().lake.query("select count(*) from raw.cost_daily").rows == [(0,)]


def test_a_wide_scope_tells_the_subscription_of_each_charge_and_by_its_account_the_agreement(azure, app_of):
    account = f"/providers/Microsoft.Billing/billingAccounts/{azure.world.billing.enrolment_id}"
    group = f"/providers/Microsoft.Management/managementGroups/{azure.world.estate.tenant_id}"
    settings = {"FINOPS_LAKE_SCOPES": f"{account}/,{group.upper()}"}
    assert refresh(app_of(**settings)).failures == ()
    app = app_of(**settings)
    chosen = sources(app)
    assert (chosen[account.lower()], chosen[group.lower()]) == ("cost_details", "query")
    enrolled = [item.scope for item in azure.world.estate.subscriptions if "Enterprise" in agreement_of(item)]
    wide = f"(select * from raw.cost_details where _scope_id = '{account.lower()}')"
    assert totals(app, wide, LINE, "subscription_id") == truth(azure, *enrolled)
    grouped = f"(select * from raw.cost_daily where _scope_id = '{group.lower()}')"
    everything = [item.scope for item in azure.world.estate.subscriptions]
    assert totals(app, grouped, SUM, "subscription_id") == truth(azure, *everything)
    (gap,) = app.lake.query(f"select not_given from meta.cost_sources where scope_id = '{group.lower()}'").rows
    assert gap[0].startswith("resource, resource group, region")


def test_nothing_is_ordered_twice_on_a_day_even_when_forced(azure, app_of):
    refresh(app_of())
    azure.forget_requests()
    refresh(app_of(), force=True)
    assert [one for one in azure.requests if one.operation == "create_report"] == []
    assert [one for one in azure.requests if one.operation == "blob"]


def charged(app: App) -> dict[tuple[str, str, str], Decimal]:
    """Return the sums of marts.charges by subscription, metric and currency."""
    sums = "sum(billed_cost), sum(effective_cost)"
    rows = app.lake.query(f"select sub_account_id[16:], billing_currency, {sums} from marts.charges group by all").rows
    found = {}
    for subscription, currency, *costs in rows:
        for metric, cost in zip(("ActualCost", "AmortizedCost"), costs, strict=True):
            if cost:
                found[(subscription, metric, currency)] = cost
    return found


def test_charges_are_the_same_by_every_source_and_a_change_of_source_doubles_none(azure, app_of):
    everything = truth(azure, *(item.scope for item in azure.world.estate.subscriptions))
    account = f"/providers/Microsoft.Billing/billingAccounts/{azure.world.billing.enrolment_id}"
    for settings in (
        {"FINOPS_LAKE_COST_SOURCE": "query"},
        {"FINOPS_LAKE_COST_SOURCE": "auto"},
        {"FINOPS_LAKE_COST_SOURCE": "usage_details"},
        {"FINOPS_LAKE_COST_SOURCE": "auto", "FINOPS_LAKE_SCOPES": account},
    ):
        refresh(app_of(**settings))
        assert charged(app_of(**settings)) == everything, settings
    by_months = app_of().lake.query("select count(*) from marts.cost_months where month_status = 'missing'").rows
    assert by_months == [(0,)]
