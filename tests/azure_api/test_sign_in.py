from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError, DefaultAzureCredential, InteractiveBrowserCredential

from finops_lake.azure_api.clouds import cloud_of
from finops_lake.azure_api.signin import build_credential
from finops_lake.azure_api.translate import sign_in_error
from finops_lake.errors import ConfigError, SignInError, UnreachableError
from tests.replay import Reply, StaticCredential

DISKS = ("GET", "disks$")
NO_DISKS = Reply(200, {"value": []})
EXPIRED = Reply(401, {"error": {"code": "ExpiredAuthenticationToken", "message": "expired"}})
CLAIMS = base64.urlsafe_b64encode(b'{"access_token":{"nbf":{"essential":true}}}').decode()
CHALLENGE = Reply(
    401,
    {"error": {"code": "InvalidAuthenticationToken", "message": "claims"}},
    {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{CLAIMS}"'},
)


@pytest.fixture
def no_azure_variables(monkeypatch):
    for name in (
        "TENANT_ID",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "AUTHORITY_HOST",
        "FEDERATED_TOKEN_FILE",
        "TOKEN_CREDENTIALS",
    ):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)
    return monkeypatch


class FailingCredential:
    """Fails to give a token, and counts how often it was asked."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def get_token(self, *scopes, **options) -> AccessToken:
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(
    ("values", "scope"),
    [
        ({}, "https://management.azure.com/.default"),
        ({"cloud": "usgov"}, "https://management.core.usgovcloudapi.net/.default"),
        ({"cloud": "china"}, "https://management.chinacloudapi.cn/.default"),
        ({"arm_endpoint": "https://localhost:1"}, "https://localhost:1/.default"),
        ({"arm_endpoint": "https://localhost:1", "arm_scope": "api://x/.default"}, "api://x/.default"),
    ],
)
def test_the_token_is_for_the_audience_of_the_cloud(replay, values, scope):
    azure = replay({DISKS: [NO_DISKS]}, **values)
    list(azure.clients.disks("a"))
    assert azure.credential.asked == [((scope,), {})]
    assert azure.transport.sent[0].url.startswith(azure.clients.cloud.arm_endpoint + "/")


def test_threads_ask_for_one_token(replay):
    azure = replay({DISKS: [NO_DISKS] * 8})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: list(azure.clients.disks("a")), range(8)))
    assert len(azure.credential.asked) == 1


def test_a_token_near_its_end_is_replaced(replay):
    azure = replay({DISKS: [NO_DISKS] * 2}, credential=StaticCredential(lifetime=200))
    list(azure.clients.disks("a"))
    list(azure.clients.disks("a"))
    assert [sent.headers["Authorization"] for sent in azure.transport.sent] == [
        "Bearer token-of-the-test",
        "Bearer token-of-the-test-2",
    ]


def test_a_claims_challenge_is_answered_with_one_new_token(replay):
    azure = replay({DISKS: [CHALLENGE, NO_DISKS, NO_DISKS]})
    with azure.clients.calls() as calls:
        list(azure.clients.disks("a"))
        list(azure.clients.disks("a"))
    assert [options.get("claims") for _, options in azure.credential.asked] == [
        None,
        '{"access_token":{"nbf":{"essential":true}}}',
    ]
    assert [sent.headers["Authorization"] for sent in azure.transport.sent] == [
        "Bearer token-of-the-test",
        "Bearer token-of-the-test-2",
        "Bearer token-of-the-test-2",
    ]
    assert calls.count == 3


def test_a_challenge_that_is_not_met_is_a_failed_sign_in(replay):
    azure = replay({DISKS: [CHALLENGE, CHALLENGE]})
    with pytest.raises(SignInError):
        list(azure.clients.disks("a"))
    assert len(azure.transport.sent) == 2


def test_a_refused_token_is_not_used_again(replay):
    azure = replay({DISKS: [EXPIRED, NO_DISKS]})
    with pytest.raises(SignInError, match="az login"):
        list(azure.clients.disks("a"))
    list(azure.clients.disks("a"))
    assert len(azure.credential.asked) == 2


def test_a_failed_sign_in_is_not_tried_again_for_each_of_many_calls(replay, clock):
    credential = FailingCredential(
        ClientAuthenticationError("Authentication failed: AADSTS7000215: Invalid client secret.")
    )
    azure = replay({}, credential=credential)
    for _ in range(3):
        with pytest.raises(SignInError) as caught:
            list(azure.clients.disks("a"))
        assert caught.value.__cause__ is credential.error
    assert credential.asked == 1
    clock.now += 11
    with pytest.raises(SignInError):
        list(azure.clients.disks("a"))
    assert credential.asked == 2


def test_a_sign_in_service_out_of_reach_is_tried_again(replay, clock):
    credential = FailingCredential(ServiceRequestError("Failed to establish a new connection: [Errno 111] refused"))
    azure = replay({}, credential=credential, max_retries=2)
    with pytest.raises(UnreachableError, match="Sign-in at"):
        list(azure.clients.disks("a"))
    assert credential.asked == 3
    assert clock.slept == [2.0, 4.0]
    assert azure.transport.sent == []


def chain(*attempts: str) -> ClientAuthenticationError:
    told = "".join(f"\n\t{attempt}" for attempt in attempts)
    return ClientAuthenticationError(
        "DefaultAzureCredential failed to retrieve a token from the included credentials.\n"
        f"Attempted credentials:{told}\nTo mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/x."
    )


ABSENT = (
    "EnvironmentCredential: EnvironmentCredential authentication unavailable. Environment variables are not fully "
    "configured.\nVisit https://x",
    "ManagedIdentityCredential: authentication unavailable, no response from the IMDS endpoint.",
    "AzureCliCredential: Azure CLI not found on path",
    "AzurePowerShellCredential: PowerShell is not installed",
)


@pytest.mark.parametrize(
    ("theirs", "kind", "told"),
    [
        (chain(*ABSENT), SignInError, "az login"),
        (chain(*ABSENT), SignInError, "looked at Environment, ManagedIdentity, AzureCli, AzurePowerShell"),
        (chain("AzureCliCredential: Please run 'az login' to set up an account"), SignInError, "az login"),
        (
            chain(
                "EnvironmentCredential: Authentication failed: AADSTS7000215: Invalid client secret provided. "
                "Trace ID: 1-2 Correlation ID: 3-4 Timestamp: 2026"
            ),
            SignInError,
            "AADSTS7000215: Invalid client secret provided. The client secret is wrong",
        ),
        (
            chain(ABSENT[0], "AzureCliCredential: ERROR: AADSTS700082: The refresh token has expired.", ABSENT[3]),
            SignInError,
            "expired: run `az login` again",
        ),
        (
            chain("EnvironmentCredential: Authentication failed: AADSTS90002: Tenant not found."),
            SignInError,
            "AZURE_TENANT_ID",
        ),
        (
            chain("EnvironmentCredential: Authentication failed: AADSTS90033: A transient error."),
            UnreachableError,
            "90033",
        ),
        (
            chain(
                "EnvironmentCredential: Authentication failed: HTTPSConnection(host='h', port=1): Failed to resolve 'h'"
            ),
            UnreachableError,
            "AZURE_AUTHORITY_HOST",
        ),
        (
            chain(
                "EnvironmentCredential: Authentication failed: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"
            ),
            ConfigError,
            "FINOPS_LAKE_CA_BUNDLE",
        ),
        (
            chain("EnvironmentCredential: something odd"),
            SignInError,
            "Sign-in failed (EnvironmentCredential): something odd",
        ),
        (CredentialUnavailableError(message="Azure CLI not found on path"), SignInError, "az login"),
        (ValueError("Invalid tenant id"), SignInError, "Invalid tenant id"),
    ],
)
def test_a_failed_sign_in_says_what_to_do(settings, theirs, kind, told):
    ours = sign_in_error(theirs, cloud_of(settings()))
    assert type(ours) is kind
    assert told in str(ours)


def test_in_another_cloud_the_azure_cli_is_pointed_there_first(settings):
    ours = sign_in_error(chain(*ABSENT), cloud_of(settings(cloud="usgov")))
    assert "az cloud set --name AzureUSGovernment" in str(ours)


def members(credential: DefaultAzureCredential) -> dict[str, object]:
    return {type(member).__name__: member for member in credential.credentials}


def test_nobody_is_asked_to_sign_in_unless_that_was_allowed(settings, no_azure_variables):
    with build_credential(settings(), cloud_of(settings())) as credential:
        assert isinstance(credential, DefaultAzureCredential)
        assert not [one for one in credential.credentials if isinstance(one, InteractiveBrowserCredential)]
    allowed = settings(interactive_sign_in=True)
    with build_credential(allowed, cloud_of(allowed)) as credential:
        assert [one for one in credential.credentials if isinstance(one, InteractiveBrowserCredential)]


def test_every_member_that_asks_an_authority_asks_that_of_the_cloud(settings, no_azure_variables, tmp_path):
    token_file = tmp_path / "token"
    token_file.write_text("assertion")
    no_azure_variables.setenv("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111")
    no_azure_variables.setenv("AZURE_CLIENT_ID", "client")
    no_azure_variables.setenv("AZURE_CLIENT_SECRET", "hunter2")
    no_azure_variables.setenv("AZURE_FEDERATED_TOKEN_FILE", str(token_file))
    values = settings(cloud="usgov", interactive_sign_in=True)
    with build_credential(values, cloud_of(values)) as credential:
        found = members(credential)
        asked = {
            "environment": found["EnvironmentCredential"]._credential._authority,
            "workload": found["WorkloadIdentityCredential"]._client._authority,
            "interactive": found["InteractiveBrowserCredential"]._authority,
        }
    assert set(asked.values()) == {"https://login.microsoftonline.us"}


def test_instance_discovery_is_off_only_for_an_authority_of_ones_own(settings, no_azure_variables):
    no_azure_variables.setenv("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111")
    no_azure_variables.setenv("AZURE_CLIENT_ID", "client")
    no_azure_variables.setenv("AZURE_CLIENT_SECRET", "hunter2")
    for values, discovers in (({}, None), ({"authority_host": "https://localhost:1"}, False)):
        chosen = settings(**values)
        with build_credential(chosen, cloud_of(chosen)) as credential:
            assert members(credential)["EnvironmentCredential"]._credential._instance_discovery is discovers


def test_a_bad_tenant_is_a_failed_sign_in(settings, no_azure_variables):
    no_azure_variables.setenv("AZURE_TENANT_ID", "not a tenant!")
    no_azure_variables.setenv("AZURE_CLIENT_ID", "client")
    no_azure_variables.setenv("AZURE_CLIENT_SECRET", "hunter2")
    with pytest.raises(SignInError) as caught:
        build_credential(settings(), cloud_of(settings()))
    assert "hunter2" not in str(caught.value)


def test_the_static_credential_of_the_tests_expires_as_azure_says():
    assert StaticCredential(lifetime=60).get_token("x").expires_on <= time.time() + 60
