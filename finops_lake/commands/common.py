"""What the subcommands share: the settings and parts of this run, the output options, names of faulty options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from finops_lake.commands.verbosity import set_up_logging
from finops_lake.errors import InputError

if TYPE_CHECKING:
    from finops_lake.app import App
    from finops_lake.config import Settings

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


def settings_of(context: click.Context) -> Settings:
    """Return the settings of the environment, with logging set up by them."""
    from finops_lake.config import load_settings

    settings = load_settings(check_filter=_check_filter)
    set_up_logging(context, settings.log_level, settings.log_format)
    return settings


def _check_filter(items: Sequence[object]) -> None:
    from finops_lake.allocation.budgets import check_filter

    check_filter(items)


def app_of(context: click.Context, **changes: object) -> App:
    """Return the parts for this run, let go of at its end; `changes` override settings."""
    from finops_lake.app import App

    app = App(settings_of(context).model_copy(update=changes))
    context.call_on_close(app.close)
    return app


def output_options(function: Wrapped) -> Wrapped:
    """Add --json and --csv; the command gets `style`: json, csv or table."""
    for style, words in (("csv", "Print plain rows as CSV."), ("json", "Print JSON: what the MCP tool answers.")):
        function = click.option(f"--{style}", "style", flag_value=style, default=None, help=words)(function)
    return function


def subscription_option(function: Wrapped) -> Wrapped:
    """Add --subscription, which may be given several times."""
    return click.option(
        "-s",
        "--subscription",
        "subscriptions",
        multiple=True,
        metavar="NAME",
        help="Name, id or pattern (* and ?) of a subscription, or all; repeatable. Default: those of the settings.",
    )(function)


def limit_option(function: Wrapped) -> Wrapped:
    """Add --limit."""
    return click.option(
        "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Rows to list at most."
    )(function)


def charge_filter_options(function: Wrapped) -> Wrapped:
    """Add --tag and --filter, which say what charges count; the command gets `tags` and `filters`."""
    tag = click.option(
        "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Only resources with this tag; repeatable."
    )
    chosen = click.option(
        "--filter",
        "filters",
        multiple=True,
        metavar="DIMENSION=VALUE",
        help="Only charges with this value; != for all others, ~ for containing, ^= for starting with it; repeatable.",
    )
    return tag(chosen(function))


def day_options(period: str) -> Callable[[Wrapped], Wrapped]:
    """Add --period, whose help begins with the words given, --start and --end."""

    def add(function: Wrapped) -> Wrapped:
        options = (
            click.option("--period", metavar="NAME", help=period),
            click.option("--start", metavar="DAY", help="First day, as YYYY-MM-DD (UTC)."),
            click.option("--end", metavar="DAY", help="Last day, inclusive."),
        )
        for option in reversed(options):
            function = option(function)
        return function

    return add


def metric_option(default: str) -> Callable[[Wrapped], Wrapped]:
    """Add --metric, billed or effective cost."""
    meanings = {"billed_cost": "billed_cost (actual)", "effective_cost": "effective_cost (amortized)"}
    other = next(name for name in meanings if name != default)
    return click.option(
        "--metric",
        metavar="NAME",
        default=default,
        show_default=True,
        help=f"{meanings[default]} or {meanings[other]}.",
    )


def subscriptions_asked(given: tuple[str, ...], settings: Settings) -> tuple[tuple[str, ...], str]:
    """Return the subscriptions a question is about (empty: all), and the name of where they were given."""
    if any(word.strip().lower() == "all" for word in given):
        return (), "--subscription"
    return (given, "--subscription") if given else (settings.subscriptions, "FINOPS_LAKE_SUBSCRIPTIONS")


@contextmanager
def named(**options: str) -> Iterator[None]:
    """Name a faulty value by the option it came from instead of the tool's parameter."""
    try:
        yield
    except InputError as error:
        if error.field not in options:
            raise
        raise InputError(options[error.field], error.value, error.allowed) from error
