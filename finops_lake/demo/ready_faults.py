"""The ready-made faults, by name: what Azure, its front door and the network have been seen to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from finops_lake.demo.calls import Call
from finops_lake.demo.replies import HTML, JSON, Reply, error_reply, json_reply
from finops_lake.demo.sign_in import claims_challenge, refused_secret
from finops_lake.demo.throttle import PREFIX, REMAINING

Effect = Callable[[Call, Callable[[], Reply]], Reply]
"""Gets the request and a function for the ordinary reply; returns what is sent instead."""

REQUEST_ID = "(Request ID: 5f0e1c4b-7d7e-4d52-9a53-0d6f7a1b2c3d)"
OFFERS = "Cost Management supports only Enterprise Agreement, Web direct and Microsoft Customer Agreement offer types."
PAGE = b"<html><head><title>Service Unavailable</title></head><body>Our services aren't available</body></html>"
COST = ("query", "budgets", "create_report", "usage_details")


def always(reply: Reply) -> Effect:
    """Return the effect that sends one reply whatever the request."""
    return lambda call, answer: reply


@dataclass(frozen=True)
class Ready:
    """A ready-made fault: how to build its effect, which operations it hits and how often, unless told otherwise."""

    build: Callable[..., Effect]
    operations: tuple[str, ...] = ()
    times: int | None = 1


def _throttled(retry_after: int = 30, bucket: str = "entity") -> Effect:
    """429 with nothing but Cost Management's own headers; the SDK gives up at once."""
    headers = {
        f"{PREFIX}-{bucket}-retry-after": str(retry_after),
        f"{REMAINING}-{bucket}-requests": "DefaultQuota:0",
        f"{PREFIX}-qpu-remaining": "QueriesPerHour:577,QueriesPerMin:59,QueriesPer10Sec:11",
    }
    return always(error_reply(429, "429", "Too many requests. Please retry.", headers))


def _arm_throttled(retry_after: int = 5, header: str = "Retry-After") -> Effect:
    message = "The request is being throttled as the limit has been reached for operation type - Read."
    return always(error_reply(429, "TooManyRequests", message, {header: str(retry_after)}))


def _network_busy() -> Effect:
    detail = {"code": "RetryableErrorDueToAnotherOperation", "message": "Another operation is updating the resource."}
    return always(error_reply(429, "RetryableError", "A retryable error occurred.", details=[detail]))


def _denied(code: str = "AuthorizationFailed", client_id: str = "00000000-0000-0000-0000-00000000c11e") -> Effect:
    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        scope = "/".join(call.path.split("/")[:3])
        message = (
            f"The client '{client_id}' with object id '{client_id}' does not have authorization to perform action "
            f"'{call.operation}/read' over scope '{scope}' or the scope is invalid."
        )
        return error_reply(403, code, message)

    return effect


def _unsupported_offer() -> Effect:
    """What an offer without cost data answers: 404 to queries, 400 with a number for a code to budgets."""

    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        if call.operation == "budgets":
            return error_reply(
                400, "400", f"{OFFERS} offerId: MS-AZR-0036P is associated with offerType: None {REQUEST_ID}"
            )
        message = (
            f"Given subscription {call.subscription_id} doesn't have valid WebDirect/AIRS offer type. {REQUEST_ID}"
        )
        return error_reply(404, "NotFound", message)

    return effect


def _unsupported_offer_422() -> Effect:
    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        message = (
            f"{OFFERS} Subscription {call.subscription_id} is not associated with a valid offer type. {REQUEST_ID}"
        )
        return error_reply(422, "422", message)

    return effect


def _cost_disabled() -> Effect:
    message = (
        "Cost views are disabled for subscription users because the cost policy is turned off by your account admin"
    )
    return always(error_reply(403, "SubscriptionCostDisabled", message))


def _subscription_not_found() -> Effect:
    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        return error_reply(
            404, "SubscriptionNotFound", f"The subscription '{call.subscription_id}' could not be found."
        )

    return effect


def _bare_error(status: int = 404) -> Effect:
    return always(
        json_reply(
            {"code": "NotFound", "message": "The resource or one of its dependencies could not be found."}, status
        )
    )


