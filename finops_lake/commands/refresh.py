"""`finops-lake refresh`: bring the lake up to date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells, exits
from finops_lake.commands.common import app_of, named, subscription_option, subscriptions_asked
from finops_lake.commands.machine import print_csv, print_json
from finops_lake.commands.progress import RefreshBar
from finops_lake.commands.refresh_plan import planned, show_plan
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import say, tell_missing
from finops_lake.errors import FinopsLakeError, InputError, LockedError, Outcome, StoppedError

if TYPE_CHECKING:
    from finops_lake.app import App
    from finops_lake.config import Settings
    from finops_lake.planner.due import Demand
    from finops_lake.refresh.report import RefreshReport

WAIT_SECONDS = 60.0


@click.command("refresh", short_help="Bring the lake up to date from Azure.")
@click.option(
    "--from",
    "locations",
    multiple=True,
    metavar="PATH_OR_URL",
    help="Only load bills (FOCUS, cost exports) from this file, folder or storage container; repeatable; no sign-in.",
)
@click.option("--tables", "tables", multiple=True, metavar="NAME,...", help="Only these raw tables. Default: all.")
@subscription_option
@click.option("--months", type=click.IntRange(1, 84), metavar="N", help="Calendar months of cost to hold.")
@click.option("--force", is_flag=True, help="Ask again for what is still fresh, too.")
@click.option("--plan", "is_plan", is_flag=True, help="Only say what would be asked, and for how long; asks nothing.")
@click.option(
    "--wait",
    type=click.FloatRange(0, 86_400),
    default=WAIT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest wait for another process that is refreshing.",
)
@click.option("--csv", "style", flag_value="csv", default=None, help="Print plain rows as CSV.")
@click.option("--json", "style", flag_value="json", default=None, help="Print JSON: what the MCP tool answers.")
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    locations: tuple[str, ...],
    tables: tuple[str, ...],
    subscriptions: tuple[str, ...],
    months: int | None,
    force: bool,
    is_plan: bool,
    wait: float,
    style: str | None,
) -> int:
    """Fetch what is stale, missing or was refused, and publish it; show what became of each table.

    Ends with exit code 3 when some scopes could not be read, and with 1 when none could.
    """
    if locations:
        check_alone(tables=tables, subscription=subscriptions, months=months, plan=is_plan)
    app = app_of(context)
    asked_of, source = subscriptions_asked(subscriptions, app.settings)
    if subscriptions:
        app = app_of(context, subscriptions=asked_of, **({"budget_scopes": ()} if asked_of else {}))
    if is_plan:
        with named(subscriptions=source):
            answer = planned(app, _demand(app, tables, months, force))
        return show_plan(answer, style)
    with named(subscriptions=source), telling_failure(app):
        if locations:
            answer, code = loaded(app, locations, force, wait)
        else:
            answer, code = refreshed(app, _demand(app, tables, months, force), wait)
    told = app.watch.after_refresh()
    if style == "json":
        print_json(answer.as_dict())
    elif style == "csv":
        print_csv(answer.columns, answer.rows)
    else:
        print_refresh(answer)
    if style != "json":
        tell_refresh(app, answer)
        for line in told.lines:
            say(line)
    return code


@contextmanager
def telling_failure(app: App) -> Iterator[None]:
    """Tell those who want to hear of it that a refresh failed wholly; that another one runs is no failure."""
    try:
        yield
    except (InputError, LockedError, StoppedError):
        raise
    except FinopsLakeError as error:
        app.watch.after_refresh(error)
        raise


def _demand(app: App, tables: Sequence[str], months: int | None, force: bool) -> Demand:
    from finops_lake.planner.due import Demand

    return Demand(tables=chosen_tables(tables, app.settings), history_months=months, force=force, retry_refused=True)


def refreshed(app: App, demand: Demand, wait: float) -> tuple[Answer, int]:
    """Refresh, and return the answer of the tool and the exit code."""
    from finops_lake.answers.refreshed import answer_refresh
    from finops_lake.refresh.progress import Progress

    with RefreshBar() as bar:
        report = app.refresher().refresh(demand, lock_timeout=wait, on_progress=bar)
    done = len(report.results)
    return answer_refresh(report, Progress(done, done + report.left, "done")), code_of(report)


def loaded(app: App, locations: Sequence[str], force: bool, wait: float) -> tuple[Answer, int]:
    """Load files of bills, and return the answer of the tool and the exit code."""
    from finops_lake.answers.refreshed import answer_refresh
    from finops_lake.refresh.progress import Progress

    with RefreshBar() as bar:
        report = app.file_refresher().refresh(locations, force=force, lock_timeout=wait, on_progress=bar)
    return answer_refresh(report, Progress(len(report.results), len(report.results), "done")), code_of(report)


def check_alone(**options: object) -> None:
    """Raise InputError for an option that says what to ask Azure for, where Azure is not asked."""
    for name, value in options.items():
        if value:
            raise InputError(f"--{name}", value, "it cannot go with --from, which loads all that the files hold")


def chosen_tables(given: Iterable[str], settings: Settings) -> frozenset[str] | None:
    """Return the raw tables that were named, None for all; InputError names the nearest right one."""
    from finops_lake.planner.planning import check_tables

    wanted = {word.strip().removeprefix("raw.") for item in given for word in item.split(",") if word.strip()}
    check_tables(settings, wanted, "--tables")
    return frozenset(wanted) or None


def code_of(report: RefreshReport) -> int:
    """Return the exit code of a refresh: everything loaded, only a part, or nothing of what was asked for."""
    if not report.failures and not report.left and not report.notes:
        return exits.OK
    something = report.count(Outcome.LOADED) or report.count(Outcome.PARTIAL) or report.unchanged_files
    return exits.PARTLY if something or not report.results else exits.FAILED


def print_refresh(answer: Answer) -> None:
    """Print one row per table with the number of pieces of each outcome."""
    outcomes = [outcome.value for outcome in Outcome]
    tables: dict[str, dict[str, Any]] = {}
    for row in answer.rows:
        values = dict(zip(answer.columns, row, strict=True))
        table = tables.setdefault(values["table_name"], {"row_count": 0})
        table[values["outcome"]] = values["pieces"]
        table["row_count"] += values["row_count"]
    if not tables:
        return
    print_table(
        [Column("Table"), *(amount_column(outcome.capitalize()) for outcome in outcomes), amount_column("Rows")],
        [
            [
                cells.text(name),
                *(f"{table[outcome]:,}" if table.get(outcome) else "" for outcome in outcomes),
                f"{table['row_count']:,}",
            ]
            for name, table in tables.items()
        ],
    )


def tell_refresh(app: App, answer: Answer) -> None:
    """Say what could not be read, and where the lake is."""
    from finops_lake.answers.subscriptions import subscriptions_of

    names = {one.sub_account_id: one.name for one in subscriptions_of(app.lake)} if app.lake.exists() else {}
    tell_missing(answer.scopes.missing, names)
    for note in answer.notes:
        say(note)
    say(f"The lake: {app.settings.published_path}")
