"""One request as the simulator sees it, and the record that is kept of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)", re.IGNORECASE)
_PROVIDER = re.compile(r"/providers/Microsoft\.(CostManagement|Consumption)/", re.IGNORECASE)
KEPT_HEADERS = (
    *("clienttype", "user-agent", "x-ms-client-request-id", "x-ms-correlation-request-id", "accept", "content-type"),
)
UNAUTHORIZED = ("openid_configuration", "sign_in", "blob", "retail_prices")
"""Operations that ask for no bearer token."""
READS_BY_POST = ("query", "sign_in", "create_report", "resource_graph", "metrics")


@dataclass(frozen=True)
class Call:
    """A request; header names are lower-case, `operation` is "" when nothing here answers the path."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    operation: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""

    @property
    def subscription_id(self) -> str | None:
        """Return the subscription of the path, lower-cased."""
        named = self.names.get("subscription")
        found = None if named else _SUBSCRIPTION.match(self.path)
        return named.lower() if named else found[1].lower() if found else None

    @property
    def scope(self) -> str:
        """Return what stands before the operation's provider in the path, as it was written."""
        found = _PROVIDER.search(self.path)
        return self.path[: found.start()] if found else self.path

    @property
    def group(self) -> str | None:
        """Return the resource group of the path as it was written."""
        return self.names.get("group")

    @property
    def api_version(self) -> str:
        """Return the api-version that was asked for."""
        return self.query.get("api-version", "")


@dataclass(frozen=True)
class RecordedRequest:
    """What is remembered of a request: no body, no token."""

    method: str
    path: str
    query: Mapping[str, str]
    status: int
    operation: str
    subscription_id: str | None
    headers: Mapping[str, str]
    fault: str | None = None

    @property
    def is_write(self) -> bool:
        """Tell whether the request would have changed something in a real Azure."""
        if self.method in ("GET", "HEAD", "OPTIONS"):
            return False
        return not (self.method == "POST" and self.operation in READS_BY_POST)

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON can carry it."""
        return {**vars(self), "query": dict(self.query), "headers": dict(self.headers), "is_write": self.is_write}


def record(call: Call, status: int, fault: str | None) -> RecordedRequest:
    """Return the record of an answered request."""
    headers = {name: call.headers[name] for name in KEPT_HEADERS if name in call.headers}
    query = {name: value for name, value in call.query.items() if name != "sig"}
    return RecordedRequest(call.method, call.path, query, status, call.operation, call.subscription_id, headers, fault)
