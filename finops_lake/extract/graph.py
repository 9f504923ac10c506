"""What all questions to Resource Graph share: batches of subscriptions, and who of them could not be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import AccessDeniedError, FinopsLakeError, UnreachableError
from finops_lake.extract.arrow import pick
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched

BATCH = 300
"""Subscriptions in one question; more are throttled sooner (Resource Graph: guidance for throttled requests)."""

READABLE = (
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions'"
    " | project id, name, subscriptionId, properties, tags | order by id asc"
)
"""Gives a row for each subscription that may be read: Resource Graph leaves out the others without a word."""

_SUBSCRIPTION = re.compile(r"/?subscriptions/([^/]+)", re.IGNORECASE)

Results = dict[Chunk, Fetched | FinopsLakeError]
Row = Mapping[str, Any]


def one_of(fetch_many: Callable[[AzureClients, Sequence[Chunk]], Results]) -> Callable[[AzureClients, Chunk], Fetched]:
    """Return what fetches a single subscription by asking for a batch of one, and raises what was wrong with it."""

    def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
        found = fetch_many(azure, [chunk])[chunk]
        if isinstance(found, Fetched):
            return found
        raise found

    return fetch


def ask_by_subscription(
    azure: AzureClients,
    chunks: Sequence[Chunk],
    queries: Iterable[str],
    table: Callable[[list[Row]], pa.Table],
) -> Results:
    """Return the rows of all queries for each chunk's subscription, which `table` makes Arrow of.

    Costs one call to learn which subscriptions can be read, then one for each 1,000 rows of each query, for all
    chunks together. A subscription that cannot be read is denied, never empty; where an answer may not be whole,
    no subscription of it is complete.
    """
    readable = azure.graph(READABLE, [subscription_of(chunk.scope_id) for chunk in chunks])
    known = {_owner(row) for row in readable.rows}
    asked = [chunk for chunk in chunks if subscription_of(chunk.scope_id) in known]
    ids = [subscription_of(chunk.scope_id) for chunk in asked]
    answers = [readable if query == READABLE else azure.graph(query, ids) for query in queries if asked]
    reason = next((answer.reason for answer in answers if answer.reason), None)
    rows: dict[str, list[Row]] = {}
    for row in (row for answer in answers for row in answer.rows):
        rows.setdefault(_owner(row), []).append(row)
    found: Results = {chunk: _denied(chunk) for chunk in chunks}
    for chunk in asked:
        of_chunk = table(rows.get(subscription_of(chunk.scope_id), []))
        found[chunk] = Fetched(of_chunk, complete=reason is None, reason=reason)
    return found


def kept(properties: Any, paths: Iterable[str]) -> dict[str, Any]:
    """Return those properties that the dotted paths name, in their places."""
    result: dict[str, Any] = {}
    for path in paths:
        value = pick(properties, path) if isinstance(properties, Mapping) else None
        if value is None:
            continue
        *parents, last = path.split(".")
        place = result
        for key in parents:
            place = place.setdefault(key, {})
        place[last] = value
    return result


def _owner(row: Row) -> str:
    """Return the guid of the subscription that a row belongs to."""
    found = _SUBSCRIPTION.match(str(row.get("id", "")))
    if found is None:
        raise UnreachableError(f"Resource Graph gave a row of no subscription: {row.get('id')!r}.")
    return found[1].lower()


def _denied(chunk: Chunk) -> AccessDeniedError:
    return AccessDeniedError(
        f"Resource Graph shows nothing of {chunk.scope_id}: it may not be read.",
        next_step=f"Ask for the role Reader on {chunk.scope_id} "
        f'(az role assignment create --role "Reader" --assignee <account> --scope {chunk.scope_id}).',
        code="NotVisible",
    )
