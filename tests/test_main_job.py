"""The main job, whole: real SDK clients over TLS, a DuckDB file on disk, answers equal to the local Azure's ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.answers.budgets import BudgetQuestion, answer_budgets
from finops_lake.answers.cost import CostQuestion, answer_cost
from finops_lake.answers.periods import period_of
from finops_lake.app import App
from finops_lake.azure_api.listings import SDK_LISTINGS
from finops_lake.demo.calls import Call
from finops_lake.demo.faults import Fault
from finops_lake.demo.replies import Reply
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import InputError, LockedError, Outcome, SignInError
from finops_lake.extract.catalog import EXTRACTORS
from finops_lake.planner.due import Demand
from finops_lake.source import ScopeKind
from tests.conftest import TODAY, Refreshed, settings_for

CURRENCIES = ("EUR", "GBP", "USD")
"""Each has its retail prices."""

METRICS = {"billed_cost": "ActualCost", "effective_cost": "AmortizedCost"}


def totals(app: App, columns: str, metric: str) -> dict[tuple[object, ...], Decimal]:
    """Return sums of charges by columns, as anybody would get them in the shell."""
    rows = app.lake.query(f"select {columns}, sum({metric}) from marts.charges group by all").rows
    return {row[:-1]: row[-1] for row in rows if row[-1]}


def pieces(subscriptions: int, months: int) -> int:
    """Return how many chunks a whole refresh by the query is made of."""
    other_sources = {"billing_accounts", "cost_details", "usage_details", "cost_monthly_totals"}
    sources = [extractor.source for table, extractor in EXTRACTORS.items() if table not in other_sources]
    tenant = sum(ScopeKind.TENANT in source.scope_kinds for source in sources)
    each = [source for source in sources if ScopeKind.SUBSCRIPTION in source.scope_kinds]
    whole = sum(not source.monthly for source in each)
    readings = sum(len(source.metrics) for source in each if source.monthly)
    return tenant + subscriptions * (whole + months * readings)


def test_everything_loads(refreshed: Refreshed) -> None:
    assert refreshed.report.failures == ()
    assert refreshed.report.left == 0
    assert refreshed.report.count(Outcome.LOADED) == len(refreshed.report.results) == pieces(4, 3) + len(CURRENCIES)


def test_calls_of_a_refresh(refreshed: Refreshed) -> None:
    """As docs/operations.md says: by subscription, shared by all of them, and never for a single resource."""
    calls = Counter(one.operation for one in refreshed.azure.requests)
    assert calls["listed"] == 4 * len(SDK_LISTINGS), "one page each"
    assert calls["resource_graph"] == 6
    assert calls["locks"] == calls["resource_groups"] == calls["budgets"] == 4
    assert calls["virtual_machines"] == 2 * 4
    assert calls["reservation_recommendations"] == 3 * 4
    assert calls["reservations"] == calls["reservation_orders"] == calls["savings_plans"] == 1
    assert not {"virtual_machine", "disk", "public_ip_address", "instance_view"} & set(calls)


def test_no_request_writes(refreshed: Refreshed) -> None:
    assert refreshed.azure.requests
    assert refreshed.azure.writes == []


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        ("sub_account_id, billing_currency, billing_month", ("subscription_id", "currency", "month")),
        ("service_name, billing_currency", ("service_name", "currency")),
        ("resource_id, billing_currency", ("resource_id", "currency")),
        ("charge_period_start, billing_currency", ("usage_date", "currency")),
    ],
)
def test_totals_equal_the_ledger_to_the_last_decimal(
    app: App, refreshed: Refreshed, metric: str, columns: str, keys: tuple[str, ...]
) -> None:
    ledger = refreshed.azure.truth.totals(keys, METRICS[metric])
    expected = {_like_the_lake(key): amount for key, amount in ledger.items() if amount}
    assert totals(app, columns, metric) == expected


def _like_the_lake(key: tuple[object, ...]) -> tuple[object, ...]:
    first, *rest = key
    if isinstance(first, str) and len(first) == 36 and first.count("-") == 4:
        first = f"/subscriptions/{first}"
    return (first or None, *rest)


def test_us_dollars_are_azures_own(app: App, refreshed: Refreshed) -> None:
    found = totals(app, "sub_account_id", "x_billed_cost_usd")
    expected = refreshed.azure.ledger.totals(("subscription_id",), usd=True)
    assert found == {_like_the_lake(key): amount for key, amount in expected.items()}


def test_planted_waste_is_found_and_nothing_else(app: App, refreshed: Refreshed) -> None:
    answer = answer_audit(app.lake, AuditQuestion(checks=("vms", "disks", "ips"), limit=10_000))
    place = {name: number for number, name in enumerate(answer.columns)}
    found = {
        row[place["resource_id"]]: (row[place["monthly_saving"]], row[place["billing_currency"]])
        for row in answer.rows
        if row[place["verdict"]] == "waste"
    }
    expected = {}
    for finding in refreshed.azure.truth.findings(verdict="waste"):
        priced = max(finding.billed_cost.items(), key=lambda item: abs(item[1]), default=(None, None))
        expected[finding.resource_id] = (priced[1], priced[0])
    assert found == expected
    assert len(found) >= 6


def test_every_lookalike_has_the_verdict_it_deserves(app: App, refreshed: Refreshed) -> None:
    rows = app.lake.query(
        "select resource_id, verdict from audits.unattached_disks union all"
        " select resource_id, verdict from audits.unassociated_public_ips union all"
        " select resource_id, verdict from audits.stopped_vms"
    ).rows
    verdicts = dict(rows)
    planted = refreshed.azure.truth.findings()
    wrong = {
        finding.resource_id: (finding.verdict, verdicts.get(finding.resource_id, "ok"))
        for finding in planted
        if verdicts.get(finding.resource_id, "ok") != finding.verdict
    }
    assert wrong == {}
    assert {finding.verdict for finding in planted} >= {"waste", "ok", "not_applicable", "undetermined"}


def test_audit_says_what_it_looked_at(app: App, refreshed: Refreshed) -> None:
    answer = answer_audit(app.lake, AuditQuestion())
    populations = dict(app.lake.query("select view_name, value from meta.headers where key = 'population'").rows)
    assert len(answer.sections["checks"]) > 60
    for check in answer.sections["checks"]:
        population = populations["audits." + check["check_name"]]
        if check["withheld"] is not None:
            assert (check["looked_at"], check["waste"]) == (0, None), check
            continue
        there_are = app.lake.query(f"select count(*) from {population}").rows[0][0]
        assert check["looked_at"] == there_are, check
        assert check["looked_at"] > 0 or check["waste"] == 0


def test_budgets_equal_the_truth(app: App, refreshed: Refreshed) -> None:
    answer = answer_budgets(app.lake, BudgetQuestion())
    place = {name: number for number, name in enumerate(answer.columns)}
    found = {
        row[place["budget_id"]]: (row[place["amount"]], row[place["azure_spend"]], row[place["azure_forecast"]])
        for row in answer.rows
        if row[place["is_budget_currency"]]
    }
    expected = {}
    for item in refreshed.azure.truth.budgets():
        scope = item.budget.scope.lower()
        key = f"{scope}/providers/microsoft.consumption/budgets/{item.budget.name}".lower()
        expected[key] = (item.budget.amount, item.spend.current, item.spend.forecast)
    assert found == expected


def test_answer_in_one_period_equals_the_ledger(app: App, refreshed: Refreshed) -> None:
    period = period_of(TODAY, start="2026-10-10", end="2026-11-05")
    answer = answer_cost(app.lake, CostQuestion(period, group_by=("subscription",), metric="amortized"))
    ledger = refreshed.azure.truth.totals(("currency",), "AmortizedCost", period.start, period.end)
    found = {total["billing_currency"]: total["effective_cost"] for total in answer.totals}
    assert found == {currency: amount for (currency,), amount in ledger.items()}
    assert answer.open_days is not None
    assert answer.open_days.start == date(2026, 11, 1)


def test_a_second_refresh_asks_for_nothing_that_is_fresh(azure: LocalAzure, tmp_path: Path) -> None:
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="2"))
    first = app.refresher().refresh(Demand())
    azure.forget_requests()
    second = app.refresher().refresh(Demand())
    app.close()
    assert first.generation == 1
    assert second.results == ()
    assert second.generation is None
    assert [item for item in azure.requests if "/subscriptions" in item.path] == []


def test_restated_and_vanished_rows_are_replaced(azure: LocalAzure, tmp_path: Path) -> None:
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="2"))
    app.refresher().refresh(Demand())
    changed = azure.restate()
    assert {item.kind for item in changed} >= {"changed", "vanished"}
    app.refresher().refresh(Demand(force=True))
    expected = azure.truth.totals(("resource_id", "usage_date", "currency"))
    found = totals(app, "resource_id, charge_period_start, billing_currency", "billed_cost")
    app.close()
    assert found == {(key[0] or None, *key[1:]): amount for key, amount in expected.items() if amount}


def test_one_denied_subscription_does_not_spoil_the_others(azure: LocalAzure, tmp_path: Path) -> None:
    denied = azure.subscription_ids[1]
    azure.faults.add("denied", subscription=denied)
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="2"))
    report = app.refresher().refresh(Demand())
    answer = answer_cost(app.lake, CostQuestion(period_of(TODAY), group_by=("subscription",)))
    audit = answer_audit(app.lake, AuditQuestion(checks=("vms", "disks", "ips")))
    app.close()
    assert {result.chunk.scope_id for result in report.failures} == {f"/subscriptions/{denied}"}
    assert all(result.outcome is Outcome.DENIED for result in report.failures)
    assert len(answer.scopes.included) == 2
    (missing,) = answer.scopes.missing
    assert (missing.scope_id, missing.outcome) == (f"/subscriptions/{denied}", "denied")
    assert "Reader" in str(missing.next_step)
    assert {scope.outcome for scope in audit.scopes.missing} == {"denied"}
    asked = [item for item in azure.requests if denied in item.path and item.path.endswith("/query")]
    assert len(asked) <= 2 * 5, "older months are not asked for once the newest was refused"


def test_unsupported_offer_is_not_a_cost_of_zero(azure: LocalAzure, tmp_path: Path) -> None:
    odd = azure.subscription_ids[2]
    azure.faults.add("unsupported_offer", subscription=odd)
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="2"))
    app.refresher().refresh(Demand())
    answer = answer_cost(app.lake, CostQuestion(period_of(TODAY), group_by=("subscription",)))
    names = dict(app.lake.query("select sub_account_id, sub_account_name from marts.subscriptions").rows)
    app.close()
    assert [(scope.outcome, scope.scope_id) for scope in answer.scopes.missing] == [
        ("unsupported", f"/subscriptions/{odd}")
    ]
    assert names[f"/subscriptions/{odd}"] not in answer.scopes.included


def test_an_error_amid_the_pages_leaves_the_old_month_whole(azure: LocalAzure, tmp_path: Path) -> None:
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1", FINOPS_LAKE_MAX_RETRIES="0"))
    app.refresher().refresh(Demand())
    before = totals(app, "sub_account_id", "billed_cost")
    azure.restate()
    azure.faults.add("html_503", operation="query", times=None)
    report = app.refresher().refresh(Demand(force=True, tables=frozenset({"cost_daily"})))
    after = totals(app, "sub_account_id", "billed_cost")
    app.close()
    assert report.count(Outcome.FAILED) == 6
    assert after == before


def test_machines_without_power_states_are_a_partial_listing(azure: LocalAzure, tmp_path: Path) -> None:
    def no_states(call: Call, answer: Callable[[], Reply]) -> Reply:
        return Reply(503, b"busy", content_type="text/html") if "statusOnly" in call.query else answer()

    azure.faults.add(Fault(no_states, operations=("virtual_machines",), times=None))
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_MAX_RETRIES="0"))
    report = app.refresher().refresh(Demand(tables=frozenset({"virtual_machines"})))
    audit = answer_audit(app.lake, AuditQuestion(checks=("vms",)))
    app.close()
    assert report.count(Outcome.PARTIAL) == 3
    assert audit.sections["checks"][0]["waste"] == 0
    assert audit.sections["checks"][0]["undetermined"] == audit.sections["checks"][0]["looked_at"]


def test_amounts_with_too_many_decimals_are_counted(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("many_decimals", times=1)
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1"))
    app.refresher().refresh(Demand(tables=frozenset({"cost_daily"})))
    counts = app.lake.query("select sum(inexact_amounts) from meta.loads").rows
    app.close()
    assert counts == [(1,)]


def test_subscriptions_can_be_limited_by_name_or_id(azure: LocalAzure, tmp_path: Path) -> None:
    wanted = azure.subscription_ids[0]
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_SUBSCRIPTIONS=wanted.upper(), FINOPS_LAKE_HISTORY_MONTHS="1"))
    report = app.refresher().refresh(Demand())
    assert {result.chunk.scope_id for result in report.results} == {"/", f"/subscriptions/{wanted}"}
    app.close()
    unknown = App(settings_for(azure, tmp_path, FINOPS_LAKE_SUBSCRIPTIONS="Nowhere"))
    with pytest.raises(InputError, match="'Nowhere' cannot be used; this sign-in sees"):
        unknown.refresher().refresh(Demand())


def test_a_refused_sign_in_ends_the_refresh_and_says_what_to_do(
    azure: LocalAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    app = App(settings_for(azure, tmp_path))
    with pytest.raises(SignInError, match=r"AZURE_CLIENT_SECRET|az login"):
        app.refresher().refresh(Demand())


def test_only_one_refresh_at_a_time(azure: LocalAzure, tmp_path: Path) -> None:
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1"))
    other = App(app.settings)
    with other._warehouse().lock(0), pytest.raises(LockedError):
        app.refresher().refresh(Demand())


def test_a_refresh_that_broke_off_goes_on_where_it_stopped(
    azure: LocalAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finops_lake.refresh.intake.GATHER_SECONDS", 0.0)  # so that it is told of progress early
    settings = settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="2", FINOPS_LAKE_WORKERS="1")
    seen: list[str] = []

    def stop(progress: object) -> None:
        seen.append(str(progress))
        if len(seen) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        App(settings).refresher().refresh(Demand(), on_progress=stop)
    app = App(settings)
    done = app.lake.query("select count(*) from meta.chunks where last_outcome = 'loaded'").rows[0][0]
    report = app.refresher().refresh(Demand())
    found = totals(app, "sub_account_id, billing_currency", "billed_cost")
    app.close()
    assert 0 < done < pieces(3, 2)
    assert len(report.results) + done == pieces(3, 2) + 2, "with the prices in two currencies"
    expected = azure.truth.totals(("subscription_id", "currency"))
    assert found == {(f"/subscriptions/{key[0]}", key[1]): amount for key, amount in expected.items()}
