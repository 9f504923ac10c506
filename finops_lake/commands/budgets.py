"""`finops-lake budgets`: whether we are within budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells
from finops_lake.commands.common import limit_option, named, output_options, subscription_option, subscriptions_asked
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option

_BUDGET = [Column("Budget"), Column("Status", keeps=True), Column("Subscription", spare=True)]
_MONEY = [
    amount_column("Amount"),
    amount_column("Spent"),
    amount_column("Of it"),
    amount_column("Forecast"),
    Column("Currency"),
]


@click.command("budgets", short_help="Whether we are within budget.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="NAME",
    help="exceeded, at_risk, ok, unknown, not_started or expired; may be repeated. Default: all.",
)
@subscription_option
@limit_option
@refresh_options
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    statuses: tuple[str, ...],
    subscriptions: tuple[str, ...],
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show every budget with its spend, forecast and reached thresholds, those in danger first."""
    from finops_lake.answers.budgets import BudgetQuestion, answer_budgets

    freshener = Freshener(context, is_refreshing, max_wait)
    notes = freshener.refresh(["marts.budget_status"], None)
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, status="--status"):
        answer = answer_budgets(freshener.app.lake, BudgetQuestion(asked_of, statuses, limit)).with_notes(notes)
    show(answer, style, freshener.app.settings.utc_now(), print_budgets)


def print_budgets(answer: Answer) -> None:
    """Print the budgets of an answer."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    print_table(
        [*_BUDGET, Column("Period", keeps=True, spare=True), *_MONEY, Column("Reached", spare=True)],
        [[*_named(row), _period(row), *_amounts(row), ", ".join(row["thresholds_reached"] or ())] for row in rows],
        title="Budgets",
    )


def print_budgets_in_danger(budgets: Sequence[Mapping[str, Any]]) -> None:
    """Print the budgets that are exceeded or at risk."""
    print_table([*_BUDGET, *_MONEY], [[*_named(row), *_amounts(row)] for row in budgets], title="Budgets at risk")


def _named(row: Mapping[str, Any]) -> list[str]:
    place = row["sub_account_name"] or ""
    group = row.get("x_resource_group_name")
    return [
        cells.text(row["budget_name"]),
        str(row["status"]).replace("_", " "),
        cells.printable(f"{place}/{group}" if group else place),
    ]


def _amounts(row: Mapping[str, Any]) -> list[str]:
    return [
        cells.money(row["amount"]),
        cells.money(row["spend"]) or "not known",
        cells.percent(row["spent_percent"]),
        cells.money(row["azure_forecast"]),
        cells.text(row["billing_currency"]),
    ]


def _period(row: Mapping[str, Any]) -> str:
    return f"{row['period_start_date']:%Y-%m-%d} to {row['period_end_date']:%m-%d}"
