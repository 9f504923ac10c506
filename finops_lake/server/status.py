"""The tool get_lake_status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.answer import Answer
from finops_lake.answers.status import answer_no_lake, answer_status, origin_in_words
from finops_lake.app import App
from finops_lake.errors import EmptyLakeError
from finops_lake.server.envelope import StatusAnswer
from finops_lake.server.fresh import answer_at_once
from finops_lake.server.replies import reply
from finops_lake.server.text import document, records, table
from finops_lake.server.tools import READ_ONLY, make_tool

HOW_TO_FILL = "The tool refresh_lake fills it, and so does the first question."


def status_tool(app: App) -> Tool:
    """Return the tool get_lake_status over a lake."""

    async def get_lake_status() -> Annotated[CallToolResult, StatusAnswer]:
        """What the local lake holds, how old it is, and which scopes could not be read and why.

        Use it first when an answer seems old, empty or incomplete, or to see how far a refresh is. One row is one raw
        table: its oldest load, whether it is stale, scopes loaded and missing, rows. months says which months of cost
        are held; scopes.missing names every scope that failed, with reason and next step. Asks Azure nothing, and
        answers at once.
        """
        return reply(await answer_at_once(app, lambda: _status(app)), render_status)

    return make_tool(get_lake_status, "Status of the lake", READ_ONLY)


def render_status(envelope: Mapping[str, Any]) -> str:
    """Return the text of the lake's status."""
    lake, months, running = envelope["lake"], envelope["months"], envelope["refresh"]
    headline = "There is no lake yet."
    if lake:
        published = f"generation {lake['generation']}, published {lake['published_at']}"
        headline = f"Lake filled from {origin_in_words(lake)}, {published}."
    facts = []
    if months.get("count"):
        facts.append(
            f"Cost from {months['first']} to {months['last']}: {months['count']} months, "
            f"loads missing: {months['missing_loads']}."
        )
    if running:
        facts.append(f"A refresh is running: {running['done']} of {running['total']} done ({running['message']}).")
    facts += [watch_in_words(envelope["calls"], envelope["schedule"])]
    alerts = envelope["alerts"]
    if alerts["waiting"] or alerts["failed"]:
        facts.append(f"Alerts not sent yet: {alerts['waiting']} waiting, {alerts['failed']} failed (marts.alerts).")
    return document(envelope, headline, facts, table(records(envelope), hidden=("comment",)))


def watch_in_words(calls: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]]) -> str:
    """Return the last day's calls and the next runs of the schedule in one line."""
    words = f"Calls to Azure in 24 hours: {calls['calls']} ({calls['requests']} requests"
    if calls["throttled_requests"]:
        words += f", {calls['throttled_share']:.1%} throttled"
    planned = "; ".join(f"{job['job']} {job.get('next_run_at') or job['last_detail']}" for job in jobs)
    return f"{words}). Next scheduled runs: {planned or 'none, the schedule is off'}."


def _status(app: App) -> Answer:
    try:
        answer = answer_status(app.lake, app.settings.utc_now(), app.settings.max_age_seconds)
    except EmptyLakeError as error:
        answer = answer_no_lake(str(error)).with_notes([HOW_TO_FILL])
    progress = app.on_demand.running()
    running = {"done": progress.done, "total": progress.total, "message": progress.message} if progress else None
    return replace(answer, sections={**answer.sections, "refresh": running, **app.watched()})
