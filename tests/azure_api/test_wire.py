"""The whole way: DefaultAzureCredential and the SDK's clients over TLS against the local Azure."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.azure_api.sdk import build_transport
from finops_lake.config import Settings, load_settings
from finops_lake.demo.replies import Reply
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import (
    AccessDeniedError,
    BadRequestError,
    ConfigError,
    SignInError,
    ThrottledError,
    UnreachableError,
    UnsafeReplyError,
)
from tests.azure_api.conftest import FakeClock
from tests.replay import StaticCredential

BODY = {
    "type": "ActualCost",
    "timeframe": "Custom",
    "timePeriod": {"from": "2026-02-01T00:00:00Z", "to": "2026-02-28T23:59:59Z"},
    "dataset": {
        "granularity": "Daily",
        "aggregation": {"Cost": {"name": "Cost", "function": "Sum"}},
        "grouping": [{"type": "Dimension", "name": "ResourceId"}],
    },
}


@pytest.fixture(scope="module")
def azure() -> Iterator[LocalAzure]:
    with LocalAzure(
        today=date(2026, 3, 5), subscriptions=2, resources=4, days=60, page_size=40, list_page_size=3
    ) as azure:
        yield azure
        assert azure.writes == []
        assert azure.crashes == []


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finops_lake.azure_api.clients.PAGE_ROWS", 40)


@pytest.fixture(autouse=True)
def clean(azure: LocalAzure) -> Iterator[None]:
    yield
    azure.faults.clear()
    azure.throttle.enabled = False


@pytest.fixture
def environment(azure: LocalAzure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    for name in (
        "AZURE_TOKEN_CREDENTIALS",
        "AZURE_FEDERATED_TOKEN_FILE",
        "REQUESTS_CA_BUNDLE",
        "HTTPS_PROXY",
        "https_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    variables = {**azure.environment(), "FINOPS_LAKE_HOME": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


Connect = Callable[..., AzureClients]


@pytest.fixture
def connect(environment: dict[str, str], clock: FakeClock) -> Iterator[Connect]:
    made: list[AzureClients] = []

    def connect(**values: Any) -> AzureClients:
        found: Settings = load_settings(environment)
        clients = AzureClients(found.model_copy(update=values), sleep=clock.sleep, clock=clock, rng=lambda: 0.0)
        made.append(clients)
        return clients

    yield connect
    for clients in made:
        clients.close()


def test_a_service_principal_in_the_environment_signs_in_at_a_custom_authority(azure, connect):
    issued = len(azure.authority.issued)
    clients = connect()
    found = [item["subscriptionId"] for item in clients.get_all("/subscriptions", "2022-12-01")]
    assert found == azure.subscription_ids
    assert clients.cloud.origin == "loopback"
    assert [token.scope for token in azure.authority.issued[issued:]] == [azure.scope]


def test_every_client_reads_every_page_with_one_token(azure, connect, small_pages):
    issued = len(azure.authority.issued)
    clients = connect()
    subscription = azure.subscription_ids[0]
    scope = f"/subscriptions/{subscription}"
    azure.forget_requests()
    with clients.calls() as calls:
        machines = list(clients.virtual_machines(subscription))
        states = list(clients.virtual_machines(subscription, status_only=True))
        disks = list(clients.disks(subscription))
        addresses = list(clients.public_ip_addresses(subscription))
        budgets = list(clients.budgets(scope))
        pages = list(clients.query_cost(scope, BODY))
    assert len(machines) == len(states) > 0
    assert disks
    assert addresses
    assert budgets
    assert len(pages) > 1
    assert len(azure.authority.issued) == issued + 1
    assert calls.count == len(
        [one for one in azure.requests if one.operation != "sign_in" and "openid" not in one.path]
    )


def test_threads_share_the_connections_and_the_token(azure, connect):
    issued = len(azure.authority.issued)
    clients = connect()

    def read(number: int) -> int:
        return len(list(clients.disks(azure.subscription_ids[number % 2])))

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(read, range(16)))
    assert counts == [counts[0], counts[1]] * 8
    assert len(azure.authority.issued) == issued + 1


def test_a_token_for_another_audience_is_refused_with_the_setting_to_mend(azure, connect):
    clients = connect(arm_scope="https://management.usgovcloudapi.net/.default")
    with pytest.raises(SignInError, match="FINOPS_LAKE_ARM_SCOPE") as caught:
        list(clients.get_all("/subscriptions", "2022-12-01"))
    assert caught.value.code == "InvalidAuthenticationTokenAudience"


def test_the_audience_of_a_sovereign_cloud_is_asked_for(monkeypatch, tmp_path, clock):
    scope = "https://management.core.usgovcloudapi.net"
    with LocalAzure(today=date(2026, 3, 5), subscriptions=1, resources=1, days=3, audience=scope) as gov:
        for name, value in gov.environment().items():
            monkeypatch.setenv(name, value)
        settings = load_settings({**gov.environment(), "FINOPS_LAKE_HOME": str(tmp_path)})
        with AzureClients(settings, sleep=clock.sleep, clock=clock) as clients:
            assert len(list(clients.get_all("/subscriptions", "2022-12-01"))) == 1
        assert [token.audience for token in gov.authority.issued] == [scope]


def test_a_wrong_secret_is_a_failed_sign_in_that_does_not_repeat_it(azure, connect, monkeypatch, caplog):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2-wrong")
    with pytest.raises(SignInError) as caught:
        list(connect().get_all("/subscriptions", "2022-12-01"))
    assert caught.value.code == "AADSTS7000215"
    assert "AZURE_CLIENT_SECRET" in str(caught.value)
    assert "hunter2" not in str(caught.value) + caplog.text


def test_without_the_authority_that_signed_it_the_server_is_not_trusted(azure, connect, clock):
    with pytest.raises(ConfigError, match="FINOPS_LAKE_CA_BUNDLE"):
        list(connect(ca_bundle=None).get_all("/subscriptions", "2022-12-01"))
    assert clock.slept == []


def test_an_untrusted_resource_manager_is_not_asked_again(azure, environment, clock):
    settings = load_settings(environment).model_copy(update={"ca_bundle": None})
    with (
        AzureClients(settings, credential=StaticCredential(), sleep=clock.sleep, clock=clock) as clients,
        pytest.raises(ConfigError, match="Listing /subscriptions: the certificate"),
    ):
        list(clients.get_all("/subscriptions", "2022-12-01"))
    assert clock.slept == []


def test_no_cookies_are_kept(azure, environment):
    azure.faults.add(Reply(200, b"{}", {"Set-Cookie": "a=b; Path=/"}), operation="openid_configuration")
    url = f"{azure.endpoint}/organizations/v2.0/.well-known/openid-configuration"
    with build_transport(load_settings(environment)) as transport:
        reply = transport.session.get(url, verify=str(azure.ca_file))
        assert reply.headers["Set-Cookie"] == "a=b; Path=/"
        assert list(transport.session.cookies) == []


def test_a_bundle_of_other_authorities_is_named(azure, connect, tmp_path, clock):
    bundle = tmp_path / "empty.pem"
    bundle.write_text("no certificate here")
    with pytest.raises(ConfigError, match="FINOPS_LAKE_CA_BUNDLE"):
        list(connect(ca_bundle=bundle).get_all("/subscriptions", "2022-12-01"))
    assert clock.slept == []


def test_the_ca_bundle_is_used_even_where_the_environment_names_another(azure, connect, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ssl.get_default_verify_paths().cafile or "")
    assert list(connect().get_all("/subscriptions", "2022-12-01"))


def test_a_password_file_of_the_user_does_not_replace_the_token(azure, connect, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert list(connect().get_all("/subscriptions", "2022-12-01"))


def test_a_claims_challenge_gets_one_new_token(azure, connect):
    clients = connect()
    list(clients.get_all("/subscriptions", "2022-12-01"))
    issued = len(azure.authority.issued)
    azure.faults.add("token_challenge")
    assert list(clients.get_all("/subscriptions", "2022-12-01"))
    (token,) = azure.authority.issued[issued:]
    assert token.claims is not None
    assert "nbf" in token.claims


def test_no_service_at_the_address_is_unreachable_after_the_repetitions(connect, clock):
    clients = connect(arm_endpoint="https://127.0.0.1:9", max_retries=2)
    with pytest.raises(UnreachableError, match=r"refused|Listing /subscriptions"):
        list(clients.get_all("/subscriptions", "2022-12-01"))
    assert clock.slept == [2.0, 4.0]


def test_no_sign_in_service_at_the_address_is_unreachable(connect, clock, monkeypatch):
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:9")
    clients = connect(authority_host="https://127.0.0.1:9", max_retries=1)
    with pytest.raises(UnreachableError, match="Sign-in at https://127"):
        list(clients.get_all("/subscriptions", "2022-12-01"))
    assert clock.slept == [2.0]


def test_a_connection_cut_inside_a_page_is_repeated(azure, connect, clock):
    azure.faults.add("reset", operation="query")
    assert list(connect().query_cost(f"/subscriptions/{azure.subscription_ids[0]}", BODY))
    assert clock.slept == [2.0]


def test_the_throttle_of_a_scope_is_waited_out(azure, connect, clock):
    azure.faults.add("throttled", retry_after=40, bucket="clienttype")
    with connect().calls() as calls:
        clients = connect()
        pages = list(clients.query_cost(f"/subscriptions/{azure.subscription_ids[0]}", BODY))
    assert pages
    assert clock.slept == [40.0]
    assert calls.count == len(pages) + 1
    assert calls.request_ids


def test_past_the_deadline_a_throttle_is_told_at_once(azure, connect, clock):
    azure.faults.add("throttled", retry_after=40)
    clients = connect()
    with clients.calls(deadline=clock.now + 20), pytest.raises(ThrottledError) as caught:
        list(clients.query_cost(f"/subscriptions/{azure.subscription_ids[0]}", BODY))
    assert caught.value.retry_after == pytest.approx(40)
    assert caught.value.request_id
    assert clock.slept == []


def test_a_reply_slower_than_the_deadline_is_given_up(azure, connect, clock):
    azure.faults.add("slow", operation="subscriptions", seconds=1.0)
    clients = connect()
    list(clients.get_all("/subscriptions/" + azure.subscription_ids[0] + "/resourcegroups", "2021-04-01"))
    with clients.calls(deadline=clock.now + 0.1), pytest.raises(UnreachableError):
        list(clients.get_all("/subscriptions", "2022-12-01"))
    assert clock.slept == []


@pytest.mark.parametrize("operation", ["query", "disks"])
def test_a_foreign_next_link_gets_no_token(azure, connect, operation, small_pages):
    azure.faults.add("foreign_next_link", operation=operation, times=None)
    clients, subscription = connect(), azure.subscription_ids[0]
    with pytest.raises(UnsafeReplyError, match=r"attacker\.example"):
        list(
            clients.disks(subscription)
            if operation == "disks"
            else clients.query_cost(f"/subscriptions/{subscription}", BODY)
        )


def test_a_missing_registration_is_never_made(azure, connect):
    azure.faults.add("not_registered", operation="disks")
    with pytest.raises(BadRequestError, match="az provider register --namespace Microsoft"):
        list(connect().disks(azure.subscription_ids[0]))
    assert azure.writes == []


def test_one_denied_subscription_leaves_the_other_readable(azure, connect):
    denied, allowed = azure.subscription_ids
    azure.faults.add("denied", subscription=denied)
    clients = connect()
    with pytest.raises(AccessDeniedError, match="Cost Management Reader") as caught:
        list(clients.query_cost(f"/subscriptions/{denied}", BODY))
    assert denied in str(caught.value.next_step)
    assert list(clients.query_cost(f"/subscriptions/{allowed}", BODY))


def test_cost_calls_carry_the_client_type_and_our_name(azure, connect):
    azure.forget_requests()
    list(connect().query_cost(f"/subscriptions/{azure.subscription_ids[0]}", BODY))
    queries = [one for one in azure.requests if one.operation == "query"]
    assert queries
    for one in queries:
        assert one.headers["clienttype"] == "finops-lake"
        assert one.headers["user-agent"].startswith("finops-lake/")