def _html(status: int = 503, content_type: str = HTML) -> Effect:
    return always(Reply(status, PAGE, content_type=content_type))


def _error_in_200() -> Effect:
    return always(
        error_reply(200, "RBACAccessDenied", "The client does not have authorization to perform this action.")
    )


def _no_content() -> Effect:
    return always(Reply(204, content_type=None))


def _empty_rows() -> Effect:
    return _rewritten(rb'"rows":\[.*\]', b'"rows":[]', drop_link=True)


def _token_challenge() -> Effect:
    tenant = "organizations"
    return lambda call, answer: claims_challenge(call.endpoint, tenant)


def _refused_token(code: str, message: str) -> Callable[[], Effect]:
    return lambda: always(error_reply(401, code, message, {"WWW-Authenticate": 'Bearer error="invalid_token"'}))


def _sign_in_refused() -> Effect:
    return always(refused_secret())


def _foreign_next_link(host: str = "attacker.example") -> Effect:
    return _rewritten(rb'"nextLink":"https://[^/"]+', b'"nextLink":"https://' + host.encode())


def _missing_next_link() -> Effect:
    return _rewritten(rb'"nextLink":null,', b"")


def _blank_next_link() -> Effect:
    return _rewritten(rb'"nextLink":null', b'"nextLink":""')


def _many_decimals(amount: str = "0.123456789012345678901234567") -> Effect:
    """The first amount of the first row with more decimals than the lake keeps."""
    return _rewritten(rb'"rows":\[\[[-+.0-9E]+', b'"rows":[[' + amount.encode())


def _rewritten(pattern: bytes, text: bytes, *, drop_link: bool = False) -> Effect:
    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        body = re.sub(pattern, lambda found: text, reply.body, count=1, flags=re.DOTALL)
        if drop_link:
            body = re.sub(rb'"nextLink":"[^"]*"', b'"nextLink":null', body)
        return replace(reply, body=body)

    return effect


def _changed(**values: Any) -> Effect:
    return lambda call, answer: replace(answer(), **values)


def _reset(cut_after: int = 100) -> Effect:
    return _changed(cut_after=cut_after)


def _slow(seconds: float = 2.0) -> Effect:
    return _changed(delay_seconds=seconds)


def _server_error(
    status: int = 500, code: str = "InternalServerError", message: str = "Encountered internal server error."
) -> Effect:
    return always(error_reply(status, code, message))


def _not_registered() -> Effect:
    """409 that makes the SDK's own policy POST to /register, which is a write (and is refused)."""
    message = "The subscription is not registered to use namespace 'Microsoft.CostManagement'."
    return always(error_reply(409, "MissingSubscriptionRegistration", message))


def _not_json() -> Effect:
    return always(Reply(500, b"upstream connect error", content_type=JSON))


def _report(status: str, code: str = "InternalError", message: str = "The report could not be made.") -> Effect:
    """A report that ends, with status 200, in a body that says it came to nothing."""

    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        body: dict[str, Any] = {"id": call.path[1:], "name": call.names.get("name", ""), "status": status}
        return json_reply(body | ({"error": {"code": code, "message": message}} if status == "Failed" else {}))

    return effect


def _expired_link() -> Effect:
    text = b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code></Error>"
    return always(Reply(403, text, content_type="application/xml"))


def _short_blob(length: int = 300) -> Effect:
    """A file that ends early, though the connection does not break."""

    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        return replace(reply, body=reply.body[:length])

    return effect


def _other_header() -> Effect:
    """A file with another header of the same length, as if something else had been put in its place."""
    return _rewritten(rb"CostInBillingCurrency", b"SomethingElseEntirely")


def _usage_throttled(retry_after: int = 12) -> Effect:
    headers = {"x-ms-ratelimit-microsoft.consumption-retry-after": str(retry_after)}
    return always(error_reply(429, "429", "Too many requests. Please retry after some time.", headers))


