"""`finops-lake explain`: why the cost changed."""

from __future__ import annotations

from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.answers.comparison import WAYS
from finops_lake.answers.cost_terms import DIMENSIONS, metric_of
from finops_lake.answers.periods import NAMED
from finops_lake.answers.reasons import EFFECTS
from finops_lake.commands import cells
from finops_lake.commands.common import (
    charge_filter_options,
    day_options,
    limit_option,
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
    "start_date": "--start",
    "end_date": "--end",
    "time_period": "--period",
    "compare_to": "--compare-to",
    "compare_start_date": "--base-start",
    "compare_end_date": "--base-end",
    "group_by": "--group-by",
    "metric": "--metric",
    "tags": "--tag",
    "dimensions": "--filter",
    "filters": "--filter",
}


@click.command("explain", short_help="Why the cost changed between two periods, and which resources did it.")
@subscription_option
@day_options(f"{', '.join(NAMED)}. Default: current_month.")
@click.option("--compare-to", metavar="NAME", help=f"{', '.join(WAYS)}. Default: previous_period.")
@click.option("--base-start", metavar="DAY", help="First day of the period to compare with.")
@click.option("--base-end", metavar="DAY", help="Last day of it, inclusive.")
@click.option("--open-days", is_flag=True, help="Also count days that are not complete yet.")
@click.option("--restatements", is_flag=True, help="Also say how much was restated after it was first known (JSON).")
@click.option(
    "-g",
    "--group-by",
    multiple=True,
    metavar="DIMENSION",
    help=f"{', '.join(DIMENSIONS)}; may be repeated. Default: service.",
)
@metric_option("billed_cost")
@charge_filter_options
@limit_option
@refresh_options
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    subscriptions: tuple[str, ...],
    period: str | None,
    start: str | None,
    end: str | None,
    compare_to: str | None,
    base_start: str | None,
    base_end: str | None,
    open_days: bool,
    restatements: bool,
    group_by: tuple[str, ...],
    metric: str,
    tags: tuple[str, ...],
    filters: tuple[str, ...],
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show what a change of cost is made of: the effects add up exactly to the difference, in each currency.

    The running month is compared up to its last complete day, unless --open-days is given.
    """
    from finops_lake.answers.comparison import comparison_of
    from finops_lake.answers.cost import months_of
    from finops_lake.answers.explain import ChangeQuestion, answer_change, settled_date
    from finops_lake.answers.filters import written_filters
    from finops_lake.answers.macros import views_of
    from finops_lake.answers.periods import period_of

    freshener = Freshener(context, is_refreshing, max_wait)
    now = freshener.app.settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, **OPTIONS):
        asked = period_of(now.date(), name=period, start=start, end=end)
        whole = comparison_of(asked, compare_to, start=base_start, end=base_end)
        metric_of(metric)
        equal, others = written_filters(filters)
        groups = group_by or ("service",)
        views = ["marts.cost_changes", "marts.subscriptions", *views_of(groups, equal, tags, others)]
        months = sorted({*months_of(whole.base), *months_of(whole.period)})
        notes = freshener.refresh(views, months)
        settled = None if open_days else settled_date(freshener.app.lake, asked_of)
        cut = comparison_of(asked, compare_to, start=base_start, end=base_end, settled=settled)
        question = ChangeQuestion(cut, asked_of, groups, metric, equal, tags, limit, restatements, others)
        answer = answer_change(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_change)


def print_change(answer: Answer) -> None:
    """Print the groups with the effects that are there, the totals, and the resources that matter."""
    comparison = answer.sections["comparison"]
    base, period = comparison["base"], comparison["period"]
    effects = [name for name in EFFECTS if any(total[name] for total in answer.totals)]
    amounts = ["base_cost", "period_cost", "difference", *effects]
    names = [name for name in answer.columns[: answer.columns.index("billing_currency")] if name != "sub_account_id"]
    shown = [*names, *amounts, "billing_currency"]
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    others = [{names[0]: f"({one['groups']} others)", **one} for one in answer.sections["other"]] if names else []
    totals = [{shown[0]: "Total", **one} if names else one for one in answer.totals]
    print_table(
        [_column(name) for name in shown],
        [[_cell(name, row.get(name, "")) for name in shown] for row in [*rows, *others]],
        title=f"{period.start} to {period.end}, against {base.start} to {base.end}",
        totals=[[_cell(name, total.get(name, "")) for name in shown] for total in totals],
    )
    if answer.sections["resources"]:
        print_resources(answer.sections["resources"])


def print_resources(resources: list[dict[str, Any]]) -> None:
    """Print the resources that matter, each with its reason."""
    print_table(
        [Column("Resource"), amount_column("Difference"), Column("Currency"), Column("Why")],
        [
            [
                cells.resource(one["resource_id"]) or f"(none) {one['service_name'] or ''}",
                cells.money(one["difference"]),
                one["billing_currency"],
                cells.printable(one["reason"]),
            ]
            for one in resources
        ],
        title="The resources that matter",
    )


def _column(name: str) -> Column:
    if name in EFFECTS:
        return amount_column(EFFECTS[name].capitalize())
    headings = {"base_cost": "Before", "period_cost": "Now", "difference": "Difference"}
    return amount_column(headings[name]) if name in headings else Column(HEADINGS.get(name, name))


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "(none)"
    if name in EFFECTS or name in ("base_cost", "period_cost", "difference"):
        return cells.money(value)
    return cells.resource(value) if name == "resource_id" and value.startswith("/") else cells.text(value)
