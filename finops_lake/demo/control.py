"""The simulator's own addresses, all beneath /_: faults, restatements, the clock, the truth, what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from finops_lake.demo.calls import Call
from finops_lake.demo.replies import Reply, error_reply, json_reply
from finops_lake.demo.truth import restated_dict
from finops_lake.demo.world import World
from finops_lake.errors import InputError


def control(world: World, call: Call) -> Reply:
    """Answer a request to one of the simulator's own addresses; no token is needed."""
    handler = CONTROLS.get((call.method, call.path))
    if handler is None:
        known = sorted(f"{method} {path}" for method, path in CONTROLS)
        return error_reply(404, "NotFound", f"There is no {call.method} {call.path}; there is {', '.join(known)}.")
    try:
        return handler(world, call)
    except (InputError, ValueError, TypeError, KeyError, AttributeError) as error:
        return error_reply(400, "BadRequest", f"{type(error).__name__}: {error}")


def _truth(world: World, call: Call) -> Reply:
    return json_reply(world.truth.as_dict())


def _totals(world: World, call: Call) -> Reply:
    by = call.query.get("by", "subscription_id,currency").split(",")
    first, last = (date.fromisoformat(call.query[name]) if name in call.query else None for name in ("first", "last"))
    metric = call.query.get("metric", "ActualCost")
    totals = world.ledger.totals(by, metric, first, last)  # type: ignore[arg-type]
    rows = [
        {**{name: str(value) for name, value in zip(by, key, strict=True)}, "cost": f"{cost:f}"}
        for key, cost in totals.items()
    ]
    return json_reply(rows)


def _faults(world: World, call: Call) -> Reply:
    return json_reply(world.faults.listed())


def _add_fault(world: World, call: Call) -> Reply:
    values = _body(call)
    options = values.pop("options", {})
    fault: str | Reply = values.pop("name", "")
    if "reply" in values:
        reply = values.pop("reply")
        fault = json_reply(reply.get("body"), reply.get("status", 500), reply.get("headers"))
    world.faults.add(fault, **values, **options)
    return json_reply(world.faults.listed()[-1])


def _clear_faults(world: World, call: Call) -> Reply:
    world.faults.clear()
    return json_reply([])


def _restate(world: World, call: Call) -> Reply:
    values = _body(call)
    month = date.fromisoformat(values["month"]) if values.get("month") else None
    return json_reply([restated_dict(item) for item in world.restate(values.get("subscription_id"), month)])


def _advance(world: World, call: Call) -> Reply:
    return json_reply({"today": world.advance(int(_body(call).get("days", 1))).isoformat()})


def _requests(world: World, call: Call) -> Reply:
    return json_reply([item.as_dict() for item in list(world.requests)])


def _clear_requests(world: World, call: Call) -> Reply:
    world.requests.clear()
    return json_reply([])


def _throttle(world: World, call: Call) -> Reply:
    world.throttle.enabled = bool(_body(call).get("enabled", True))
    return json_reply({"enabled": world.throttle.enabled})


def _body(call: Call) -> dict[str, Any]:
    value = json.loads(call.body) if call.body else {}
    if not isinstance(value, dict):
        raise ValueError("a JSON object is needed")
    return value


CONTROLS: dict[tuple[str, str], Callable[[World, Call], Reply]] = {
    ("GET", "/_truth"): _truth,
    ("GET", "/_totals"): _totals,
    ("GET", "/_faults"): _faults,
    ("POST", "/_faults"): _add_fault,
    ("DELETE", "/_faults"): _clear_faults,
    ("POST", "/_restate"): _restate,
    ("POST", "/_advance"): _advance,
    ("GET", "/_requests"): _requests,
    ("DELETE", "/_requests"): _clear_requests,
    ("POST", "/_throttle"): _throttle,
}
