"""`finops-lake anomalies`: what is unusual."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.answers.cost_terms import metric_of
from finops_lake.answers.periods import NAMED
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
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import counted
from finops_lake.errors import InputError

OPTIONS = {
    "start_date": "--start",
    "end_date": "--end",
    "time_period": "--period",
    "metric": "--metric",
    "min_cost": "--min-cost",
    "tags": "--tag",
    "dimensions": "--filter",
    "filters": "--filter",
}


@click.command("anomalies", short_help="What is unusual: spikes, new levels, slow growth, new and vanished cost.")
@subscription_option
@day_options(f"{', '.join(NAMED)}. Default: last_30_days.")
@metric_option("effective_cost")
@click.option(
    "--min-cost", metavar="AMOUNT", default="10", show_default=True, help="Say nothing below that much money a day."
)
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
    metric: str,
    min_cost: str,
    tags: tuple[str, ...],
    filters: tuple[str, ...],
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show what is unusual, the largest first; mutes.toml in the home mutes what is explained, until a day.

    Each complete day is judged against the same weekdays of the eight weeks before.
    """
    from finops_lake.answers.anomalies import answer_anomalies, months_needed
    from finops_lake.answers.anomaly_sql import AnomalyQuestion
    from finops_lake.answers.filters import written_filters
    from finops_lake.answers.macros import views_of
    from finops_lake.answers.mutes import load_mutes
    from finops_lake.answers.periods import period_of

    freshener = Freshener(context, is_refreshing, max_wait)
    now = freshener.app.settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, **OPTIONS):
        name = period or ("last_30_days" if start is None and end is None else None)
        asked = period_of(now.date(), name=name, start=start, end=end)
        metric_of(metric)
        equal, others = written_filters(filters)
        views = ["marts.cost_anomalies", "marts.cost_first_seen", "marts.subscriptions"]
        views += views_of((), equal, tags, others)
        question = AnomalyQuestion(asked, asked_of, metric, _amount(min_cost), equal, tags, limit, others)
        mutes = load_mutes(freshener.app.settings.home, now.date())
        notes = freshener.refresh(views, months_needed(asked))
        answer = answer_anomalies(freshener.app.lake, question, mutes).with_notes(notes)
    show(answer, style, now, print_anomalies)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise InputError("min_cost", text, "an amount above 0 is needed")
    return amount


def print_anomalies(answer: Answer) -> None:
    """Print the anomalies, and apart from them what was first seen, bought, given back or muted."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    print_table(
        [
            *map(Column, ("Kind", "Severity", "Subscription", "Service", "Resource")),
            Column("From", keeps=True),
            Column("To", keeps=True),
            amount_column("Impact"),
            amount_column("Usual"),
            Column("Currency"),
        ],
        [
            [
                *(cells.text(row[name]) for name in ("anomaly_kind", "severity", "sub_account_name", "service_names")),
                cells.resource(row["resource_id"]),
                cells.day(row["start_date"]),
                "ongoing" if row["is_ongoing"] else cells.day(row["end_date"]),
                cells.money(row["impact"]),
                cells.money(row["usual_cost"]),
                cells.text(row["billing_currency"]),
            ]
            for row in rows
        ],
        title=f"{answer.row_count} {'anomaly' if answer.row_count == 1 else 'anomalies'} among"
        f" {counted(answer.sections['looked_at'], 'service')}",
    )
    for title, name in (
        ("First seen in ten weeks", "first_seen"),
        ("Bought or given back", "one_offs"),
        ("Muted", "muted"),
    ):
        _print_section(title, answer.sections[name])


_HEADS = {
    "charge_date": "Day",
    "sub_account_name": "Subscription",
    "charge_kind": "Kind",
    "service_name": "Service",
    "service_names": "Service",
    "place_kind": "Kind",
    "place_name": "What",
    "billing_currency": "Currency",
    "cost_per_day": "A day",
    "start_date": "From",
}
"""Headings of columns that are not called as they are."""


def _print_section(title: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        heads = {name: _HEADS.get(name, name.replace("_", " ").capitalize()) for name in rows[0]}
        columns = [
            amount_column(heads[name]) if _is_money(value) else Column(heads[name]) for name, value in rows[0].items()
        ]
        shown = [[cells.money(cell) if _is_money(cell) else cells.text(cell) for cell in row.values()] for row in rows]
        print_table(columns, shown, title=title)


def _is_money(value: object) -> bool:
    return isinstance(value, Decimal)
