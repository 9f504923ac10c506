"""`finops-lake schedule`: refresh by the clock, until told to end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from finops_lake.commands import cells, exits
from finops_lake.commands.common import app_of
from finops_lake.commands.machine import print_json
from finops_lake.commands.tables import Column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import say
from finops_lake.errors import ConfigError

if TYPE_CHECKING:
    from finops_lake.journal import Run
    from finops_lake.schedule.scheduler import Scheduler

END_WITHIN_SECONDS = 20.0
"""How long a run under way may take to come to a stop; then it is cut off, which harms the lake no more than a kill."""


@click.command("schedule", short_help="Refresh by the clock, until told to end.")
@click.option("--once", is_flag=True, help="Run what is due, then end; for cron, systemd timers and task schedulers.")
@click.option("--dry-run", is_flag=True, help="Show what would run, and when; run nothing.")
@click.option("--json", "style", flag_value="json", default=None, help="Print --dry-run, or what --once ran, as JSON.")
@verbose_option
@click.pass_context
def command(context: click.Context, once: bool, dry_run: bool, style: str | None) -> int:
    """Refresh each group of raw tables when it is due, as the table [schedule] of config.toml says.

    What was missed while no process ran, or while the machine slept, is caught up once. Several schedulers and servers
    on one home refresh as often as one. Ends on Ctrl+C or SIGTERM with exit code 0; what was loaded is kept.
    """
    schedule = app_of(context).schedule
    if not schedule.jobs:
        raise ConfigError(["schedule: everything is switched off"])
    if dry_run:
        rows = schedule.rows()
        print_json(rows) if style == "json" else print_standing(rows)
        return exits.OK
    if once:
        with _ended_by_signals(lambda: schedule.stop(0)):
            ran = schedule.run_due()
        if style == "json":
            print_json([run_row(run) for run in ran])
        else:
            _tell_all(ran)
        return _code_of(ran)
    return _serve(schedule)


def _serve(schedule: Scheduler) -> int:
    ending = threading.Event()
    schedule.tell(_tell)
    with _ended_by_signals(ending.set):
        schedule.start()
        for row in schedule.rows():
            say(f"{row['job']}: {row['when']}, next {cells.instant(row['next_run_at'])} UTC.")
        while not ending.wait(1):
            pass
        say("Ending.")
        ended = schedule.stop(END_WITHIN_SECONDS)
    if not ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exits.OK)
    return exits.OK


def print_standing(rows: Sequence[dict[str, Any]]) -> None:
    """Print the jobs as a table."""
    columns = [Column("Job"), Column("When"), Column("Last run (UTC)", keeps=True), Column("Outcome")]
    print_table(
        [*columns, Column("Next run (UTC)", keeps=True)],
        [
            [
                cells.text(row["job"]),
                cells.text(row["when"]),
                cells.instant(row["last_started_at"]) or "never",
                row["last_outcome"] or "",
                cells.instant(row["next_run_at"]) or "never",
            ]
            for row in rows
        ],
    )


def run_row(run: Run) -> dict[str, Any]:
    """Return a run as JSON carries it."""
    return {
        "job": run.name,
        "due_at": run.due_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "outcome": run.outcome,
        "detail": run.detail,
    }


def _tell_all(ran: Sequence[Run]) -> None:
    for run in ran:
        _tell(run)
    if not ran:
        say("Nothing is due.")


def _tell(run: Run) -> None:
    say(f"{cells.instant(run.finished_at or run.started_at)} UTC {run.name}: {run.outcome}, {run.detail}")


def _code_of(ran: Sequence[Run]) -> int:
    outcomes = {run.outcome for run in ran}
    if "failed" in outcomes:
        return exits.FAILED
    return exits.PARTLY if outcomes & {"partial", "skipped"} else exits.OK


@contextmanager
def _ended_by_signals(end: Callable[[], object]) -> Iterator[None]:
    """Call `end` on Ctrl+C and on a request to terminate, instead of ending where we stand."""

    def handle(number: int, frame: FrameType | None) -> None:
        end()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
