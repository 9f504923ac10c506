"""The operation Cost Management query: throttled, checked, answered from pages that are made once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from finops_lake.demo.billing import BillingScope
from finops_lake.demo.calls import Call
from finops_lake.demo.query import NARROW, Query, QueryError, parse_query
from finops_lake.demo.replies import Reply, bad_query, error_reply
from finops_lake.demo.results import Page, make_pages, read_skip_token, skip_token
from finops_lake.demo.world import World

LARGEST_PAGE = 5000


def answer_query(world: World, call: Call) -> Reply:
    """Answer one page of a query; later pages are asked for by POST at the next link, with the same body."""
    try:
        query = parse_query(call.body, world.ledger.today)
        scope = _scope_of(world, call, query)
        size = _page_size(world, call)
        place = _place(call)
    except QueryError as error:
        return bad_query(str(error))
    admitted, headers = world.throttle.admit(_scope(call), call.headers.get("clienttype"), query.months)
    if not admitted:
        return error_reply(429, "429", "Too many requests. Please retry.", headers)
    pages = _pages(world, call, query, size, scope)
    if place >= len(pages):
        return bad_query("Invalid skip token")
    return Reply(200, _body(call, pages[place]), headers)


def warm_up(world: World, bodies: Iterable[Mapping[str, Any]], size: int) -> int:
    """Make and keep the pages of these questions for every subscription; return the number of pages."""
    count = 0
    for subscription in world.estate.subscriptions:
        for body in bodies:
            path = f"{subscription.scope}/providers/Microsoft.CostManagement/query"
            call = Call("POST", path, {}, {}, json.dumps(body).encode())
            query = parse_query(call.body, world.ledger.today)
            count += len(_pages(world, call, query, size, _scope_of(world, call, query)))
    return count


def _scope_of(world: World, call: Call, query: Query) -> BillingScope:
    """Return the scope that is asked; a wide one is not grouped by resource."""
    scope = world.billing.scope(call.scope)
    if scope is None:
        raise QueryError(f"The scope '{call.scope}' is not known")
    narrow = [item.name for item in query.groupings if item.name.lower() in NARROW]
    if narrow and not call.subscription_id:
        raise QueryError(f"Dataset grouping '{narrow[0]}' is not supported at the requested scope")
    return scope


def _pages(world: World, call: Call, query: Query, size: int, scope: BillingScope) -> list[Page]:
    key = (_scope(call), json.dumps(json.loads(call.body), sort_keys=True), size)
    pages = world.pages.get(key)
    if pages is None:
        pages = make_pages(world.ledger, query, scope, size, key)
        world.pages.put(key, pages)
    return pages


def _body(call: Call, page: Page) -> bytes:
    link = (
        b'"nextLink":null,' if page.is_last else f'"nextLink":{json.dumps(_next_link(call, page.number + 1))},'.encode()
    )
    return b"".join((page.before_link, link, page.after_link))


def _next_link(call: Call, place: int) -> str:
    """Return the link of another page: the api-version and `$top` of this call, and a token for the question."""
    top = f"&$top={call.query['$top']}" if "$top" in call.query else ""
    token = quote(skip_token(place, call.body), safe="")
    return f"{call.endpoint}{quote(call.path)}?api-version={call.api_version}{top}&$skiptoken={token}"


def _scope(call: Call) -> str:
    return call.scope.lower()


def _page_size(world: World, call: Call) -> int:
    top = call.query.get("$top")
    if top is None:
        return world.page_size
    if not top.isdecimal() or not 1 <= int(top) <= LARGEST_PAGE:
        raise QueryError(f"Invalid top value: '{top}'; valid values: 1 to {LARGEST_PAGE}")
    return int(top)


def _place(call: Call) -> int:
    token = next((value for name, value in call.query.items() if name.lower() == "$skiptoken"), None)
    if token is None:
        return 0
    place = read_skip_token(token, call.body)
    if place is None:
        raise QueryError("Invalid skip token")
    return place
