from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest

from finops_lake.azure_api.clients import QueryPage
from finops_lake.errors import (
    AccessDeniedError,
    BadRequestError,
    ThrottledError,
    UnreachableError,
    UnsafeReplyError,
)
from tests.replay import Reply, recorded

QUERY = ("POST", r"/providers/Microsoft\.CostManagement/query$")
BODY = {"type": "ActualCost", "timeframe": "Custom", "dataset": {"granularity": "Daily"}}
COLUMNS = '[{"name":"Cost","type":"Number"},{"name":"UsageDate","type":"Number"},{"name":"Currency","type":"String"}]'
NEXT = "https://management.azure.com/subscriptions/a/providers/Microsoft.CostManagement/query?api-version=2025-03-01&$skiptoken=AQ%3D%3D"


def page(rows: str, next_link: str = "") -> Reply:
    return Reply(200, f'{{"id":"subscriptions/a","properties":{{{next_link}"columns":{COLUMNS},"rows":[{rows}]}}}}')


def rows_of(answer: QueryPage) -> list[list[Any]]:
    columns = [column.to_pylist() if isinstance(column, pa.Array) else column for column in answer.values]
    return [list(row) for row in zip(*columns, strict=True)]


def test_every_amount_keeps_the_text_azure_sent(replay):
    amounts = ("41.712656643888759", "7E-06", "0", "-1.50", "null")
    azure = replay({QUERY: [page(",".join(f'[{amount},20260401,"USD"]' for amount in amounts))]})
    (answer,) = azure.clients.query_cost("/subscriptions/a", BODY)
    assert answer.columns == ("Cost", "UsageDate", "Currency")
    assert [row[0] for row in rows_of(answer)] == ["41.712656643888759", "7E-06", "0", "-1.50", None]
    assert [row[1:] for row in rows_of(answer)] == [["20260401", "USD"]] * 5


def test_the_question_goes_out_as_cost_management_wants_it(replay):
    azure = replay({QUERY: [page("")]})
    list(azure.clients.query_cost("subscriptions/a/", BODY))
    (sent,) = azure.transport.sent
    assert sent.path == "/subscriptions/a/providers/Microsoft.CostManagement/query"
    assert parse_qs(urlsplit(sent.url).query) == {"api-version": ["2025-03-01"], "$top": ["5000"]}
    assert json.loads(sent.body) == BODY
    assert sent.headers["ClientType"] == "finops-lake"
    assert sent.headers["User-Agent"].startswith("finops-lake/")
    assert sent.headers["Authorization"] == "Bearer token-of-the-test"
    assert sent.headers["x-ms-client-request-id"]


@pytest.mark.parametrize("end", ['"nextLink":null,', '"nextLink":"",', ""])
def test_the_next_page_is_asked_for_by_post_with_the_same_question(replay, end):
    azure = replay({QUERY: [page('[1,20260401,"USD"]', f'"nextLink":"{NEXT}",'), page('[2,20260401,"USD"]', end)]})
    pages = list(azure.clients.query_cost("/subscriptions/a", BODY))
    assert [row[0] for answer in pages for row in rows_of(answer)] == ["1", "2"]
    first, second = azure.transport.sent
    assert (second.method, second.url, second.body) == ("POST", NEXT, first.body)


@pytest.mark.replies
def test_a_recorded_first_page_leads_to_the_second(replay):
    azure = replay(
        {QUERY: [recorded("costmanagement/query_daily_by_resourcegroup_page1_with_nextlink"), page('[1,2,"USD"]')]}
    )
    first, second = azure.clients.query_cost("/subscriptions/a", BODY)
    assert first.columns == ("PreTaxCost", "UsageDate", "ResourceGroup", "Currency")
    assert first.row_count == 1000
    assert rows_of(first)[0][:2] == ["5.08032", "20200401"]
    assert second.row_count == 1
    assert "$skiptoken=AQAAAA%3D%3D" in azure.transport.sent[1].url


