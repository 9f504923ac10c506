"""`finops-lake tags`: how far tags cover the cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.answers.periods import NAMED
from finops_lake.commands import cells
from finops_lake.commands.common import (
    day_options,
    limit_option,
    metric_option,
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
    "time_period": "--period",
    "metric": "--metric",
    "tag_keys": "KEY",
}
HEADINGS = {
    "tag_key": "Tag",
    "cost_percent": "By cost",
    "tagged_cost": "Tagged",
    "untagged_cost": "Untagged",
    "unknown_cost": "Unknown",
    "untaggable_cost": "Untaggable",
    "resource_percent": "By count",
    "tagged_resources": "Resources",
    "untagged_resources": "Without",
    "tag_values": "Values",
    "billing_currency": "Currency",
}
SECTION_HEADINGS = {
    "what": "What",
    "tag_key": "Tag",
    "spellings": "Spellings",
    "resources": "Resources",
    "sub_account_name": "Subscription",
    "resource_id": "Resource",
    "resource_type": "Type",
    "missing_tags": "Lacks",
    "service_name": "Service",
    "billing_currency": "Currency",
    "cost": "Cost",
}
SECTIONS = {
    "spellings": "Spelled in several ways",
    "untagged": "The dearest resources to tag",
    "untaggable": "Cannot be tagged",
}


@click.command("tags", short_help="How much of the cost carries which tags, and what to tag.")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@subscription_option
@day_options(f"{', '.join(NAMED)}. Default: current_month.")
@metric_option("billed_cost")
@limit_option
@refresh_options
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    keys: tuple[str, ...],
    subscriptions: tuple[str, ...],
    period: str | None,
    start: str | None,
    end: str | None,
    metric: str,
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show for each tag key, or those named, how much of the cost carries it, by cost and by count of resources."""
    from finops_lake.answers.cost import months_of
    from finops_lake.answers.periods import period_of
    from finops_lake.answers.tag_coverage import MAX_ROWS, VIEWS, CoverageQuestion, answer_coverage, check_coverage

    freshener = Freshener(context, is_refreshing, max_wait)
    now = freshener.app.settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, **OPTIONS):
        asked = period_of(now.date(), name=period, start=start, end=end)
        question = CoverageQuestion(asked, keys, asked_of, metric, min(limit, MAX_ROWS))
        check_coverage(question)
        notes = freshener.refresh(VIEWS, months_of(asked))
        answer = answer_coverage(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_coverage)


def print_coverage(answer: Answer) -> None:
    """Print the keys, and apart from them what to mend."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    print_table(
        [amount_column(title) if _is_number(name) else Column(title) for name, title in HEADINGS.items()],
        [[_cell(name, row[name]) for name in HEADINGS] for row in rows],
        title="Tag coverage",
    )
    for name, title in SECTIONS.items():
        _print_section(title, answer.sections[name])


def _print_section(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        titles = {name: SECTION_HEADINGS.get(name, name) for name in rows[0]}
        columns = [amount_column(title) if name == "cost" else Column(title) for name, title in titles.items()]
        print_table(columns, [[_cell(name, value) for name, value in row.items()] for row in rows], title=title)


def _is_number(name: str) -> bool:
    return name not in ("tag_key", "billing_currency")


def _cell(name: str, value: Any) -> str:
    if isinstance(value, Decimal):
        return cells.money(value)
    if isinstance(value, list):
        return cells.text(", ".join(value))
    if name.endswith("_percent"):
        return "" if value is None else f"{value:.2f} %"
    return cells.resource(value) if name == "resource_id" else cells.text(value)
