"""Replies of Resource Graph to the questions an extractor asks, made of rows by table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.replay import Reply, Sent

Rows = Sequence[Mapping[str, Any]]


def page(rows: Rows, total: int | None = None, token: str | None = None, **more: Any) -> Reply:
    """Return one page as Azure writes it: the flag of truncation is text."""
    body: dict[str, Any] = {"totalRecords": len(rows) if total is None else total, "count": len(rows), "data": rows}
    body |= {"facets": [], "resultTruncated": "false", **more}
    return Reply(200, {**body, **({"$skipToken": token} if token else {})})


def subscription_row(scope: str) -> dict[str, Any]:
    """Return the row that says that a subscription may be read."""
    return {"id": scope, "name": "x", "subscriptionId": scope.rpartition("/")[2], "properties": {}, "tags": None}


def graph_of(*scopes: str, **tables: Rows) -> Callable[[Sent], Reply]:
    """Return a function that answers each table's question; these subscriptions may be read, other tables are empty."""

    def answer(sent: Sent) -> Reply:
        body = json.loads(sent.body)
        table = body["query"].partition("|")[0].strip()
        if table == "resourcecontainers":
            asked = set(body["subscriptions"])
            return page([subscription_row(scope) for scope in scopes if scope.rpartition("/")[2] in asked])
        return page(tables.get(table, []))

    return answer
