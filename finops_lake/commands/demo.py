"""`finops-lake demo`: the whole thing on an invented Azure, without an account or network."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_lake.commands.progress import RefreshBar
from finops_lake.commands.simulator import day_of, days_of
from finops_lake.commands.verbosity import set_up_logging, verbose_option
from finops_lake.commands.words import say
from finops_lake.errors import ForeignLakeError

if TYPE_CHECKING:
    from finops_lake.app import App
    from finops_lake.config import Settings
    from finops_lake.demo.server import LocalAzure

PASSED_ON = (
    "FINOPS_LAKE_CACHE",
    "FINOPS_LAKE_NOW",
    "FINOPS_LAKE_LOG_LEVEL",
    "FINOPS_LAKE_LOG_REQUESTS",
    "FINOPS_LAKE_WORKERS",
    "FINOPS_LAKE_COST_SOURCE",
    "FINOPS_LAKE_METRICS",
    "FINOPS_LAKE_PRICE_SHEET",
)
"""Settings of the user that the demo heeds; all others point at an Azure of theirs, which it has nothing to do with."""


REFUSED = ("query", "budgets", "create_report", "usage_details")
"""What one subscription of the demo may not read: cost, by whichever source."""


@click.command("demo", short_help="Look around on an invented Azure: no account, no network.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where the demo's lake goes. Default: FINOPS_LAKE_HOME, else a folder of its own.",
)
@click.option("--subscriptions", type=click.IntRange(1, 100), default=5, show_default=True, help="How many.")
@click.option("--resources", type=click.IntRange(0, 5000), default=20, show_default=True, help="Resources in each.")
@click.option("--months", type=click.IntRange(1, 84), default=13, show_default=True, help="Calendar months of cost.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives another tenant.")
@verbose_option
@click.pass_context
def command(
    context: click.Context, home: Path | None, subscriptions: int, resources: int, months: int, seed: int
) -> None:
    """Start a local Azure, fill a lake from it, and show what can be seen there.

    Of several subscriptions the last one's cost may not be read, as happens in any real tenant.
    """
    from finops_lake.app import App
    from finops_lake.commands.demo_report import print_report
    from finops_lake.config import load_settings
    from finops_lake.demo.server import LocalAzure

    first, now = day_of(None)
    folder = (home or _home()).expanduser().absolute()
    azure = LocalAzure(
        subscriptions=subscriptions, resources=resources, days=days_of(now, months), seed=seed, today=first
    )
    azure.world.reports.polls = 0  # nobody shall wait for a made-up report
    with azure:
        for refused in azure.subscription_ids[1:][-1:]:
            azure.faults.add("denied", subscription=refused, operation=REFUSED, times=None)
        environment = {**_passed_on(), **azure.environment(), "FINOPS_LAKE_HOME": str(folder)}
        settings = load_settings(environment | _passed_on() | {"FINOPS_LAKE_HISTORY_MONTHS": str(months)})
        set_up_logging(context, settings.log_level, settings.log_format)
        app = App(settings)
        context.call_on_close(app.close)
        _check_is_ours(app, azure)
        say(f"A local Azure, {months} months of cost in {subscriptions} subscriptions; no real one is asked.")
        _fill(app, environment)
    print_report(app)


def _fill(app: App, environment: Mapping[str, str]) -> None:
    """Load everything from the local Azure, also what an earlier demo of other sizes loaded."""
    from finops_lake.planner.due import Demand

    with _signed_in(environment), RefreshBar() as bar:
        app.refresher().refresh(Demand(force=True), lock_timeout=60, on_progress=bar)


def _home() -> Path:
    from finops_lake.config import default_home

    given = os.environ.get("FINOPS_LAKE_HOME")
    return Path(given) if given else default_home() / "demo"


def _passed_on() -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}


def _check_is_ours(app: App, azure: LocalAzure) -> None:
    """Refuse a lake that holds anything but this demo's subscriptions."""
    if not app.lake.exists():
        return
    from finops_lake.answers.subscriptions import subscriptions_of

    settings: Settings = app.settings
    step = "Give the demo a folder of its own: finops-lake demo --home FOLDER."
    origin = app.lake.query("select value from meta.lake where key = 'origin'").rows
    if origin != [("loopback",)]:
        whose = origin[0][0] if origin else "somewhere else"
        raise ForeignLakeError(
            f"The lake in {settings.home} holds data of a real Azure ({whose}), and the demo will not add to it.",
            next_step=step,
        )
    if not {one.guid for one in subscriptions_of(app.lake)} <= set(azure.subscription_ids):
        raise ForeignLakeError(
            f"The lake in {settings.home} holds a demo with other subscriptions (another --seed, or more of them).",
            next_step=step,
        )


@contextmanager
def _signed_in(environment: Mapping[str, str]) -> Iterator[None]:
    """Give azure-identity, which reads the process's environment, the local Azure's sign-in and no other."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AZURE_"):
            del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AZURE_")})
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [before.get(name), "127.0.0.1"]))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
