"""The same estate by every source and scope, over TLS through the real clients: equal to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.demo.billing import BILLING, MCA_ACCOUNT, agreement_of
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import (
    AccessDeniedError,
    FinopsLakeError,
    ReportError,
    SignInError,
    UnreachableError,
    UnsafeReplyError,
    UnsupportedOfferError,
)
from finops_lake.extract import cost_daily, cost_details, usage_details
from finops_lake.source import Chunk
from tests.conftest import TODAY, set_sign_in, settings_for

MONTH = TODAY.replace(day=1)
METRICS = ("ActualCost", "AmortizedCost")
Totals = dict[tuple[Any, ...], Decimal]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with LocalAzure(today=TODAY, subscriptions=4, resources=6, days=40) as azure, pytest.MonkeyPatch.context() as patch:
        set_sign_in(patch, azure)
        azure.world.reports.polls = 0
        azure.world.reports.blob_lines = 250
        azure.world.usage_page_size = 700
        yield azure
        assert azure.crashes == []
        assert azure.writes == []


@pytest.fixture
def azure(shared: LocalAzure) -> Iterator[LocalAzure]:
    shared.forget_requests()
    yield shared
    shared.faults.clear()
    shared.world.reports.polls = 0


@pytest.fixture
def clients(azure: LocalAzure, tmp_path: Any) -> Iterator[AzureClients]:
    slept = [0.0]  # a clock that only sleeping moves
    sleep = lambda seconds: slept.append(slept[-1] + seconds)  # noqa: E731
    with AzureClients(settings_for(azure, tmp_path), sleep=sleep, clock=lambda: slept[-1]) as clients:
        yield clients


def truth(azure: LocalAzure, metric: str, wanted: Any = lambda item: True) -> Totals:
    """Return the ledger's totals of the month by subscription and currency."""
    ids = {item.subscription_id for item in azure.world.estate.subscriptions if wanted(item)}
    sums = azure.truth.totals(("subscription_id", "currency"), metric, MONTH, TODAY)  # type: ignore[arg-type]
    return {key: cost for key, cost in sums.items() if key[0] in ids and cost}


def totals(rows: Any, cost: str = "cost_in_billing_currency", currency: str = "billing_currency") -> Totals:
    sums: Totals = {}
    for row in rows.to_pylist():
        key = (row["subscription_id"], row[currency])
        sums[key] = sums.get(key, Decimal(0)) + row[cost]
    return {key: value for key, value in sums.items() if value}


def wide_scopes(azure: LocalAzure) -> list[tuple[str, Any]]:
    enrolment = f"{BILLING}/{azure.world.billing.enrolment_id}"
    enrolled, customer = "EnterpriseAgreement", "MicrosoftCustomerAgreement"
    paths = [
        (enrolment, enrolled),
        (f"{enrolment}/departments/84819", enrolled),
        (f"{enrolment}/enrollmentAccounts/225314", enrolled),
        (f"{BILLING}/{MCA_ACCOUNT}", customer),
        (f"{BILLING}/{MCA_ACCOUNT}/billingProfiles/BG7-PROFILE", customer),
        (f"{BILLING}/{MCA_ACCOUNT}/billingProfiles/BG7-PROFILE/invoiceSections/PJT-SECTION", customer),
    ]
    return [(path.lower(), lambda item, kind=kind: agreement_of(item) == kind) for path, kind in paths]


def management_group(azure: LocalAzure) -> str:
    return f"/providers/microsoft.management/managementgroups/{azure.world.estate.tenant_id}"


@pytest.mark.parametrize("metric", METRICS)
def test_reports_of_subscriptions_add_up_to_the_ledger(azure, clients, metric):
    found: Totals = {}
    for item in azure.world.estate.subscriptions:
        if agreement_of(item) != "MicrosoftOnlineServicesProgram":
            chunk = Chunk("cost_details", item.scope, MONTH, metric)
            found |= totals(cost_details.fetch(clients, chunk).rows)
    assert found == truth(azure, metric, lambda item: agreement_of(item) != "MicrosoftOnlineServicesProgram")
    assert len([one for one in azure.requests if one.operation == "blob"]) > len(found), "several files each"


