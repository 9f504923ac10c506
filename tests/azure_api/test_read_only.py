"""What must never leave the process: writes, tokens to foreign hosts, tokens in the clear."""

from __future__ import annotations

import pytest
from azure.core.pipeline.policies import RedirectPolicy, RetryPolicy
from azure.mgmt.core.policies import ARMAutoResourceProviderRegistrationPolicy

from finops_lake.errors import BadRequestError, UnsafeReplyError
from tests.replay import Reply

UNREGISTERED = {
    "error": {
        "code": "MissingSubscriptionRegistration",
        "message": "The subscription is not registered to use namespace 'Microsoft.Compute'.",
    }
}


def test_a_missing_registration_is_reported_and_never_made(replay):
    azure = replay({("GET", "disks$"): [Reply(409, UNREGISTERED)]})
    with pytest.raises(BadRequestError, match="az provider register"):
        list(azure.clients.disks("a"))
    assert [sent.method for sent in azure.transport.sent] == ["GET"]


@pytest.mark.parametrize("kind", ["cost", "consumption", "compute", "network"])
def test_no_client_has_a_policy_of_the_sdk_that_writes_or_waits_or_redirects(replay, kind):
    client = replay({}).clients._sdk().client(kind)
    policies = client._client._pipeline._impl_policies
    unwanted = (ARMAutoResourceProviderRegistrationPolicy, RetryPolicy, RedirectPolicy)
    assert policies
    assert not [policy for policy in policies if isinstance(policy, unwanted)]


def test_a_write_through_an_sdk_client_is_stopped_before_sign_in(replay):
    azure = replay({})
    compute = azure.clients._sdk().client("compute", "a")
    with pytest.raises(UnsafeReplyError, match="only reads"):
        compute.virtual_machines.begin_start("group", "machine")
    with pytest.raises(UnsafeReplyError, match="only reads"):
        compute.disks.begin_delete("group", "disk")
    assert azure.transport.sent == []
    assert azure.credential.asked == []


@pytest.mark.parametrize("url", ["https://evil.example/subscriptions", "http://management.azure.com/subscriptions"])
def test_no_token_is_fetched_for_a_foreign_address(replay, url):
    azure = replay({})
    with pytest.raises(UnsafeReplyError):
        azure.clients._sdk().send("GET", url, "test")
    assert azure.transport.sent == []
    assert azure.credential.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(replay, status):
    azure = replay({("GET", "disks$"): [Reply(status, b"", {"Location": "https://evil.example/x"})]})
    with pytest.raises(UnsafeReplyError):
        list(azure.clients.disks("a"))
    assert len(azure.transport.sent) == 1
