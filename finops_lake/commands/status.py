"""`finops-lake status`: what the lake holds and how old it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells, exits
from finops_lake.commands.common import app_of, output_options
from finops_lake.commands.machine import print_json
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import age, say
from finops_lake.errors import EmptyLakeError

if TYPE_CHECKING:
    from finops_lake.app import App


@click.command("status", short_help="What the lake holds, how old it is, and what could not be read.")
@output_options
@verbose_option
@click.pass_context
def command(context: click.Context, style: str | None) -> int:
    """Show each raw table's age and rows, and which scopes could not be read and why."""
    from finops_lake.answers.status import answer_no_lake, answer_status, origin_in_words

    app = app_of(context)
    now = app.settings.utc_now()
    try:
        answer = answer_status(app.lake, now, app.settings.max_age_seconds)
    except EmptyLakeError as error:
        if style == "json":
            print_json(_as_the_tool(app, answer_no_lake(str(error))).as_dict())
        raise
    answer = _as_the_tool(app, answer)
    show(answer, style, now, print_status)
    if style is None:
        lake, months = answer.sections["lake"], answer.sections["months"]
        say(f"The lake: {app.settings.published_path}, filled from {origin_in_words(lake)}.")
        if months["first"]:
            say(f"Cost from {months['first']:%Y-%m} to {months['last']:%Y-%m}.")
        _tell_watch(answer.sections["calls"], answer.sections["schedule"], now)
        _tell_alerts(answer.sections["alerts"])
    return exits.OK


def _tell_watch(calls: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Say how many calls the last day took, and when each job of the schedule ran and runs next."""
    throttled = f", {calls['throttled_share']:.1%} throttled" if calls["throttled_requests"] else ""
    last = f"; the last {age(now - calls['last_call_at'])}" if calls["last_call_at"] else ""
    say(f"Calls to Azure in 24 hours: {calls['calls']:,} ({calls['requests']:,} requests{throttled}){last}.")
    for job in jobs:
        if "when" not in job:
            say(f"Schedule: {job['last_detail']}")
            continue
        last, following = cells.instant(job["last_started_at"]), job["next_run_at"]
        ran = f"last {last} {job['last_outcome']}" if last else "never ran"
        due = "due now" if following and following <= now else f"next {cells.instant(following)}"
        say(f"Schedule: {job['job']} {job['when']}, {ran}, {due}.")


def _tell_alerts(alerts: Mapping[str, int]) -> None:
    """Say how many alerts were not sent yet; nothing where there is no rule."""
    if alerts["rules"] or alerts["waiting"] or alerts["failed"]:
        words = f"Alerts: {alerts['rules']} rules, {alerts['waiting']} waiting, {alerts['failed']} failed"
        say(f"{words}; see finops-lake alerts." if alerts["failed"] else f"{words}.")


def _as_the_tool(app: App, answer: Answer) -> Answer:
    """Return the answer with the refresh that runs in a server; in a command none does."""
    return replace(answer, sections={**answer.sections, "refresh": None, **app.watched()})


_STATES = {True: "stale", False: "fresh", None: "not asked"}


def print_status(answer: Answer) -> None:
    """Print the tables of a status answer."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    print_table(
        [
            Column("Table"),
            Column("Oldest load (UTC)", keeps=True),
            Column("State"),
            *map(amount_column, ("Scopes", "Missing", "Rows")),
        ],
        [
            [
                cells.text(row["table_name"]),
                cells.instant(row["oldest_success_at"]) or "never",
                _STATES[row["is_stale"]],
                *(f"{row[key]:,}" for key in ("scopes_loaded", "scopes_missing", "row_count")),
            ]
            for row in rows
        ],
    )
