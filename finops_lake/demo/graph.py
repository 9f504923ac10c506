"""Resource Graph: the estate as it sees it, in pages with skip tokens, for the subscriptions one may read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from finops_lake.demo.advice import advice
from finops_lake.demo.billing import management_groups
from finops_lake.demo.calls import Call
from finops_lake.demo.details import details
from finops_lake.demo.kql import ParserError, run
from finops_lake.demo.model import Resource, Subscription
from finops_lake.demo.replies import Reply, error_reply, json_reply
from finops_lake.demo.world import World

MOST_ROWS = 1000
TABLES = ("resources", "resourcecontainers", "recoveryservicesresources", "advisorresources")
QUOTA_LEFT, QUOTA_RESETS = "13", "00:00:05"
BACKUP = ("microsoft.recoveryservices/vaults/backup",)


def resource_graph(world: World, call: Call) -> Reply:
    """Answer a query. Subscriptions hidden from the caller are left out without a word, as Azure does."""
    body = json.loads(call.body or b"{}")
    asked = [str(item).lower() for item in body.get("subscriptions", [])] or [
        item.subscription_id for item in world.estate.subscriptions
    ]
    seen = [item for item in asked if item not in world.hidden]
    try:
        rows = run(str(body.get("query", "")), lambda table: _rows(world, table, seen))
    except ParserError as error:
        return _refused(str(error))
    options = body.get("options", {})
    size, start = min(int(options.get("$top", 100)), MOST_ROWS, world.graph_page_size), _start(options)
    page: dict[str, Any] = {
        "totalRecords": len(rows),
        "count": len(rows[start : start + size]),
        "data": rows[start : start + size],
        "facets": [],
        "resultTruncated": "false",
    }
    if start + size < len(rows):
        page["$skipToken"] = base64.b64encode(json.dumps({"RowsToSkip": start + size}).encode()).decode()
    headers = {"x-ms-user-quota-remaining": QUOTA_LEFT, "x-ms-user-quota-resets-after": QUOTA_RESETS}
    return json_reply(page, headers=headers)


def _rows(world: World, table: str, subscription_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield one table's rows; raises KeyError for a table that is not known."""
    if table not in TABLES:
        raise KeyError(table)
    for subscription_id in subscription_ids:
        subscription = world.estate.subscription(subscription_id)
        if subscription is None:
            continue
        if table == "resourcecontainers":
            yield _container(world, subscription)
        elif table == "advisorresources":
            yield from advice(world, subscription)
        else:
            found = world.estate.resources_of(Resource, subscription_id)
            yield from (_row(item) for item in found if _is_backup(item) == (table == "recoveryservicesresources"))


def _is_backup(resource: Resource) -> bool:
    return resource.resource_type.lower().startswith(BACKUP)


def _row(resource: Resource) -> dict[str, Any]:
    """Return a resource as Resource Graph writes it: types and groups in lower case, absent values as empty text."""
    shown = details(resource)
    return {
        "id": resource.resource_id,
        "name": resource.name.rpartition("/")[2],
        "type": resource.resource_type.lower(),
        "kind": shown.get("kind", ""),
        "location": resource.location,
        "resourceGroup": resource.group.name.lower(),
        "subscriptionId": resource.subscription_id,
        "managedBy": shown.get("managedBy", ""),
        "sku": shown.get("sku"),
        "zones": shown.get("zones"),
        "tags": dict(resource.tags) if resource.tags else None,
        "properties": shown["properties"],
    }


def _container(world: World, subscription: Subscription) -> dict[str, Any]:
    chain = [
        {"displayName": group.display_name, "name": group.name}
        for group in management_groups(world.estate, subscription)
    ]
    return {
        "id": subscription.scope,
        "name": subscription.display_name,
        "type": "microsoft.resources/subscriptions",
        "subscriptionId": subscription.subscription_id,
        "tags": dict(subscription.tags) if subscription.tags else None,
        "properties": {"state": subscription.state, "managementGroupAncestorsChain": chain},
    }


def _start(options: dict[str, Any]) -> int:
    token = options.get("$skipToken")
    return int(json.loads(base64.b64decode(token))["RowsToSkip"]) if token else 0


def _refused(message: str) -> Reply:
    details = [{"code": "InvalidQuery", "message": "Query is invalid."}, {"code": "ParserFailure", "message": message}]
    return error_reply(400, "BadRequest", "Please provide below info when asking for support.", None, details)
