"""Every way Azure says no has one clear outcome for the reader."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import azure.core.exceptions
import pytest
from azure.core.exceptions import AzureError, HttpResponseError

from finops_lake.azure_api.replies import clean, error_of, read_failure
from finops_lake.azure_api.translate import translate, translated
from finops_lake.errors import (
    AccessDeniedError,
    BadRequestError,
    ConfigError,
    FinopsLakeError,
    NotFoundError,
    Outcome,
    SignInError,
    ThrottledError,
    UnreachableError,
    UnsafeReplyError,
    UnsupportedOfferError,
)
from tests.replay import REPLIES, Reply, recorded

QUERY = ("POST", "query$")
DISKS = ("GET", "disks$")

RECORDED: dict[str, tuple[type[FinopsLakeError], Outcome, str]] = {
    "arm_403_authorizationfailed": (AccessDeniedError, Outcome.DENIED, "AuthorizationFailed"),
    "arm_404_resourcegroupnotfound": (NotFoundError, Outcome.FAILED, "ResourceGroupNotFound"),
    "arm_404_resourcenotfound": (NotFoundError, Outcome.FAILED, "ResourceNotFound"),
    "billing_404_bare_code_message": (NotFoundError, Outcome.FAILED, "NotFound"),
    "compute_404_notfound": (NotFoundError, Outcome.FAILED, "NotFound"),
    "compute_409_operationnotallowed": (BadRequestError, Outcome.FAILED, "OperationNotAllowed"),
    "consumption_422_offer": (UnsupportedOfferError, Outcome.UNSUPPORTED, "422"),
    "costmanagement_400_offer_none": (UnsupportedOfferError, Outcome.UNSUPPORTED, "400"),
    "costmanagement_400_one_year": (BadRequestError, Outcome.FAILED, "BadRequest"),
    "costmanagement_404_webdirect_airs": (UnsupportedOfferError, Outcome.UNSUPPORTED, "NotFound"),
    "costmanagement_429_clienttype": (ThrottledError, Outcome.THROTTLED, "429"),
    "costmanagement_subscriptioncostdisabled": (
        AccessDeniedError,
        Outcome.DENIED,
        "SubscriptionCostDisabled",
    ),
    "exports_400_focus_webdirect": (UnsupportedOfferError, Outcome.UNSUPPORTED, "BadRequest"),
    "network_429_retryableerror": (ThrottledError, Outcome.THROTTLED, "RetryableError"),
}


def raised(replay: Any, reply: Reply) -> FinopsLakeError:
    """Return what a cost query raises that gets this reply, through the real client."""
    azure = replay({QUERY: [reply]}, max_retries=0)
    with pytest.raises(FinopsLakeError) as caught:
        list(azure.clients.query_cost("/subscriptions/a", {}))
    return caught.value


@pytest.mark.replies
@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_error_has_a_clear_outcome(replay, name):
    kind, outcome, code = RECORDED[name]
    error = raised(replay, recorded(f"errors/{name}"))
    assert (type(error), error.outcome, error.code) == (kind, outcome, code)
    assert isinstance(error.__cause__, HttpResponseError)
    assert "Request ID" not in error.message


@pytest.mark.replies
@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_error_means_the_same_in_an_sdk_pager(replay, name):
    kind, outcome, code = RECORDED[name]
    azure = replay({DISKS: [recorded(f"errors/{name}")]}, max_retries=0)
    with pytest.raises(FinopsLakeError) as caught:
        list(azure.clients.disks("a"))
    assert (type(caught.value), caught.value.outcome, caught.value.code) == (kind, outcome, code)
    assert isinstance(caught.value.__cause__, HttpResponseError)


@pytest.mark.replies
def test_no_recorded_error_is_forgotten():
    if not REPLIES.is_dir():
        pytest.skip(f"no recorded replies: {REPLIES} is absent (set AZURE_REPLIES_FOLDER)")
    names = {path.stem for path in (REPLIES / "errors").glob("*.json") if not path.name.endswith(".meta.json")}
    assert names == set(RECORDED)


def error(code: str, message: str = "words", **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (401, error("ExpiredAuthenticationToken"), SignInError, "az login"),
        (401, error("InvalidAuthenticationTokenTenant"), SignInError, "--tenant"),
        (401, error("InvalidAuthenticationTokenAudience"), SignInError, "FINOPS_LAKE_CLOUD"),
        (401, error("InvalidAuthenticationToken"), SignInError, "AZURE_CLIENT_SECRET"),
        (403, error("AuthorizationFailed"), AccessDeniedError, "Cost Management Reader"),
        (403, error("RBACAccessDenied"), AccessDeniedError, "az role assignment create"),
        (403, error("BillingAccessDenied"), AccessDeniedError, "billing account reader"),
        (403, error("SubscriptionCostDisabled"), AccessDeniedError, "view charges"),
        (400, error("AccountCostDisabled"), AccessDeniedError, "view charges"),
        (401, error("DepartmentCostDisabled"), AccessDeniedError, "view charges"),
        (404, error("IndirectCostDisabled"), AccessDeniedError, "view charges"),
        (
            404,
            error(
                "NotFound",
                "Given subscription x doesn't have valid WebDirect/AIRS offer type. (Request ID: 12daa3b6-8a53)",
            ),
            UnsupportedOfferError,
            "leave it out",
        ),
        (
            404,
            error("NotFound", "Cost management data is not supported for subscription(s) x"),
            UnsupportedOfferError,
            "leave it out",
        ),
        (
            400,
            error("400", "Cost Management supports only Enterprise Agreement, Web direct ... offerType: None"),
            UnsupportedOfferError,
            "leave it out",
        ),
        (
            422,
            error("422", "Subscription x is not associated with a valid offer type."),
            UnsupportedOfferError,
            "leave it out",
        ),
        (
            400,
            error(
                "BadRequest", "Export type: FocusCost is not supported for Agreement Type: WebDirect and Subscription."
            ),
            UnsupportedOfferError,
            "leave it out",
        ),
        (404, error("SubscriptionNotFound"), NotFoundError, "az account list"),
        (404, {"code": "NotFound", "message": "bare"}, NotFoundError, "az account list"),
        (400, error("BadRequest", "Invalid query definition"), BadRequestError, ""),
        (
            409,
            error("MissingSubscriptionRegistration", "not registered to use namespace 'Microsoft.Compute'."),
            BadRequestError,
            "az provider register --namespace Microsoft.Compute",
        ),
        (424, error("FailedDependency"), BadRequestError, ""),
        (429, error("429"), ThrottledError, "later"),
        (429, error("TooManyRequests"), ThrottledError, "later"),
        (429, "", ThrottledError, "later"),
        (408, "", UnreachableError, "again"),
        (500, error("InternalServerError"), UnreachableError, "again"),
        (503, "<html><head><title>Service Unavailable</title></head></html>", UnreachableError, "again"),
        (504, error("GatewayTimeout"), UnreachableError, "again"),
        (307, "", UnsafeReplyError, "FINOPS_LAKE_ARM_ENDPOINT"),
        (202, "", UnreachableError, "proxy"),
        (400, "not json", BadRequestError, ""),
        (400, "[1]", BadRequestError, ""),
        (400, {"error": "invalid_request", "error_description": "words"}, BadRequestError, ""),
    ],
)
def test_every_shape_of_error_has_a_clear_outcome(replay, status, body, kind, told):
    failure = raised(replay, Reply(status, body))
    assert type(failure) is kind
    assert told in (failure.next_step or "")
    assert failure.message.startswith("Cost of /subscriptions/a: ")
    assert isinstance(failure.__cause__, HttpResponseError)


def test_a_message_is_one_line_without_request_id(replay):
    body = error("BadRequest", "Line one\r\n   line   two (Request ID: 12daa3b6-8a53-4759-97ba-511ece1ac95b)")
    failure = raised(replay, Reply(400, body))
    assert failure.message == "Cost of /subscriptions/a: Line one line two"
    assert failure.request_id == "12daa3b6-8a53-4759-97ba-511ece1ac95b"


def test_the_header_has_the_request_id_before_the_message(replay):
    body = error("BadRequest", "no (Request ID: 12daa3b6-8a53-4759-97ba-511ece1ac95b)")
    assert raised(replay, Reply(400, body, {"x-ms-request-id": "from-header"})).request_id == "from-header"
    assert raised(replay, Reply(400, body, {"X-Ms-Correlation-Request-Id": "corr"})).request_id == "corr"


def test_details_are_told_where_the_message_says_little(replay):
    body = error("RetryableError", "A retryable error occurred.", details=[{"code": "X", "message": "In 12 seconds."}])
    assert raised(replay, Reply(429, body)).message.endswith("A retryable error occurred. In 12 seconds.")


def test_the_role_to_ask_for_depends_on_what_was_refused(replay):
    message = (
        "The client 'x' does not have authorization to perform action 'Microsoft.Compute/disks/read' "
        "over scope '/subscriptions/b'."
    )
    azure = replay({DISKS: [Reply(403, error("AuthorizationFailed", message))]})
    with pytest.raises(AccessDeniedError) as caught:
        list(azure.clients.disks("b"))
    assert 'role "Reader"' not in str(caught.value.message)
    assert "the role Reader on /subscriptions/b" in str(caught.value.next_step)


@pytest.mark.parametrize(
    "text",
    [
        "Bearer eyJhbGciOi.eyJzdWIi.c2ln and more",
        "https://x/y?sv=1&sig=abc%2Fdef&se=2",
        "client_secret=hunter2&scope=x",
        "url: /a?api-version=1&$skiptoken=AQAAhunter2",
        "Authorization: Bearer hunter2",
        "access_token=hunter2",
    ],
)
def test_secrets_never_reach_a_message(text):
    told = clean(text)
    for secret in ("eyJ", "abc%2F", "hunter2", "c2ln"):
        assert secret not in told


def test_a_long_message_is_cut():
    assert len(clean("x" * 5000)) < 700


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, kind in vars(azure.core.exceptions).items()
        if isinstance(kind, type) and issubclass(kind, AzureError)
    ],
)
def test_no_error_of_the_sdk_is_left_untranslated(name):
    kind = getattr(azure.core.exceptions, name)
    reply = SimpleNamespace(status_code=418, reason="teapot", headers={}, text=lambda: "{}", request="it")
    special = {"ODataV4Error": (reply,), "TooManyRedirectsError": ([],), "StreamConsumedError": (reply,)}
    special |= {"StreamClosedError": (reply,), "ResponseNotReadError": (reply,)}
    theirs = kind(*special.get(name, ("words",)))
    with pytest.raises(FinopsLakeError) as caught, translated("Doing it"):
        raise theirs
    assert caught.value.__cause__ is theirs
    assert caught.value.message.startswith("Doing it")


def test_our_own_errors_pass_untouched():
    ours = ThrottledError("wait", retry_after=3)
    with pytest.raises(ThrottledError) as caught, translated("Doing it"):
        raise ours
    assert caught.value is ours


def test_bad_json_that_the_sdk_meets_is_not_azures_answer():
    with pytest.raises(UnreachableError, match="Hotel"), translated("Doing it"):
        json.loads("<html><title>Hotel</title></html>")


def test_a_certificate_that_is_not_trusted_is_a_setting_to_mend():
    theirs = azure.core.exceptions.ServiceRequestError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")
    ours = translate(theirs, "Disks")
    assert isinstance(ours, ConfigError)
    assert "FINOPS_LAKE_CA_BUNDLE" in str(ours)


def test_a_throttle_says_when_to_try_again():
    reply = read_failure(429, "", {})
    assert error_of(reply, "Cost", retry_after=44.6).next_step == "Try again in 45 seconds."
