"""What is remembered, logged and traced of every request to Azure: names, counts and times, never contents."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

from finops_lake import telemetry
from finops_lake.azure_api.addresses import Address, address_of
from finops_lake.azure_api.calls import TOO_MANY, CallUnderWay, current_calls
from finops_lake.azure_api.pace import Pace
from finops_lake.errors import FinopsLakeError, SignInError, ThrottledError, UnreachableError

LOG = logging.getLogger("finops_lake.azure")

CORRELATION = "x-ms-correlation-request-id"
CLIENT_ID = "x-ms-client-request-id"
REPLY_ID = "x-ms-request-id"
NO_REPLY = 0

Addressed = Callable[[str], Address]

_OUTCOMES = {401: "denied", 403: "denied", 404: "not_found", TOO_MANY: "throttled"}


class RecordPolicy(HTTPPolicy[Any, Any]):
    """Remembers each call, its repetitions and waits included, and sends our request id along as correlation id."""

    def __init__(self, pace: Pace, now: Callable[[], datetime], addressed: Addressed = address_of) -> None:
        super().__init__()
        self._pace = pace
        self._now = now
        self._addressed = addressed

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send a request and keep what became of it."""
        call = self._begun(request)
        started = self._pace.clock()
        try:
            response = self.next.send(request)
        except (AzureError, FinopsLakeError, OSError, ValueError) as error:
            call.outcome, call.error = _outcome_of(error), type(error).__name__
            raise
        finally:
            call.duration_seconds = self._pace.clock() - started
        _note_reply(call, response.http_response)
        return response

    def _begun(self, request: PipelineRequest[Any]) -> CallUnderWay:
        ours, headers = telemetry.request_id(), request.http_request.headers
        if ours is not None:
            headers[CORRELATION] = ours
        call = CallUnderWay(
            self._addressed(request.http_request.url),
            str(request.http_request.method),
            self._now(),
            ours,
            headers.get(CLIENT_ID),
            telemetry.about().get("operation", ""),
        )
        current_calls().begun(call)
        return call


class TallyPolicy(HTTPPolicy[Any, Any]):
    """Counts, measures and traces each request that is sent; logs a line where that was asked for."""

    def __init__(self, pace: Pace, addressed: Addressed = address_of, *, log_requests: bool) -> None:
        super().__init__()
        self._pace = pace
        self._addressed = addressed
        self._log_requests = log_requests

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send one HTTP request."""
        calls, method = current_calls(), request.http_request.method
        address = self._addressed(request.http_request.url)
        calls.sent()
        started, status = self._pace.clock(), NO_REPLY
        with telemetry.span(f"{method} {address.template}", _attributes(method, address), client=True) as span:
            try:
                response = self.next.send(request)
                status = response.http_response.status_code
            finally:
                calls.tried(status, self._pace.clock() - started)
            reply_id = response.http_response.headers.get(REPLY_ID)
            calls.answered(reply_id, failed=status >= 400)
            span.set_attributes({"http.response.status_code": status, "azure.service.request.id": reply_id or ""})
            if status >= 400:
                telemetry.mark_failed(span, str(status))
        if self._log_requests:
            _log(method, address, status, self._pace.clock() - started, reply_id)
        return response


def _log(method: str, address: Address, status: int, seconds: float, reply_id: str | None) -> None:
    place = f"https://{address.host}{address.path}"
    more = {"api": address.api, "status": status, "duration": round(seconds, 6)}
    LOG.info("%s %s %s in %.0f ms (request id %s)", method, place, status, seconds * 1000, reply_id, extra=more)


def _note_reply(call: CallUnderWay, reply: Any) -> None:
    status = call.status = int(reply.status_code)
    call.outcome = "answered" if status < 400 else _OUTCOMES.get(status, "failed" if status >= 500 else "refused")
    if status >= 400:
        call.error = reply.headers.get("x-ms-error-code") or f"status {status}"
    call.correlation_id = reply.headers.get(CORRELATION)
    length = reply.headers.get("Content-Length", "")
    call.reply_bytes = int(length) if length.isdecimal() else 0


def _outcome_of(error: Exception) -> str:
    match error:
        case ThrottledError():
            return "throttled"
        case SignInError():
            return "denied"
        case UnreachableError() | AzureError() | OSError():
            return "unreachable"
        case _:
            return "refused"


def _attributes(method: str, address: Address) -> dict[str, telemetry.Value | None]:
    """Return a span's attributes by OpenTelemetry's conventions; the full address is left out on purpose."""
    return {
        "http.request.method": method,
        "url.scheme": "https",
        "url.template": address.template,
        "server.address": address.host.partition(":")[0],
        "azure.resource_provider.namespace": address.api.partition("/")[0],
        "http.request.resend_count": current_calls().repeats or None,
    }