@pytest.mark.parametrize("metric", METRICS)
def test_usage_details_of_subscriptions_add_up_to_the_ledger(azure, clients, metric):
    found: Totals = {}
    for item in azure.world.estate.subscriptions:
        found |= totals(usage_details.fetch(clients, Chunk("usage_details", item.scope, MONTH, metric)).rows)
    assert found == truth(azure, metric)
    assert len([one for one in azure.requests if one.operation == "usage_details"]) > 4, "several pages"


@pytest.mark.parametrize("metric", METRICS)
def test_every_source_of_a_wide_scope_adds_up_to_the_ledger_by_subscription(azure, clients, metric):
    for scope, wanted in wide_scopes(azure):
        expected = truth(azure, metric, wanted)
        details = cost_details.fetch(clients, Chunk("cost_details", scope, MONTH, metric))
        usage = usage_details.fetch(clients, Chunk("usage_details", scope, MONTH, metric))
        query = cost_daily.fetch(clients, Chunk("cost_daily", scope, MONTH, metric))
        assert totals(details.rows) == totals(usage.rows) == totals(query.rows, "cost", "currency") == expected, scope
        assert expected


@pytest.mark.parametrize("metric", METRICS)
def test_a_management_group_holds_all_subscriptions(azure, clients, metric):
    scope = management_group(azure)
    usage = usage_details.fetch(clients, Chunk("usage_details", scope, MONTH, metric))
    query = cost_daily.fetch(clients, Chunk("cost_daily", scope, MONTH, metric))
    assert totals(usage.rows) == totals(query.rows, "cost", "currency") == truth(azure, metric)
    assert query.rows["resource_id"].null_count == query.rows.num_rows


@pytest.mark.parametrize("source", [cost_details, usage_details])
def test_purchases_refunds_unused_reservations_marketplace_and_charges_without_resource_survive(azure, clients, source):
    scope = azure.world.estate.subscriptions[1].scope
    kinds: dict[str, set[str]] = {}
    for metric in METRICS:
        rows = source.fetch(clients, Chunk(source.SOURCE.table, scope, MONTH, metric)).rows
        kinds[metric] = set(rows["charge_type"].to_pylist())
        assert rows["resource_id"].null_count > 0
        assert "Marketplace" in rows["publisher_type"].to_pylist()
        refunds = [row for row in rows.to_pylist() if row["charge_type"] == "Refund"]
        assert all(row["cost_in_billing_currency"] < 0 for row in refunds)
        assert refunds
    assert kinds["ActualCost"] == {"Usage", "Purchase", "Refund", "RoundingAdjustment"}
    assert kinds["AmortizedCost"] >= {"Usage", "UnusedSavingsPlan", "Refund", "RoundingAdjustment"}


def test_tags_keep_the_style_of_their_agreement(azure, clients):
    enterprise, _, customer, _ = azure.world.estate.subscriptions
    for item, style in ((enterprise, '"'), (customer, "{")):
        rows = cost_details.fetch(clients, Chunk("cost_details", item.scope, MONTH, "ActualCost")).rows
        tags = [text for text in rows["tags"].to_pylist() if text]
        assert tags
        assert all(text.startswith(style) for text in tags)


def fails(azure: LocalAzure, clients: AzureClients, table: str, fault: str, **options: Any) -> FinopsLakeError:
    azure.faults.add(fault, **options)
    module = cost_details if table == "cost_details" else usage_details
    with pytest.raises(FinopsLakeError) as caught:
        module.fetch(clients, Chunk(table, azure.world.estate.subscriptions[0].scope, MONTH, "ActualCost"))
    return caught.value


