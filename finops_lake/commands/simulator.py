"""`finops-lake azure-simulator`: a local Azure by itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from finops_lake.commands.verbosity import verbose_option
from finops_lake.errors import InputError

if TYPE_CHECKING:
    from finops_lake.demo.foreground import Shell


@click.command("azure-simulator", short_help="Run the demo's local Azure by itself.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="Port; 0 takes a free one.")
@click.option("--subscriptions", type=click.IntRange(1, 1000), default=4, show_default=True, help="How many.")
@click.option("--resources", type=click.IntRange(0), default=20, show_default=True, help="Resources in each.")
@click.option("--months", type=click.IntRange(1, 84), default=13, show_default=True, help="Calendar months of cost.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives another tenant.")
@click.option("--today", metavar="DAY", help="The day it is there. Default: FINOPS_LAKE_NOW, else today (UTC).")
@click.option("--throttle", is_flag=True, help="Throttle Cost Management as Azure does.")
@click.option(
    "--shell",
    type=click.Choice(["sh", "powershell", "json"]),
    default="sh",
    show_default=True,
    help="How to print the environment.",
)
@verbose_option
def command(
    port: int,
    subscriptions: int,
    resources: int,
    months: int,
    seed: int,
    today: str | None,
    throttle: bool,
    shell: Shell,
) -> None:
    """Run a local Azure until interrupted, and print the environment that points finops-lake at it.

    GET /_truth on it tells what was planted and what it costs.
    """
    from finops_lake.demo.foreground import run_in_foreground
    from finops_lake.demo.server import LocalAzure
    from finops_lake.demo.throttle import Throttle

    first, now = day_of(today)
    azure = LocalAzure(
        port=port,
        subscriptions=subscriptions,
        resources=resources,
        days=days_of(now, months),
        seed=seed,
        today=first,
        throttle=Throttle(enabled=throttle),
    )
    run_in_foreground(azure, shell=shell)


def day_of(given: str | None) -> tuple[date | None, date]:
    """Return the day to fix the local Azure's clock to (None: it follows the machine's), and the day it is there."""
    if given is not None:
        try:
            day = date.fromisoformat(given)
        except ValueError as error:
            raise InputError("--today", given, "a day as YYYY-MM-DD is needed, such as 2026-11-03") from error
        return day, day
    now = fixed_now()
    if now is not None:
        return now.date(), now.date()
    from datetime import UTC

    return None, datetime.now(UTC).date()


def fixed_now() -> datetime | None:
    """Return the instant that FINOPS_LAKE_NOW fixes the clock to, None where it does not."""
    import os

    from pydantic import ValidationError

    from finops_lake.config import PREFIX, Settings
    from finops_lake.errors import ConfigError

    name = f"{PREFIX}NOW"
    given = os.environ.get(name)
    try:
        return Settings.model_validate({"home": ".", "now": given}).now if given else None
    except ValidationError as error:
        raise ConfigError([f"{name}: {given!r} cannot be used: an ISO instant is needed"]) from error


def days_of(today: date, months: int) -> int:
    """Return the days from the first of the oldest of so many calendar months to today."""
    from finops_lake.source import months_back

    return (today - months_back(today, months)[-1]).days + 1
