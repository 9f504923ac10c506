"""What each request to Azure passes through on its way: repetition and waiting, the guard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, SansIOHTTPPolicy

from finops_lake.azure_api.links import check_address, check_reads_only
from finops_lake.azure_api.metering import metered
from finops_lake.azure_api.pace import Pace
from finops_lake.azure_api.translate import is_untrusted
from finops_lake.azure_api.waits import (
    COST_FLOOR,
    Bucket,
    backoff,
    buckets_of,
    clock_skew,
    is_cost_management,
    named_waits,
)
from finops_lake.errors import UnreachableError
from finops_lake.limits import Draw

CLIENT_TYPE = "finops-lake"
"""Calls without this header share one small, anonymous allowance per tenant."""

PASSING_STATUSES = frozenset({408, 500, 502, 503, 504, 529})
PASSING_ERRORS = (ServiceRequestError, ServiceResponseError, IncompleteReadError)


class WaitingPolicy(HTTPPolicy[Any, Any]):
    """Holds calls back while Azure is closed to them, and repeats those that failed in passing.

    A 429 closes the gate of the bucket it names, for all threads. Other statuses with a Retry-After, and
    retry headers on a 200, are no throttle. Takes the place of azure-core's RetryPolicy, which knows none of
    Cost Management's headers and sleeps for as long as Retry-After says.
    """

    def __init__(self, pace: Pace, *, max_retries: int, timeout: float) -> None:
        super().__init__()
        self._pace = pace
        self._max_retries = max_retries
        self._timeout = timeout

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send a request, as often as needed; the last reply or error is the caller's."""
        url = request.http_request.url
        buckets = buckets_of(url)
        what = f"the next call on {buckets[0][2] or urlsplit(url).path}"
        draws = metered(request.http_request.method, url, request.http_request.content)
        repeat, request_id = 0, None
        while True:
            self._pace.hold(buckets, what, request_id)
            booking = self._pace.turn(draws, what)
            self._limit(request, what)
            repeat += 1
            try:
                response = self.next.send(request)
            except (*PASSING_ERRORS, UnreachableError) as error:
                if is_untrusted(str(error)) or not self._rest(
                    repeat, backoff(repeat), f"{what} failed ({type(error).__name__})"
                ):
                    raise
                continue
            self._pace.answered(booking, response.http_response.headers)
            self._pace.skew = clock_skew(dict(response.http_response.headers), datetime.now(UTC))
            if not self._is_repeated(response, buckets, repeat, what, draws):
                return response
            request_id = response.http_response.headers.get("x-ms-request-id")

    def _is_repeated(
        self,
        response: PipelineResponse[Any, Any],
        buckets: tuple[Bucket, Bucket],
        repeat: int,
        what: str,
        draws: tuple[Draw, ...],
    ) -> bool:
        status = response.http_response.status_code
        if status == 429:
            self._close_gates(buckets, response.http_response, repeat, draws)
            return repeat <= self._max_retries
        if status not in PASSING_STATUSES:
            return False
        named = max(_waits(response.http_response).values(), default=0.0)
        return self._rest(repeat, max(named, backoff(repeat)), f"{what} failed (status {status})")

    def _close_gates(self, buckets: tuple[Bucket, Bucket], reply: Any, repeat: int, draws: tuple[Draw, ...]) -> None:
        """Close the gates a 429 names, longer with each repetition: the times named are often too short.

        The throttle closes them for the other processes of this home.
        """
        scope, everything = buckets
        waits = _waits(reply)
        floor = 0.0 if waits or not is_cost_management(reply.request.url) else COST_FLOOR
        now = self._pace.clock()
        longest = max(floor, backoff(repeat), *waits.values())
        self._pace.gates.close(scope, now + longest)
        self._pace.refused(draws[:1], longest)
        if "all" in waits:
            self._pace.gates.close(everything, now + waits["all"])
            self._pace.refused(draws[1:], waits["all"])

    def _rest(self, repeat: int, seconds: float, why: str) -> bool:
        wait = self._pace.spread(seconds)
        if repeat > self._max_retries or not self._pace.fits(wait):
            return False
        self._pace.wait(wait, why)
        return True

    def _limit(self, request: PipelineRequest[Any], what: str) -> None:
        remaining = self._pace.remaining()
        if remaining is None:
            return
        if remaining <= 0:
            raise UnreachableError(f"There was no time left for {what}.", next_step="Try again with more time.")
        limit = max(min(self._timeout, remaining), 0.05)
        request.context.options.update(connection_timeout=limit, read_timeout=limit)


class GuardPolicy(SansIOHTTPPolicy[Any, Any]):
    """Lets only reading requests to Azure's own address pass; stands before the token is added."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Raise UnsafeReplyError for anything else."""
        check_address(request.http_request.url, self._endpoint)
        check_reads_only(request.http_request.method, request.http_request.url)


class ClientTypePolicy(SansIOHTTPPolicy[Any, Any]):
    """Names this client to the cost services, which then give it an allowance of its own."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Add the header to calls of Cost Management and Consumption."""
        if is_cost_management(request.http_request.url):
            request.http_request.headers["ClientType"] = CLIENT_TYPE


def _waits(reply: Any) -> Mapping[str, float]:
    return named_waits(dict(reply.headers), datetime.now(UTC))