@pytest.mark.parametrize(
    ("fault", "options", "kind", "words"),
    [
        ("report_failed", {}, ReportError, "could not be made"),
        ("report_other_header", {}, UnreachableError, "file 1 of"),
        ("report_short", {"times": None}, UnreachableError, "of"),
        ("reset", {"operation": "blob", "times": None}, UnreachableError, "file 1 of"),
        ("report_link_expired", {"times": None}, ReportError, "expired"),
        ("error_in_200", {"operation": "poll_report"}, AccessDeniedError, "authorization"),
        ("denied", {"operation": "create_report"}, AccessDeniedError, "authorization"),
        ("unsupported_offer_422", {"operation": "create_report"}, UnsupportedOfferError, "offer"),
        ("html_200", {"operation": "poll_report"}, UnreachableError, "web page"),
    ],
)
def test_a_report_that_cannot_be_read_is_named_and_gives_nothing(azure, clients, fault, options, kind, words):
    error = fails(azure, clients, "cost_details", fault, **options)
    assert isinstance(error, kind)
    assert words in str(error)
    assert "sig=" not in str(error)


@pytest.mark.parametrize(
    ("fault", "options", "kind"),
    [
        ("looping_link", {}, UnreachableError),
        ("foreign_next_link", {"operation": "usage_details"}, UnsafeReplyError),
        ("error_in_200", {"operation": "usage_details", "page": 2}, AccessDeniedError),
        ("denied", {"operation": "usage_details"}, AccessDeniedError),
        ("unsupported_offer_422", {"operation": "usage_details"}, UnsupportedOfferError),
        ("bare_error", {"operation": "usage_details"}, FinopsLakeError),
        ("wrong_tenant", {"operation": "usage_details"}, SignInError),
    ],
)
def test_usage_details_that_cannot_be_read_give_nothing(azure, clients, fault, options, kind):
    assert isinstance(fails(azure, clients, "usage_details", fault, **options), kind)


@pytest.mark.parametrize("fault", ["report_no_data", "report_no_content"])
def test_no_data_is_complete_and_empty(azure, clients, fault):
    azure.faults.add(fault)
    chunk = Chunk("cost_details", azure.world.estate.subscriptions[0].scope, MONTH, "ActualCost")
    fetched = cost_details.fetch(clients, chunk)
    assert (fetched.rows.num_rows, fetched.complete) == (0, True)


def test_a_throttled_page_is_waited_for_as_the_consumption_api_asks(azure, clients):
    azure.faults.add("usage_throttled", page=2)
    waits: list[str] = []
    with clients.calls(on_wait=lambda seconds, why: waits.append(why)):
        chunk = Chunk("usage_details", azure.world.estate.subscriptions[0].scope, MONTH, "ActualCost")
        rows = usage_details.fetch(clients, chunk).rows
    assert waits
    expected = truth(azure, "ActualCost", lambda item: item is azure.world.estate.subscriptions[0])
    assert totals(rows) == expected


def test_a_token_that_expires_while_a_report_is_made_or_between_pages_is_replaced(azure, clients):
    azure.world.reports.polls = 1
    scope = azure.world.estate.subscriptions[0].scope
    azure.faults.add("token_challenge", operation="poll_report", after=1)
    azure.faults.add("token_challenge", operation="usage_details", page=2)
    expected = truth(azure, "ActualCost", lambda item: item.scope == scope)
    assert totals(cost_details.fetch(clients, Chunk("cost_details", scope, MONTH, "ActualCost")).rows) == expected
    assert totals(usage_details.fetch(clients, Chunk("usage_details", scope, MONTH, "ActualCost")).rows) == expected


def test_pay_as_you_go_has_no_reports(azure, clients):
    *_, retail = azure.world.estate.subscriptions
    with pytest.raises(UnsupportedOfferError, match="WebDirect"):
        cost_details.fetch(clients, Chunk("cost_details", retail.scope, MONTH, "ActualCost"))


@pytest.mark.parametrize("module", [cost_details, usage_details, cost_daily])
def test_a_scope_that_is_hidden_is_denied_with_the_role_to_ask_for(azure, clients, module):
    scope = f"{BILLING}/unknown".lower()
    with pytest.raises(AccessDeniedError, match="billing account reader"):
        module.fetch(clients, Chunk(module.SOURCE.table, scope, MONTH, "ActualCost"))
