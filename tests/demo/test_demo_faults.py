"""What can go wrong, as Azure's own clients see it."""

from __future__ import annotations

import json

import pytest
import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ServiceResponseError,
)
from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement import CostManagementClient

from finops_lake.demo.faults import Fault
from finops_lake.demo.ready_faults import READY
from finops_lake.demo.replies import Reply, json_reply
from finops_lake.demo.server import LocalAzure
from finops_lake.demo.throttle import Throttle
from finops_lake.errors import InputError
from tests.demo.clients import SIZE, Clients, query_body


def scope_of(azure, place=0):
    return f"/subscriptions/{azure.subscription_ids[place]}"


def ask(azure, clients, place=0):
    return clients.cost.query.usage(scope_of(azure, place), query_body())


def refusal(azure, clients, place=0):
    with pytest.raises(HttpResponseError) as caught:
        ask(azure, clients, place)
    return caught.value


def test_a_throttled_query_has_only_cost_managements_own_headers(azure, clients):
    fault = azure.faults.add("throttled", retry_after=45, bucket="clienttype")
    error = refusal(azure, clients)
    assert (error.status_code, error.error.code) == (429, "429")
    headers = {name.lower() for name in error.response.headers}
    assert "x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after" in headers
    assert not {"retry-after", "retry-after-ms", "x-ms-retry-after-ms"} & headers
    assert fault.hits == 1
    assert ask(azure, clients).rows


def test_the_sdk_does_not_wait_for_such_a_throttle_by_itself(azure, clients):
    azure.faults.add("throttled", times=3)
    eager = clients.client(CostManagementClient, retry_total=10)
    with pytest.raises(HttpResponseError):
        eager.query.usage(scope_of(azure), query_body())
    assert len(azure.requests) == 1


def test_a_good_answer_carries_retry_headers_too(azure, clients):
    headers = clients.query_page(scope_of(azure), query_body()).headers
    assert headers["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"] == "60"
    assert headers["x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after"] == "60"
    assert headers["x-ms-ratelimit-microsoft.costmanagement-qpu-consumed"] == "1"
    assert "retry-after" not in {name.lower() for name in headers}


def test_resource_managers_throttle_does_say_retry_after(azure, clients):
    azure.faults.add("arm_throttled", operation="disks", retry_after=7)
    response = clients.send("GET", f"{scope_of(azure)}/providers/Microsoft.Compute/disks")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    azure.faults.add("network_busy")
    response = clients.send("GET", f"{scope_of(azure)}/providers/Microsoft.Network/publicIPAddresses")
    assert (response.status_code, response.json()["error"]["code"]) == (429, "RetryableError")
    assert "Retry-After" not in response.headers


def test_one_subscription_of_several_can_be_denied(azure, clients):
    azure.faults.add("denied", subscription=azure.subscription_ids[1])
    error = refusal(azure, clients, 1)
    assert (error.status_code, error.error.code) == (403, "AuthorizationFailed")
    assert ask(azure, clients, 0).rows
    assert len(clients.get("/subscriptions")["value"]) == 3
    with pytest.raises(HttpResponseError):
        list(clients.compute(azure.subscription_ids[1]).disks.list())


def test_an_unsupported_offer_answers_404_to_queries_and_400_to_budgets(azure, clients):
    azure.faults.add("unsupported_offer", subscription=azure.subscription_ids[0])
    error = refusal(azure, clients)
    assert (error.status_code, error.error.code) == (404, "NotFound")
    assert "doesn't have valid WebDirect/AIRS offer type" in error.error.message
    with pytest.raises(HttpResponseError) as caught:
        list(clients.consumption(azure.subscription_ids[0]).budgets.list(scope_of(azure)))
    assert (caught.value.status_code, caught.value.error.code) == (400, "400")
    assert "(Request ID:" in caught.value.error.message
    assert list(clients.compute(azure.subscription_ids[0]).disks.list())


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("unsupported_offer_422", 422, "422"),
        ("cost_disabled", 403, "SubscriptionCostDisabled"),
        ("subscription_not_found", 404, "SubscriptionNotFound"),
        ("server_error", 500, "InternalServerError"),
        ("server_busy", 503, "ServerTimeout"),
        ("gateway_timeout", 504, "GatewayTimeout"),
    ],
)
def test_refusals_have_azures_status_and_code(azure, clients, name, status, code):
    azure.faults.add(name)
    error = refusal(azure, clients)
    assert (error.status_code, error.error.code) == (status, code)