def _looping_link() -> Effect:
    """A next link that leads to the page it stands on."""

    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        link = f"{call.endpoint}{call.path}?" + "&".join(f"{name}={value}" for name, value in call.query.items())
        reply = answer()
        body = re.sub(rb'"nextLink":"[^"]*"', lambda found: b'"nextLink":"' + link.encode() + b'"', reply.body)
        return replace(reply, body=body)

    return effect


def _metrics_denied() -> Effect:
    """401, as Azure Monitor says that the role is missing on the subscription itself."""
    return always(error_reply(401, "AuthorizationFailed", "The client does not have Monitoring Reader."))


def _metrics_failed() -> Effect:
    """The first resource's first metric without figures, and with an error of its own."""
    return _rewritten(
        rb'"timeseries":\[\{.*?"errorCode":"Success"', b'"timeseries":[],"errorCode":"InternalServerError"'
    )


def _metrics_missing() -> Effect:
    """An answer that leaves out its first resource."""

    def effect(call: Call, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        return json_reply({"values": json.loads(reply.body)["values"][1:]})

    return effect


READY: dict[str, Ready] = {
    "throttled": Ready(_throttled, ("query",)),
    "arm_throttled": Ready(_arm_throttled),
    "network_busy": Ready(_network_busy, ("public_ip_addresses",)),
    "denied": Ready(_denied, times=None),
    "unsupported_offer": Ready(_unsupported_offer, COST, None),
    "unsupported_offer_422": Ready(_unsupported_offer_422, COST, None),
    "cost_disabled": Ready(_cost_disabled, COST, None),
    "subscription_not_found": Ready(_subscription_not_found, times=None),
    "bare_error": Ready(_bare_error),
    "html_503": Ready(_html),
    "html_200": Ready(lambda: _html(200)),
    "not_json": Ready(_not_json),
    "error_in_200": Ready(_error_in_200),
    "no_content": Ready(_no_content, ("query",)),
    "empty_rows": Ready(_empty_rows, ("query",)),
    "token_challenge": Ready(_token_challenge),
    "token_expired": Ready(
        _refused_token(
            "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."
        )
    ),
    "wrong_tenant": Ready(
        _refused_token(
            "InvalidAuthenticationTokenTenant",
            "The access token is from the wrong issuer. It must match the tenant associated with this subscription.",
        ),
        times=None,
    ),
    "sign_in_refused": Ready(_sign_in_refused, ("sign_in",), None),
    "foreign_next_link": Ready(_foreign_next_link),
    "missing_next_link": Ready(_missing_next_link, ("query",), None),
    "blank_next_link": Ready(_blank_next_link, ("query",), None),
    "many_decimals": Ready(_many_decimals, ("query",)),
    "server_error": Ready(_server_error),
    "server_busy": Ready(lambda: _server_error(503, "ServerTimeout", "Server busy. Please retry later.")),
    "gateway_timeout": Ready(
        lambda: _server_error(504, "GatewayTimeout", "The gateway did not receive a response in time.")
    ),
    "report_failed": Ready(lambda **options: _report("Failed", **options), ("poll_report",)),
    "report_no_data": Ready(lambda: _report("NoDataFound"), ("poll_report",)),
    "report_no_content": Ready(_no_content, ("poll_report",)),
    "report_link_expired": Ready(_expired_link, ("blob",)),
    "report_short": Ready(_short_blob, ("blob",)),
    "report_other_header": Ready(_other_header, ("blob",)),
    "usage_throttled": Ready(_usage_throttled, ("usage_details",)),
    "looping_link": Ready(_looping_link, ("usage_details",), None),
    "metrics_denied": Ready(_metrics_denied, ("metrics",), None),
    "metrics_unregistered": Ready(
        lambda: _server_error(403, "Forbidden", "The subscription is not registered to use Microsoft.Insights."),
        ("metrics",),
        None,
    ),
    "metrics_busy": Ready(lambda: _server_error(529, "TooManyRequests", "The service is busy."), ("metrics",)),
    "metrics_failed": Ready(_metrics_failed, ("metrics",)),
    "metrics_missing": Ready(_metrics_missing, ("metrics",)),
    "not_registered": Ready(_not_registered),
    "slow": Ready(_slow),
    "reset": Ready(_reset),
}
