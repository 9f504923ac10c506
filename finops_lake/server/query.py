"""The tool query_lake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ResourceLink, TextContent

from finops_lake.answers.answer import Answer
from finops_lake.answers.sql import TIMEOUT_SECONDS, answer_sql
from finops_lake.app import App
from finops_lake.errors import InputError, RetryableError
from finops_lake.lake.limits import Stop
from finops_lake.plaintext import CUT
from finops_lake.server.clean import clean_envelope
from finops_lake.server.envelope import QueryAnswer
from finops_lake.server.parameters import Limit, Offset, ResultId, Sql, TimeoutSeconds
from finops_lake.server.replies import ANSWER_BYTES, fitting, short_text, shorten_missing, weight
from finops_lake.server.shelf import Shelf
from finops_lake.server.text import document, plain_table
from finops_lake.server.tools import READ_ONLY, make_tool

ROWS_GIVEN = 100
"""Rows given when the caller sets no limit, if they fit into a short answer."""

AT_ONCE = 4
GRACE_SECONDS = 2.0
"""Queries run at the same time, and how long one that heeds no interrupt is waited for beyond its time."""

FRAME_BYTES = 300
"""Room for the id of a result and the notes that come last."""

RESULT_URI = "finops-lake://result/{result_id}{?offset,limit}"


def query_tool(app: App, shelf: Shelf) -> Tool:
    """Return the tool query_lake over a lake; `shelf` keeps what does not fit into one answer."""
    places = anyio.CapacityLimiter(AT_ONCE)

    async def query_lake(
        sql: Sql = None,
        result_id: ResultId = None,
        offset: Offset = 0,
        limit: Limit = None,
        timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    ) -> Annotated[CallToolResult, QueryAnswer]:
        """Any other question, as one SELECT over the lake, in DuckDB's SQL; read-only, nothing else can be reached.

        Use it when no other tool answers; describe_lake lists tables and columns. The sql of every answer runs here as
        it stands. Start with marts.charges (one row is one charge: billed_cost, effective_cost, billing_currency,
        charge_period_start, sub_account_id, service_name, resource_id); always group by billing_currency, never add
        currencies. Does not refresh: as_of is the oldest load beneath, a note says when that is stale. Decimals are
        exact, as text. When next_offset is set, call again with result_id and offset; 10,000 rows are kept at most.
        Example: select service_name, billing_currency, sum(billed_cost) as cost from marts.charges where
        billing_month = date '2026-10-01' group by all order by cost desc limit 10
        """
        if (sql is None) == (result_id is None):
            raise InputError("sql", sql, "give either sql, or the result_id of an earlier answer to read on")
        if result_id is not None:
            answer = shelf.get(result_id)
        else:
            answer = await _asked(app, str(sql), timeout_seconds, places)
        return page(answer, shelf, result_id, offset, limit)

    return make_tool(query_lake, "SQL over the lake", READ_ONLY)


async def _asked(app: App, sql: str, timeout: float, places: anyio.CapacityLimiter) -> Answer:
    """Return the answer of a query in a thread; it is interrupted when its time is over or the caller leaves."""
    stop = Stop()

    def work() -> Answer:
        with app.lake.steady():
            return answer_sql(app.lake, sql, now=app.settings.utc_now(), timeout=timeout, stop=stop)

    try:
        with anyio.fail_after(timeout + GRACE_SECONDS):
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=places)
    except TimeoutError as error:
        raise RetryableError(
            f"The query was given up after {timeout:g} s, and may still be ending.",
            next_step="Narrow it (fewer months, a filter), or try again later.",
        ) from error
    finally:
        stop.now()


def page(answer: Answer, shelf: Shelf, result_id: str | None, offset: int, limit: int | None) -> CallToolResult:
    """Return rows of an answer from `offset` on, as many as asked or as fit into a short answer, and how to read on."""
    if offset > answer.row_count:
        raise InputError("offset", offset, f"the result has {answer.row_count} rows")
    envelope = _page_envelope(answer, offset, limit)
    if envelope["next_offset"] is not None:
        envelope["result_id"] = result_id or shelf.put(answer)
    cut = sum(isinstance(cell, str) and cell.endswith(CUT) for row in envelope["rows"] for cell in row)
    if cut:
        envelope["notes"].append(f"{cut} long values were cut; substr() shows their rest.")
    content: list[Any] = [TextContent(type="text", text=render_query(envelope))]
    if envelope["result_id"]:
        content.append(_link(envelope))
    return CallToolResult(content=content, structured_content=envelope)


def _page_envelope(answer: Answer, offset: int, limit: int | None) -> dict[str, Any]:
    rows = answer.rows[offset : offset + (limit or ROWS_GIVEN)]
    placing = {"offset": offset, "next_offset": None, "result_id": None}
    envelope = clean_envelope(replace(answer, rows=rows, sections={**answer.sections, **placing}).as_dict())
    shorten_missing(envelope)
    _keep(envelope, len(rows))
    if limit is None:
        _keep(envelope, fitting(envelope["rows"], ANSWER_BYTES - weight({**envelope, "rows": []}) - FRAME_BYTES))
        short_text(envelope, lambda part: render_query(part) + " " * FRAME_BYTES, _keep)
    return envelope


def _keep(envelope: dict[str, Any], count: int) -> None:
    """Keep the first rows of a page; the next one begins after them."""
    envelope["rows"] = envelope["rows"][:count]
    end = envelope["offset"] + len(envelope["rows"])
    envelope["next_offset"] = end if end < envelope["row_count"] else None
    envelope["truncated"] = envelope["next_offset"] is not None or not envelope["is_complete"]


def render_query(envelope: Mapping[str, Any]) -> str:
    """Return the text of a page of a result."""
    given, count = len(envelope["rows"]), envelope["row_count"]
    first = envelope["offset"] + 1
    headline = f"Rows {first} to {first + given - 1} of {count}."
    if given == count:
        headline = "1 row." if count == 1 else f"{count} rows."
    types = ", ".join(f"{name} {kind}" for name, kind in zip(envelope["columns"], envelope["types"], strict=True))
    more = []
    if envelope["result_id"]:
        more.append(f"Read on with result_id={envelope['result_id']!r}, offset={envelope['next_offset']}.")
    return document(envelope, headline, plain_table(envelope) if given else [], more, [f"Types: {types}."])


def _link(envelope: Mapping[str, Any]) -> ResourceLink:
    uri = f"finops-lake://result/{envelope['result_id']}?offset={envelope['next_offset']}"
    return ResourceLink(
        type="resource_link",
        uri=uri,
        name="next_page",
        description=f"The next of {envelope['row_count']} rows; query_lake reads them, too.",
        mime_type="application/json",
    )
