"""`finops-lake cost`: what it costs."""

from __future__ import annotations

from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.answers.comparison import WAYS, explicit_period
from finops_lake.answers.cost_terms import GRANULARITIES, METRICS_BY_NAME
from finops_lake.answers.dimensions import DIMENSIONS
from finops_lake.answers.periods import NAMED
from finops_lake.commands import cells
from finops_lake.commands.common import (
    charge_filter_options,
    day_options,
    limit_option,
    named,
    output_options,
    subscription_option,
    subscriptions_asked,
)
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option

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
    "filters": "--filter",
    "top": "--top",
    "compare_to": "--compare",
    "compare_start_date": "--compare-start",
    "compare_end_date": "--compare-end",
    "as_of": "--as-of",
    "convert_to": "--convert-to",
    "split_shared": "--split-shared",
    "per": "--per",
}

HEADINGS = {
    "billing_month": "Month",
    "charge_date": "Day",
    "week_start_date": "Week of",
    "quarter_start_date": "Quarter of",
    "sub_account_name": "Subscription",
    "service_name": "Service",
    "x_resource_group_name": "Resource group",
    "resource_id": "Resource",
    "resource_type": "Type",
    "region_id": "Region",
    "billing_currency": "Currency",
    "currency": "Currency",
    "consumed_unit": "Unit",
    "billed_cost": "Billed cost",
    "effective_cost": "Amortized cost",
    "list_cost": "List cost",
    "contracted_cost": "Contracted cost",
    "quantity": "Quantity",
    "billed_cost_usd": "Billed cost",
    "effective_cost_usd": "Amortized cost",
    "list_cost_usd": "List cost",
    "change": "Change",
    "change_percent": "Change %",
    "share_percent": "Share %",
    "group_count": "Groups",
    "units": "Units",
    "billed_cost_per_unit": "Cost of one",
    "effective_cost_per_unit": "Cost of one",
}


@click.command("cost", short_help="What it costs, by service, subscription, resource, day ...")
@subscription_option
@day_options(f"{', '.join(NAMED)}, or 2026, 2026-Q3, 2026-10.")
@click.option("--days", type=int, metavar="N", help="The last N days, today included.")
@click.option(
    "-g",
    "--group-by",
    multiple=True,
    metavar="DIMENSION",
    help=f"{', '.join(DIMENSIONS)}, tag:KEY; may be repeated. Default: service.",
)
@click.option("--granularity", metavar="NAME", default="total", show_default=True, help=f"{', '.join(GRANULARITIES)}.")
@click.option(
    "--metric",
    metavar="NAME",
    default="billed_cost",
    show_default=True,
    help=f"{', '.join(METRICS_BY_NAME)}.",
)
@charge_filter_options
@click.option("--top", type=int, metavar="N", help="Only the N largest groups, and one row for all others.")
@click.option("--shares", is_flag=True, help="Each row's share of its currency's total.")
@click.option("--compare", metavar="NAME", help=f"Compare with another period: {', '.join(WAYS)}.")
@click.option("--compare-start", metavar="DAY", help="First day of another period to compare with.")
@click.option("--compare-end", metavar="DAY", help="Last day of that period, inclusive.")
@click.option("--as-of", metavar="INSTANT", help="What the lake knew at this UTC instant (or the end of this day).")
@click.option("--convert-to", metavar="CURRENCY", help="Convert by your own dated rates, in the folder business.")
@click.option("--split-shared", is_flag=True, help="With -g virtual:NAME: shared cost is paid by the others, by month.")
@click.option("--per", metavar="FIGURE", help="What one costs, by your own figures in the folder business: orders.")
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
    top: int | None,
    shares: bool,
    compare: str | None,
    compare_start: str | None,
    compare_end: str | None,
    as_of: str | None,
    convert_to: str | None,
    split_shared: bool,
    per: str | None,
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show what it costs, the largest first, with a total per currency.

    Days are UTC days. Explicit dates win over --days, and --days over --period.
    """
    from finops_lake.answers.cost import CostQuestion, answer_cost, check_question
    from finops_lake.answers.filters import written_filters
    from finops_lake.answers.periods import instant_of, period_of

    freshener = Freshener(context, is_refreshing, max_wait)
    now = freshener.app.settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, **OPTIONS):
        equal, others = written_filters(filters)
        question = CostQuestion(
            period=period_of(now.date(), name=period, days=days, start=start, end=end),
            subscriptions=asked_of,
            group_by=group_by or ("service",),
            granularity=granularity,
            metric=metric,
            dimensions=equal,
            tags=tags,
            limit=limit,
            filters=others,
            top=top,
            compare_to=compare,
            compare_period=explicit_period(compare_start, compare_end) if compare_start or compare_end else None,
            shares=shares,
            as_of=instant_of(as_of),
            convert_to=convert_to,
            split_shared=split_shared,
            per=per,
        )
        check_question(question)
        notes = freshener.refresh(question.views, question.months)
        answer = answer_cost(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_cost)


def print_cost(answer: Answer) -> None:
    """Print the rows of a cost answer with one total per currency."""
    unit = next(name for name in UNITS if name in answer.columns)
    shown = [name for name in answer.columns if name not in ("sub_account_id", "is_other", unit)]
    shown.insert(shown.index(str(answer.metric)) + 1 + 3 * ("change" in shown), unit)
    places = [answer.columns.index(name) for name in shown]
    title = f"{_heading(str(answer.metric))}, {answer.period.start} to {answer.period.end}" if answer.period else None
    rows = [[_cell(shown[number], row[place]) for number, place in enumerate(places)] for row in answer.rows]
    totals = [
        ["Total" if not number else _total(name, total) for number, name in enumerate(shown)] for total in answer.totals
    ]
    print_table([_column(name) for name in shown], rows, title=title, totals=totals)


UNITS = ("billing_currency", "currency", "consumed_unit")
MONEY = (*(name for name in METRICS_BY_NAME if name != "quantity"), "change")


def _is_money(name: str) -> bool:
    return name.removeprefix("previous_") in MONEY


def _is_number(name: str) -> bool:
    return _is_money(name) or name.endswith(("_percent", "_count", "quantity", "units", "_per_unit"))


def _heading(name: str) -> str:
    if name.startswith("previous_"):
        return "Before"
    return HEADINGS.get(name, name.removeprefix("x_").replace("_", " ").capitalize())


def _column(name: str) -> Column:
    return amount_column(_heading(name)) if _is_number(name) else Column(_heading(name))


def _cell(name: str, value: Any) -> str:
    if value is None and _is_number(name):
        return "not loaded" if name in ("billed_cost", "effective_cost") else "-"
    if _is_money(name):
        return cells.money(value)
    if name.endswith("_per_unit"):
        return f"{value:,.6f}"
    if value is None:
        return "(none)"
    if name == "billing_month":
        return f"{value:%Y-%m}"
    return cells.resource(value) if name == "resource_id" else cells.text(value)


def _total(name: str, total: Any) -> str:
    return _cell(name, total[name]) if name in total else ""
