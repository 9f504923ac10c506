"""Resource Graph: one question over many subscriptions, paged to the end, with a check that all of it came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from finops_lake.azure_api.pages import read_graph_page
from finops_lake.errors import UnreachableError, UnsafeReplyError

PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
PAGE_ROWS = 1000
MOST_SUBSCRIPTIONS = 300
"""More in one question are throttled sooner (Resource Graph: guidance for throttled requests)."""

Send = Callable[..., bytes | None]


@dataclass(frozen=True)
class GraphAnswer:
    """All rows of one question. `reason` says what is missing or doubtful; None: all of it came."""

    rows: list[dict[str, Any]]
    reason: str | None = None


def ask_graph(send: Send, query: str, subscription_ids: Sequence[str]) -> GraphAnswer:
    """Return every row of a query; one that moved while it was paged is asked once more.

    `send` posts a body and returns that of the reply. Raises UnsafeReplyError when the pages go in a circle.
    """
    answer = _ask(send, query, subscription_ids)
    return answer if answer.reason is None else _ask(send, query, subscription_ids)


def _ask(send: Send, query: str, subscription_ids: Sequence[str]) -> GraphAnswer:
    what = f"Resource Graph over {len(subscription_ids)} subscriptions"
    options: dict[str, Any] = {"$top": PAGE_ROWS, "resultFormat": "objectArray"}
    rows: dict[str, dict[str, Any]] = {}
    came, totals, is_cut, seen = 0, set(), False, set()
    while True:
        body = {"subscriptions": list(subscription_ids), "query": query, "options": options}
        reply = send("POST", PATH, what, "/", body=body)
        if reply is None:
            raise UnreachableError(f"{what}: the reply is empty.")
        page, token = read_graph_page(reply, what)
        came += len(page.rows)
        totals.add(page.total)
        is_cut = is_cut or page.is_cut
        rows |= {str(row.get("id", "")).lower(): row for row in page.rows}
        if token is None:
            return GraphAnswer(list(rows.values()), _doubt(came, totals, len(rows), is_cut=is_cut))
        if token in seen:
            raise UnsafeReplyError(f"{what}: a page points back to one that was read already; it would never end.")
        seen.add(token)
        options = {**options, "$skipToken": token}


def _doubt(came: int, totals: set[int], distinct: int, *, is_cut: bool) -> str | None:
    if is_cut:
        return "Resource Graph cut its answer short."
    if totals != {came} or distinct != came:
        told = ", ".join(map(str, sorted(totals)))
        return f"Resource Graph told of {told} rows and gave {came}, {distinct} of them different."
    return None