def test_a_bare_error_has_no_envelope(azure, clients):
    azure.faults.add("bare_error")
    response = clients.query_page(scope_of(azure), query_body())
    assert response.json().keys() == {"code", "message"}


def test_html_comes_with_503_and_even_with_200(azure, clients):
    azure.faults.add("html_503")
    response = clients.query_page(scope_of(azure), query_body())
    assert (response.status_code, response.content_type) == (503, "text/html; charset=utf-8")
    azure.faults.add("html_200")
    with pytest.raises((json.JSONDecodeError, DecodeError)):
        ask(azure, clients)


def test_what_is_not_json_can_claim_to_be(azure, clients):
    azure.faults.add("not_json")
    with pytest.raises((DecodeError, HttpResponseError)):
        ask(azure, clients)


def test_a_200_can_hold_an_error(azure, clients):
    azure.faults.add("error_in_200", operation="query")
    answer = ask(azure, clients)
    assert answer.rows is None
    assert answer["error"]["code"] == "RBACAccessDenied"


def test_no_content_and_no_rows_are_two_different_answers(azure, clients):
    azure.faults.add("no_content")
    assert ask(azure, clients) is None
    azure.faults.add("empty_rows")
    answer = ask(azure, clients)
    assert (answer.rows, answer.next_link) == ([], None)
    assert len(answer.columns) == 5


def test_a_claims_challenge_is_answered_by_a_new_token(own_azure, own_clients):
    own_clients.get("/subscriptions")
    own_azure.faults.add("token_challenge", operation="query")
    assert ask(own_azure, own_clients).rows
    assert [token.claims is not None for token in own_azure.authority.issued] == [False, True]
    statuses = [request.status for request in own_azure.requests if request.operation == "query"]
    assert statuses == [401, 200]


@pytest.mark.parametrize(
    ("name", "code"),
    [("token_expired", "ExpiredAuthenticationToken"), ("wrong_tenant", "InvalidAuthenticationTokenTenant")],
)
def test_a_refused_token_is_an_authentication_error(azure, clients, name, code):
    azure.faults.add(name)
    with pytest.raises(ClientAuthenticationError) as caught:
        ask(azure, clients)
    assert code in str(caught.value)


def test_signing_in_can_fail(own_azure, own_clients):
    own_azure.faults.add("sign_in_refused")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000222"):
        ask(own_azure, own_clients)


def test_a_next_link_can_lead_to_a_foreign_host(azure, clients):
    azure.faults.add("foreign_next_link", operation="query", host="evil.example")
    assert ask(azure, clients).next_link.startswith("https://evil.example/subscriptions/")
    azure.faults.add("foreign_next_link", operation="subscriptions")
    links = clients.get("/subscriptions?$top=1")["nextLink"]
    assert links.startswith("https://attacker.example/subscriptions")


def test_an_amount_can_have_more_decimals_than_anybody_keeps(azure, clients):
    azure.faults.add("many_decimals")
    row = clients.query_rows(scope_of(azure), query_body(), top=5000)[0]
    assert str(row["Cost"]) == "0.123456789012345678901234567"


def test_an_unregistered_provider_makes_the_sdk_write(azure, clients):
    azure.faults.add("not_registered")
    with pytest.raises(ResourceExistsError):
        ask(azure, clients)
    assert [request.path.rsplit("/", 1)[1] for request in azure.writes] == ["register"]


def test_the_connection_can_break_in_the_middle_of_a_body(azure, clients):
    azure.faults.add("reset", operation="query")
    with pytest.raises((IncompleteReadError, ServiceResponseError, HttpResponseError)):
        ask(azure, clients)
    assert ask(azure, clients).rows


def test_replies_can_be_slow(azure, clients):
    azure.faults.add("slow", operation="subscriptions", seconds=0.5)
    hasty = clients.client(CostManagementClient, read_timeout=0.1)
    with pytest.raises(ServiceResponseError, match="timed out"):
        hasty.send_request(HttpRequest("GET", "/subscriptions?api-version=2022-12-01"))


