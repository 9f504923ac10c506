"""Resource Graph: paged to the end, whole or known not to be, and nobody's resources taken for nobody having any."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import load_settings
from finops_lake.errors import AccessDeniedError, BadRequestError, UnreachableError, UnsafeReplyError
from finops_lake.extract import advisor, graph_resources, subscription_ancestors
from finops_lake.extract.graph_types import KEPT
from finops_lake.source import Chunk, Fetched
from tests.extract.graph_replies import graph_of, page, subscription_row
from tests.replay import Answer, ReplayTransport, Reply, Sent, StaticCredential

ONE, TWO = (f"/subscriptions/00000000-0000-0000-0000-00000000000{letter}" for letter in "ab")
PATH = ("POST", r"/providers/Microsoft\.ResourceGraph/resources$")
PLAN: dict[str, Any] = {
    "id": f"{ONE}/resourceGroups/APP/providers/Microsoft.Web/serverFarms/asp",
    "name": "asp",
    "type": "microsoft.web/serverfarms",
    "kind": "linux",
    "location": "westeurope",
    "sku": {"name": "P1v3", "tier": "PremiumV3", "capacity": 2},
    "managedBy": "",
    "tags": {"env": "prod"},
    "properties": {"numberOfSites": 0, "status": "Ready", "geoRegion": "West Europe"},
}


def ask(module: Any, *replies: Answer, scopes: tuple[str, ...] = (ONE,)) -> tuple[dict[Chunk, Any], list[Sent]]:
    transport = ReplayTransport({PATH: list(replies)})
    settings = load_settings({"FINOPS_LAKE_HOME": "unused", "FINOPS_LAKE_MAX_RETRIES": "0"})
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure:
        found = module.fetch_many(azure, [Chunk(module.SOURCE.table, scope) for scope in scopes])
    return dict(found), transport.sent


def rows_of(found: dict[Chunk, Any], scope: str = ONE) -> list[dict[str, Any]]:
    one = found[Chunk("graph_resources", scope)]
    assert isinstance(one, Fetched)
    rows: list[dict[str, Any]] = one.rows.to_pylist()
    return rows


def test_only_properties_that_views_need_are_kept() -> None:
    found, _ = ask(graph_resources, *[graph_of(ONE, resources=[PLAN])] * 3)
    (row,) = rows_of(found)
    assert json.loads(row["properties"]) == {"numberOfSites": 0, "status": "Ready"}
    assert (row["sku_name"], row["sku_capacity"], row["managed_by"]) == ("P1v3", 2, None)


def test_one_question_serves_many_subscriptions_and_rows_go_to_their_own() -> None:
    other = {**PLAN, "id": PLAN["id"].replace(ONE, TWO.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))}
    answer = graph_of(ONE, TWO, resources=[PLAN, other])
    found, sent = ask(graph_resources, answer, answer, answer, scopes=(ONE, TWO))
    assert len(sent) == 3, "who can be read, resources, backup: whatever the number of subscriptions"
    assert all(len(json.loads(one.body)["subscriptions"]) == 2 for one in sent)
    assert [len(rows_of(found, scope)) for scope in (ONE, TWO)] == [1, 1]


def test_a_subscription_that_is_left_out_is_denied_and_not_empty() -> None:
    answer = graph_of(ONE, resources=[PLAN])
    found, sent = ask(graph_resources, answer, answer, answer, scopes=(ONE, TWO))
    hidden = found[Chunk("graph_resources", TWO)]
    assert isinstance(hidden, AccessDeniedError)
    assert "role Reader" in str(hidden.next_step)
    assert TWO in str(hidden.next_step)
    assert json.loads(sent[1].body)["subscriptions"] == [ONE.rpartition("/")[2]]


def test_nothing_is_asked_where_nothing_can_be_read() -> None:
    found, sent = ask(graph_resources, graph_of())
    assert isinstance(found[Chunk("graph_resources", ONE)], AccessDeniedError)
    assert len(sent) == 1


def test_pages_are_read_to_the_end_though_the_flag_says_nothing_was_cut() -> None:
    second = {**PLAN, "id": PLAN["id"] + "2"}
    pages: list[Answer] = [page([subscription_row(ONE)]), page([PLAN], 2, "t1"), page([second], 2), page([])]
    found, sent = ask(graph_resources, *pages)
    assert len(rows_of(found)) == 2
    assert found[Chunk("graph_resources", ONE)].complete
    assert json.loads(sent[2].body)["options"]["$skipToken"] == "t1"


@pytest.mark.parametrize(
    "bad",
    [
        lambda: [page([PLAN], 5)],
        lambda: [page([PLAN], 2, "t"), page([PLAN], 2)],
        lambda: [page([PLAN], 2, "t"), page([{**PLAN, "id": PLAN["id"] + "2"}], 3)],
        lambda: [page([PLAN], resultTruncated="true")],
    ],
    ids=["fewer rows than told", "a page repeated", "totals that differ", "cut without a token"],
)
def test_an_answer_that_does_not_add_up_is_asked_again_and_then_incomplete(bad: Callable[[], list[Reply]]) -> None:
    found, sent = ask(graph_resources, page([subscription_row(ONE)]), *bad(), *bad(), page([]))
    one = found[Chunk("graph_resources", ONE)]
    assert not one.complete
    assert "Resource Graph" in one.reason
    assert len(sent) == 2 + 2 * len(bad())


def test_rows_that_moved_while_paged_are_complete_at_the_second_attempt() -> None:
    found, _ = ask(graph_resources, page([subscription_row(ONE)]), page([PLAN], 2), page([PLAN]), page([]))
    assert found[Chunk("graph_resources", ONE)].complete


def test_skip_tokens_in_a_circle_end_with_an_error() -> None:
    with pytest.raises(UnsafeReplyError, match="never end"):
        ask(graph_resources, page([subscription_row(ONE)]), page([PLAN], 9, "t"), page([PLAN], 9, "t"))


@pytest.mark.parametrize("body", [{}, {"data": [], "count": 0}, {"data": {"columns": [], "rows": []}}, []])
def test_what_is_not_an_answer_is_no_empty_answer(body: Any) -> None:
    with pytest.raises(UnreachableError):
        ask(graph_resources, Reply(200, body))


def test_a_row_of_no_subscription_is_our_error() -> None:
    with pytest.raises(UnreachableError, match="no subscription"):
        ask(graph_resources, page([subscription_row(ONE)]), page([{**PLAN, "id": "/x"}]), page([]))


def test_a_refused_query_is_our_error() -> None:
    details = [{"code": "ParserFailure", "message": "Query is invalid."}]
    error = {"error": {"code": "BadRequest", "message": "Please provide below info", "details": details}}
    with pytest.raises(BadRequestError, match="Query is invalid"):
        ask(graph_resources, Reply(400, error))


def test_secrets_are_not_among_the_properties_kept() -> None:
    forbidden = ("sharedkey", "servicekey", "authorizationkey", "password", "secret", "accesspolicies", "definition")
    for kind, paths in KEPT.items():
        assert not [path for path in paths if any(word in path.lower() for word in forbidden)], kind


def test_advice_keeps_alternatives_and_dismissals_apart() -> None:
    extended = {"annualSavingsAmount": "575", "savingsCurrency": "USD", "term": "P1Y", "lookbackPeriod": "30"}
    advice = {
        "id": f"{ONE}/providers/Microsoft.Advisor/recommendations/r",
        "name": "r",
        "properties": {"category": "Cost", "extendedProperties": extended, "suppressionIds": ["s"]},
    }
    found, _ = ask(advisor, *[graph_of(ONE, advisorresources=[advice])] * 2)
    (row,) = found[Chunk("advisor_recommendations", ONE)].rows.to_pylist()
    assert (row["annual_savings_amount"], row["term"], row["suppression_ids"]) == (575, "P1Y", '["s"]')


def test_management_groups_above_a_subscription_are_kept_in_order() -> None:
    chain = [{"name": "near", "displayName": "Near", "x": 1}, {"name": "root", "displayName": "Root"}]
    row = {**subscription_row(ONE), "properties": {"managementGroupAncestorsChain": chain}}
    found, sent = ask(subscription_ancestors, page([row]))
    (kept,) = found[Chunk("subscription_ancestors", ONE)].rows.to_pylist()
    assert [group["name"] for group in json.loads(kept["management_groups"])] == ["near", "root"]
    assert len(sent) == 1, "who can be read is the answer itself"
