"""The tool refresh_lake."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.answer import Answer
from finops_lake.answers.refreshed import answer_refresh
from finops_lake.answers.subscriptions import select_subscriptions, subscriptions_of
from finops_lake.app import App
from finops_lake.errors import InputError
from finops_lake.planner.due import Demand
from finops_lake.server.envelope import RefreshAnswer
from finops_lake.server.fresh import with_progress
from finops_lake.server.parameters import Force, Months, Profiles, SubscriptionId, Tables, WaitSeconds
from finops_lake.server.replies import reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, records, table
from finops_lake.server.tools import REFRESHES, make_tool

_GUID = re.compile(r"(?:/?subscriptions/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?", re.IGNORECASE)


def refresh_tool(app: App) -> Tool:
    """Return the tool refresh_lake of a lake."""

    async def refresh_lake(
        context: Context[Any, Any],
        tables: Tables = None,
        profiles: Profiles = None,
        subscription_id: SubscriptionId = None,
        months: Months = None,
        force: Force = False,
        wait_seconds: WaitSeconds = None,
    ) -> Annotated[CallToolResult, RefreshAnswer]:
        """Bring the local lake up to date from Azure (Azure is only read).

        The other tools refresh what they need by themselves; use this to load more history (months), to fill a new
        lake, or to ask again after access was granted. Waits wait_seconds for the end; past that it goes on in the
        background (running is true), and get_lake_status shows how far it is. One row is one raw table and outcome:
        loaded, partial, denied, unsupported, throttled or failed; scopes.missing gives each failure's reason and next
        step. Azure throttles cost queries (about 4 a minute for a subscription), so months of history take minutes.
        """
        spelled = Spellings()
        words = spelled.words("profiles", profiles=profiles, subscription_id=subscription_id)
        with spelled.in_errors():
            demand = Demand(
                tables=frozenset(words_of(tables)) or None,
                scopes=_scopes(app, words),
                history_months=months,
                force=force,
                retry_refused=True,
            )
            wait = app.settings.max_wait_seconds if wait_seconds is None else wait_seconds
            report, progress = await with_progress(
                context, lambda tell: app.on_demand.run(demand, max_wait=wait, on_progress=tell)
            )
        answer: Answer = answer_refresh(report, progress)
        return reply(answer, render_refresh)

    return make_tool(refresh_lake, "Refresh the lake from Azure", REFRESHES)


def render_refresh(envelope: Mapping[str, Any]) -> str:
    """Return the text of what a refresh did."""
    progress = envelope["progress"]
    if envelope["running"]:
        done = f"{progress['done']} of {progress['total']} pieces done ({progress['message']})"
        return document(envelope, f"The refresh is still running: {done}.")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in envelope["counts"].items() if count)
    published = f" Published as generation {envelope['generation']}." if envelope["generation"] is not None else ""
    return document(envelope, f"Refreshed: {counts or 'nothing was due'}.{published}", table(records(envelope)))


def _scopes(app: App, words: Sequence[str]) -> frozenset[str] | None:
    """Return the scopes of subscriptions; while there is no lake only ids are known."""
    if not words or "all" in (word.lower() for word in words):
        return None
    if app.lake.exists():
        return frozenset(one.sub_account_id for one in select_subscriptions(subscriptions_of(app.lake), words))
    found = {word: _GUID.fullmatch(word) for word in words}
    for word, match in found.items():
        if match is None:
            raise InputError("profiles", word, "there is no lake yet that knows names; give ids, or none for all")
    return frozenset(f"/subscriptions/{match[1].lower()}" for match in found.values() if match)
