"""`finops-lake cost`: what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.answers.cost_terms import (
    DIMENSIONS,
    dimension_conditions,
    dimension_of,
    granularity_of,
    metric_of,
    tag_conditions,
)
from finops_lake.answers.periods import NAMED
from finops_lake.commands import cells
from finops_lake.commands.common import limit_option, named, output_options, subscription_option, subscriptions_asked
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option

if TYPE_CHECKING:
    from finops_lake.answers.cost import CostQuestion

OPTIONS = {
    "start_date": "--start",
    "end_date": "--end",
    "time_range_days": "--days",
    "time_period": "--period",
    "group_by": "--group-by",
    "granularity": "--granularity",
    "metric": "--metric",
    "tags": "--tag",
    "dimensions": "--filter",
}

HEADINGS = {
    "billing_month": "Month",
    "charge_date": "Day",
    "sub_account_name": "Subscription",
    "service_name": "Service",
    "x_resource_group_name": "Resource group",
    "resource_id": "Resource",
    "resource_type": "Type",
    "region_id": "Region",
    "billing_currency": "Currency",
    "billed_cost": "Billed cost",
    "effective_cost": "Amortized cost",
}


@click.command("cost", short_help="What it costs, by service, subscription, resource, day ...")
@subscription_option
@click.option("--period", metavar="NAME", help=f"{', '.join(NAMED)}. Default: current_month.")
@click.option("--days", type=int, metavar="N", help="The last N days, today included.")
@click.option("--start", metavar="DAY", help="First day, as YYYY-MM-DD (UTC).")
@click.option("--end", metavar="DAY", help="Last day, inclusive.")
@click.option(
    "-g",
    "--group-by",
    multiple=True,
    metavar="DIMENSION",
    help=f"{', '.join(DIMENSIONS)}; may be repeated. Default: service.",
)
@click.option("--granularity", metavar="NAME", default="total", show_default=True, help="total, monthly or daily.")
@click.option(
    "--metric",
    metavar="NAME",
    default="billed_cost",
    show_default=True,
    help="billed_cost (actual) or effective_cost (amortized).",
)
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Only resources with this tag; repeatable.")
@click.option(
    "--filter", "filters", multiple=True, metavar="DIMENSION=VALUE", help="Only charges with this value; repeatable."
)
@limit_option
@refresh_options
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    subscriptions: tuple[str, ...],
    period: str | None,
    days: int | None,
    start: str | None,
    end: str | None,
    group_by: tuple[str, ...],
    granularity: str,
    metric: str,
    tags: tuple[str, ...],
    filters: tuple[str, ...],
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show what it costs, the largest first, with a total per currency.

    Days are UTC days. Explicit dates win over --days, and --days over --period.
    """
    from finops_lake.answers.cost import CostQuestion, answer_cost, months_of
    from finops_lake.answers.periods import period_of

    freshener = Freshener(context, is_refreshing, max_wait)
    now = freshener.app.settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, **OPTIONS):
        asked = period_of(now.date(), name=period, days=days, start=start, end=end)
        question = CostQuestion(asked, asked_of, group_by or ("service",), granularity, metric, filters, tags, limit)
        _check(question)
        tagged = ["marts.resource_tags", "marts.resources"] if tags else []
        notes = freshener.refresh(["marts.charges", "marts.subscriptions", *tagged], months_of(asked))
        answer = answer_cost(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_cost)


def _check(question: CostQuestion) -> None:
    """Refuse words that no lake would know before anything is refreshed for them."""
    for name in question.group_by:
        dimension_of(name)
    granularity_of(question.granularity)
    metric_of(question.metric)
    dimension_conditions(question.dimensions)
    tag_conditions(question.tags)


def print_cost(answer: Answer) -> None:
    """Print the rows of a cost answer with one total per currency."""
    shown = [name for name in answer.columns if name != "sub_account_id"]
    shown.remove("billing_currency")
    shown.append("billing_currency")
    places = [answer.columns.index(name) for name in shown]
    title = f"{HEADINGS[str(answer.metric)]}, {answer.period.start} to {answer.period.end}" if answer.period else None
    rows = [[_cell(shown[number], row[place]) for number, place in enumerate(places)] for row in answer.rows]
    totals = [
        ["Total" if not number else _total(name, total) for number, name in enumerate(shown)] for total in answer.totals
    ]
    print_table([_column(name, answer.metric) for name in shown], rows, title=title, totals=totals)


def _column(name: str, metric: str | None) -> Column:
    return amount_column(HEADINGS[name]) if name == metric else Column(HEADINGS.get(name, name))


def _cell(name: str, value: Any) -> str:
    if name in ("billed_cost", "effective_cost"):
        return cells.money(value) if value is not None else "not loaded"
    if value is None:
        return "(none)"
    if name == "billing_month":
        return f"{value:%Y-%m}"
    return cells.resource(value) if name == "resource_id" else cells.text(value)


def _total(name: str, total: Any) -> str:
    return _cell(name, total[name]) if name in total else ""
