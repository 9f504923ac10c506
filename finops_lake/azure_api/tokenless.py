"""A pipeline for what is read without signing in: no token, no redirect, and only where it is allowed to go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from azure.core.pipeline import Pipeline, PipelineRequest
from azure.core.pipeline.policies import RequestIdPolicy, SansIOHTTPPolicy, UserAgentPolicy

from finops_lake.azure_api.addresses import Address
from finops_lake.azure_api.pace import Pace
from finops_lake.azure_api.recording import RecordPolicy, TallyPolicy
from finops_lake.errors import UnsafeReplyError


class TokenlessGuardPolicy(SansIOHTTPPolicy[Any, Any]):
    """Lets only GET requests pass whose address `check` allows (it raises otherwise), and none with a token."""

    def __init__(self, check: Callable[[str], object], what: str) -> None:
        super().__init__()
        self._check = check
        self._what = what

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Raise UnsafeReplyError for anything else."""
        self._check(request.http_request.url)
        if request.http_request.method != "GET" or "Authorization" in request.http_request.headers:
            raise UnsafeReplyError(f"{self._what} by GET and without a token; this request is not.")


def tokenless_pipeline(
    transport: Any,
    guard: TokenlessGuardPolicy,
    address_of: Callable[[str], Address],
    *,
    pace: Pace,
    agent: str,
    now: Callable[[], datetime],
) -> Pipeline[Any, Any]:
    """Return a pipeline whose calls are recorded by the address that `address_of` makes of theirs."""
    return Pipeline(
        transport,
        [
            RequestIdPolicy(),
            UserAgentPolicy(base_user_agent=agent),
            guard,
            RecordPolicy(pace, now, address_of),
            TallyPolicy(pace, address_of, log_requests=False),
        ],
    )