@pytest.mark.replies
@pytest.mark.parametrize(
    "name", ["query_sum_pretaxcost_daily", "query_custom_timeframe", "query_noaggregation_actual_mtd"]
)
def test_recorded_pages_are_read(replay, name):
    azure = replay({QUERY: [recorded(f"costmanagement/{name}")]})
    (answer,) = azure.clients.query_cost("/subscriptions/a", BODY)
    assert answer.columns[-1] == "Currency"


def test_no_content_is_no_page(replay):
    azure = replay({QUERY: [Reply(204)]})
    assert list(azure.clients.query_cost("/subscriptions/a", BODY)) == []


def test_no_rows_is_an_empty_page_with_columns(replay):
    azure = replay({QUERY: [page("")]})
    (answer,) = azure.clients.query_cost("/subscriptions/a", BODY)
    assert answer.row_count == 0
    assert answer.columns


@pytest.mark.parametrize(
    ("body", "error", "code"),
    [
        ({"error": {"code": "AuthorizationFailed", "message": "no"}}, AccessDeniedError, "AuthorizationFailed"),
        ({"error": {"code": "429", "message": "slow"}}, ThrottledError, "429"),
        ({"error": {"code": "GatewayTimeout", "message": "slow"}}, UnreachableError, "GatewayTimeout"),
        ({"error": {"code": "Odd", "message": "what"}}, BadRequestError, "Odd"),
        ({"code": "BadRequest", "message": "bare"}, BadRequestError, "BadRequest"),
    ],
)
def test_an_error_that_came_with_status_200_is_an_error(replay, body, error, code):
    azure = replay({QUERY: [Reply(200, body)]})
    with pytest.raises(error) as caught:
        list(azure.clients.query_cost("/subscriptions/a", BODY))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><html><head><title>Sign in to the hotel</title></head></html>",
        "",
        "[]",
        "{}",
        '{"properties":null}',
        '{"properties":{"rows":null,"columns":[]}}',
        '{"properties":{"rows":[',
        '{"properties":{"columns":[{"name":"Cost"}],"rows":[[1,2]]}}',
    ],
)
def test_what_is_not_azures_answer_is_unreachable(replay, body):
    azure = replay({QUERY: [Reply(200, body)]})
    with pytest.raises(UnreachableError):
        list(azure.clients.query_cost("/subscriptions/a", BODY))


def test_a_web_page_is_named_by_its_title(replay):
    azure = replay({QUERY: [Reply(200, "<html><title>Sign in to the hotel</title></html>")]})
    with pytest.raises(UnreachableError, match="Sign in to the hotel"):
        list(azure.clients.query_cost("/subscriptions/a", BODY))


def test_a_next_link_that_repeats_is_an_error(replay):
    again = page('[1,20260401,"USD"]', f'"nextLink":"{NEXT}",')
    azure = replay({QUERY: [again, again, again]})
    with pytest.raises(UnsafeReplyError, match="would never end"):
        list(azure.clients.query_cost("/subscriptions/a", BODY))
    assert len(azure.transport.sent) == 2


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (
            "/providers/Microsoft.Billing/billingAccounts/a:b_2019-05-31",
            "/providers/Microsoft.Billing/billingAccounts/a:b_2019-05-31",
        ),
        ("/providers/Microsoft.Billing/billingAccounts/a%3Ab", "/providers/Microsoft.Billing/billingAccounts/a%3Ab"),
        (
            "/providers/Microsoft.Management/managementGroups/my {group}?#",
            "/providers/Microsoft.Management/managementGroups/my%20%7Bgroup%7D%3F%23",
        ),
    ],
)
def test_a_scope_cannot_become_another_address(replay, scope, path):
    azure = replay({QUERY: [Reply(204)]})
    list(azure.clients.query_cost(scope, BODY))
    assert azure.transport.sent[0].path == f"{path}/providers/Microsoft.CostManagement/query"
