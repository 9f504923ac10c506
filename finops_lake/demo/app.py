"""The ASGI application: from a request on the wire to a reply on the wire, faults and all."""

from __future__ import annotations

import asyncio
import itertools
import traceback
import uuid
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from finops_lake.demo.calls import UNAUTHORIZED, Call, record
from finops_lake.demo.control import control
from finops_lake.demo.operations import OPERATIONS
from finops_lake.demo.replies import Reply, error_reply
from finops_lake.demo.world import World

API_VERSION_MISSING = "The api-version query parameter (?api-version=) is required for all requests."


class Application:
    """Answers every request of one world; `crashes` holds the traces of its own defects, which tests look at."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.crashes: list[str] = []
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        call = _call(request, await request.body(), self.world.endpoint)
        if call.path.startswith("/_"):
            reply, fault_name = control(self.world, call), None
        else:
            reply, fault_name = self._answer(call)
            self.world.requests.append(record(call, reply.status, fault_name))
        if reply.delay_seconds:
            await asyncio.sleep(reply.delay_seconds)
        await _send(reply, self._headers(call), send)

    def _answer(self, call: Call) -> tuple[Reply, str | None]:
        if call.operation not in UNAUTHORIZED:
            audience = self.world.metrics_audience if call.operation == "metrics" else self.world.audience
            refusal = self.world.authority.judge(call.headers.get("authorization"), audience, call.endpoint)
            if refusal:
                return refusal, None
        fault = self.world.faults.take(call)
        try:
            if fault is not None:
                return fault.effect(call, lambda: self._ordinary(call)), fault.name
            return self._ordinary(call), None
        except Exception:  # a defect of ours is kept for the test, and answered as Azure would
            self.crashes.append(traceback.format_exc())
            return error_reply(500, "InternalServerError", "Encountered internal server error."), None

    def _ordinary(self, call: Call) -> Reply:
        world = self.world
        if call.operation in UNAUTHORIZED:
            return _dispatch(world, call)
        if not call.api_version:
            return error_reply(400, "MissingApiVersionParameter", API_VERSION_MISSING)
        if call.method not in ("GET", "POST"):
            return _denied(call, "write")
        if call.subscription_id and world.estate.subscription(call.subscription_id) is None:
            return error_reply(
                404, "SubscriptionNotFound", f"The subscription '{call.subscription_id}' could not be found."
            )
        group = call.group
        if group and call.subscription_id and world.estate.group(call.subscription_id, group) is None:
            return error_reply(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        if call.scope != call.path and world.billing.scope(call.scope) is None:
            return _denied(call, "read")
        return _dispatch(world, call)

    def _headers(self, call: Call) -> dict[str, str]:
        """Return the headers that every reply of ARM carries."""
        request_id = str(uuid.uuid4())
        left = next(self._numbers) % 50
        headers = {
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": request_id,
            "x-ms-routing-request-id": f"WESTEUROPE:{self.world.ledger.today:%Y%m%d}T000000Z:{request_id}",
            "Cache-Control": "no-cache",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
        }
        if "x-ms-client-request-id" in call.headers:
            headers["x-ms-client-request-id"] = call.headers["x-ms-client-request-id"]
        if call.operation in ("virtual_machines", "disks"):
            headers["x-ms-ratelimit-remaining-resource"] = (
                f"Microsoft.Compute/HighCostGetSubscriptionMaximum;{899 - left}"
            )
        if call.subscription_id:
            reads = {"subscription-reads": 249 - left, "subscription-global-reads": 3749 - left}
        else:
            reads = {"tenant-reads": 249 - left}
        return headers | {f"x-ms-ratelimit-remaining-{name}": str(count) for name, count in reads.items()}


def _call(request: Request, body: bytes, endpoint: str) -> Call:
    path = str(request.scope["path"])
    query = dict(parse_qsl(request.url.query, keep_blank_values=True))
    operation, names = _operation(request.method, path)
    return Call(request.method, path, query, dict(request.headers), body, operation, names, endpoint)


def _operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    for operation in OPERATIONS:
        found = operation.pattern.match(path)
        if found and operation.method == method:
            return operation.name, {name: value for name, value in found.groupdict().items() if value is not None}
    return "", {}


def _dispatch(world: World, call: Call) -> Reply:
    for operation in OPERATIONS:
        if operation.name == call.operation:
            return operation.handler(world, call)
    if call.method == "POST" and call.path.lower().endswith("/register"):
        return _denied(call, "register")
    if any(operation.pattern.match(call.path) for operation in OPERATIONS):
        message = f"The requested resource does not support http method '{call.method}'."
        return error_reply(405, "MethodNotAllowed", message, {"Allow": "POST" if call.method == "GET" else "GET"})
    if call.path.lower().startswith(("/providers/microsoft.management/", "/providers/microsoft.billing/")):
        return _denied(call, "read")
    message = f"No route providers were found that could serve '{call.path}' with api-version '{call.api_version}'."
    return error_reply(404, "InvalidResourceType", message)


def _denied(call: Call, action: str) -> Reply:
    message = f"The client does not have authorization to perform action '{action}' over scope '{call.path}'."
    return error_reply(403, "AuthorizationFailed", message)


async def _send(reply: Reply, common: dict[str, str], send: Send) -> None:
    """Send a reply; one that is cut promises its whole length and breaks off."""
    headers = {**common, **reply.headers, "Content-Length": str(len(reply.body))}
    if reply.status == 204:
        del headers["Content-Length"]
    if reply.content_type:
        headers["Content-Type"] = reply.content_type
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    cut = reply.cut_after is not None and reply.cut_after < len(reply.body)
    body = reply.body[: reply.cut_after] if cut else reply.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})