def test_a_later_page_alone_can_fail(azure, clients):
    azure.faults.add("server_error", operation="query", page=2)
    body = query_body()
    first = clients.query_page(scope_of(azure), body)
    link = first.json()["properties"]["nextLink"]
    assert (first.status_code, clients.send("POST", link, json=body).status_code) == (200, 500)
    assert clients.send("POST", link, json=body).status_code == 200


def test_faults_can_wait_repeat_and_be_switched_off(azure, clients):
    fault = azure.faults.add("server_error", path="/SUBSCRIPTIONS", method="get", after=1, times=2)
    assert [clients.send("GET", "/subscriptions").status_code for _ in range(4)] == [200, 500, 500, 200]
    lasting = azure.faults.add("server_error", times=None)
    assert [clients.send("GET", "/subscriptions").status_code for _ in range(2)] == [500, 500]
    azure.faults.remove(lasting)
    assert clients.send("GET", "/subscriptions").status_code == 200
    assert (fault.hits, lasting.hits) == (2, 2)
    assert [request.fault for request in azure.requests].count("server_error") == 4


def test_a_test_can_bring_its_own_reply_or_effect(azure, clients):
    azure.faults.add(Reply(418, b"{}"))
    assert clients.send("GET", "/subscriptions").status_code == 418
    azure.faults.add(Fault(lambda call, answer: json_reply({"asked": call.path, "was": answer().status})))
    assert clients.get("/subscriptions") == {"asked": "/subscriptions", "was": 200}


def test_an_unknown_fault_is_refused_with_the_names_there_are(azure):
    with pytest.raises(InputError, match="html_503"):
        azure.faults.add("earthquake")


@pytest.mark.parametrize("name", sorted(READY))
def test_every_ready_made_fault_can_be_switched_on_over_http(azure, name):
    session = requests.Session()
    session.trust_env = False
    session.verify = str(azure.ca_file)
    url = f"{azure.endpoint}/_faults"
    added = session.post(url, json={"name": name, "subscription": azure.subscription_ids[0], "times": 2}).json()
    assert (added["name"], added["times"], added["hits"]) == (name, 2, 0)
    assert session.get(url).json() == [added]
    assert session.delete(url).json() == []
    session.close()


class Seconds:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_real_throttling_allows_four_queries_a_minute_and_scope():
    clock = Seconds()
    with LocalAzure(**SIZE, throttle=Throttle(enabled=True, clock=clock)) as azure:
        clients = Clients(azure)
        answers = [clients.query_page(scope_of(azure), query_body()) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
        wait = int(answers[-1].headers["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"])
        assert wait == 60
        assert "Retry-After" not in answers[-1].headers
        assert clients.query_page(scope_of(azure, 1), query_body()).status_code == 200
        clock.now += wait
        assert clients.query_page(scope_of(azure), query_body()).status_code == 200
        clients.close()


def test_real_throttling_counts_query_units_by_month():
    clock = Seconds()
    throttle = Throttle(enabled=True, entity_per_minute=1000, tenant_per_minute=1000, clock=clock)
    headers = {}
    for _ in range(6):
        admitted, headers = throttle.admit("/subscriptions/x", "finops-lake", 2)
        assert admitted
    assert headers["x-ms-ratelimit-microsoft.costmanagement-qpu-remaining"].endswith("QueriesPer10Sec:0")
    admitted, headers = throttle.admit("/subscriptions/x", "finops-lake", 1)
    assert not admitted
    assert headers["x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"] == "10"
    clock.now = 10.1
    assert throttle.admit("/subscriptions/x", "finops-lake", 1)[0]


def test_callers_without_a_client_type_share_one_small_bucket():
    throttle = Throttle(enabled=True, entity_per_minute=1000, tenant_per_minute=3, clock=Seconds())
    answers = [throttle.admit(f"/subscriptions/{number}", None, 1) for number in range(4)]
    assert [admitted for admitted, _ in answers] == [True, True, True, False]
    assert answers[0][1]["x-ms-ratelimit-remaining-microsoft.costmanagement-clienttype-requests"] == "DefaultQuota:2"
