"""`finops-lake forecast`: what it will cost."""

from __future__ import annotations

from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.answers.cost_terms import DIMENSIONS, metric_of
from finops_lake.commands import cells
from finops_lake.commands.common import (
    charge_filter_options,
    metric_option,
    named,
    output_options,
    subscription_option,
    subscriptions_asked,
)
from finops_lake.commands.cost import HEADINGS
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option

OPTIONS = {
    "months": "--months",
    "group_by": "--group-by",
    "metric": "--metric",
    "tags": "--tag",
    "dimensions": "--filter",
    "filters": "--filter",
    "limit": "--limit",
}
AMOUNTS = {
    "actual_cost": "So far",
    "forecast_cost": "Forecast",
    "low_80": "80 % from",
    "high_80": "to",
    "low_95": "95 % from",
    "high_95": "to",
}


@click.command("forecast", short_help="What it will cost this month and in the next ones, with ranges.")
@subscription_option
@click.option("--months", type=int, default=3, show_default=True, metavar="N", help="Months, this one included; to 13.")
@click.option(
    "-g",
    "--group-by",
    multiple=True,
    metavar="DIMENSION",
    help=f"{', '.join(DIMENSIONS)}; may be repeated. Default: totals alone.",
)
@metric_option("billed_cost")
@charge_filter_options
@click.option(
    "--limit", type=int, default=20, show_default=True, metavar="N", help="Groups to tell apart; the others are one."
)
@refresh_options
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    subscriptions: tuple[str, ...],
    months: int,
    group_by: tuple[str, ...],
    metric: str,
    tags: tuple[str, ...],
    filters: tuple[str, ...],
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show what each month will cost, from complete days alone, with the ranges it lies in 80 and 95 times of 100."""
    from finops_lake.answers.filters import written_filters
    from finops_lake.answers.forecast import ForecastQuestion, answer_forecast, months_needed
    from finops_lake.answers.macros import views_of

    freshener = Freshener(context, is_refreshing, max_wait)
    now = freshener.app.settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, **OPTIONS):
        metric_of(metric)
        equal, others = written_filters(filters)
        views = ["marts.cost_histories", "marts.subscriptions", *views_of(group_by, equal, tags, others)]
        question = ForecastQuestion(now.date(), months, asked_of, group_by, metric, equal, tags, limit, others)
        notes = freshener.refresh(views, months_needed(question.today))
        answer = answer_forecast(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_forecast)


def print_forecast(answer: Answer) -> None:
    """Print the groups of each month, and a total per month and currency."""
    names = [name for name in answer.columns if name not in (*AMOUNTS, "sub_account_id", "billing_currency")]
    shown = [*names, *AMOUNTS, "billing_currency"]
    is_grouped = len(names) > 1
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows] if is_grouped else []
    totals = [{**({names[1]: "Total"} if is_grouped else {}), **total} for total in answer.totals]
    print_table(
        [amount_column(AMOUNTS[name]) if name in AMOUNTS else Column(HEADINGS.get(name, name)) for name in shown],
        [[_cell(name, row[name]) for name in shown] for row in rows],
        title=f"Forecast from complete days up to {answer.sections['last_complete_day']}",
        totals=[[_cell(name, total.get(name, "")) for name in shown] for total in totals],
    )


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "unknown" if name in AMOUNTS else "(none)"
    if name in AMOUNTS:
        return cells.money(value)
    if name == "billing_month":
        return f"{value:%Y-%m}"
    return cells.resource(value) if name == "resource_id" and value.startswith("/") else cells.text(value)
