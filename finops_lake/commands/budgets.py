"""`finops-lake budgets`: whether we are within budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells
from finops_lake.commands.common import limit_option, named, output_options, subscription_option, subscriptions_asked
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_STANDING = [
    Column("Budget"),
    Column("Status", keeps=True),
    Column("Left", right=True, keeps=True, spare=True),
    amount_column("Amount"),
    amount_column("Spent"),
    Column("Of it", right=True, keeps=True, spare=True),
    Column("Forecast", right=True, keeps=True, spare=True),
    Column("Breaks", keeps=True, spare=True),
    Column("Currency"),
    Column("Scope", spare=True),
]
_FORECASTS = [
    Column("Budget"),
    amount_column("Ours"),
    *(Column(heading, right=True, keeps=True, spare=True) for heading in ("80 % from", "to")),
    *(Column(heading, keeps=True, spare=True) for heading in ("Breaks from", "to")),
    amount_column("Azure's"),
    Column("Currency"),
]
_SPENT = [
    Column("Budget"),
    *(amount_column(heading) for heading in ("Azure's", "Ours")),
    Column("Difference", right=True, keeps=True, spare=True),
    Column("Currency"),
    Column("Why they differ"),
]
_COUNTED = [
    Column("Budget"),
    Column("Counts"),
    Column("Period", keeps=True, spare=True),
    Column("Actual"),
    Column("Forecasted"),
]
_PAIRS = 20
"""Overlaps shown at most; --json has more."""

_RELATIONS = {"same": "counts the same as", "contains": "contains", "within": "lies within", "partly": "shares with"}
_OVERLAPS = [
    Column("Budget"),
    Column("Relation"),
    Column("Other budget"),
    amount_column("Both count"),
    Column("Currency"),
]
_UNBUDGETED = [
    Column("Subscription"),
    Column("Month", keeps=True),
    amount_column("Cost"),
    amount_column("Without budget"),
    Column("Perhaps with one", right=True, keeps=True, spare=True),
    Column("Currency"),
]
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
    help="exceeded, at_risk, ok, unknown, not_started, expired or other_currency; may be repeated. Default: all.",
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
    """Show every budget with its spend, forecasts and reached thresholds, those in danger first.

    Local budgets of the configuration stand beside those of Azure. Then budgets that count the same charges, and spend
    of this month and the last one that no budget counts.
    """
    from finops_lake.answers.budgets import BudgetQuestion, answer_budgets

    freshener = Freshener(context, is_refreshing, max_wait)
    notes = freshener.refresh(["marts.budget_status", "marts.unbudgeted_spend"], None)
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, status="--status"):
        settings = freshener.app.settings
        configured = {one.budget_id: one.amount for one in settings.budgets}
        question = BudgetQuestion(asked_of, statuses, limit, configured, settings.subscriptions)
        answer = answer_budgets(freshener.app.lake, question).with_notes(notes)
    show(answer, style, freshener.app.settings.utc_now(), print_budgets)


def print_budgets(answer: Answer) -> None:
    """Print where the budgets of an answer stand, their forecasts, Azure's figures beside ours, and what they count."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    names = _names(rows)
    listed = list(zip(names, rows, strict=True))
    known = {row["budget_id"]: name for name, row in listed}
    print_table(_STANDING, [[name, *_standing(row)] for name, row in listed], title="Budgets")
    _print_some(
        _FORECASTS,
        [[name, *_forecasts(row)] for name, row in listed if _is_any(row, "lake_forecast", "azure_forecast")],
        "Forecasts of the whole period: ours, and Azure's",
    )
    _print_some(
        _SPENT,
        [[name, *_spent(row)] for name, row in listed],
        "Spent: Azure's figure, and our own sum of the charges with the budget's filter",
    )
    _print_some(_COUNTED, [[name, *_counted(row)] for name, row in listed], "What they count, and thresholds reached")
    _print_some(
        _OVERLAPS,
        [_overlap(one, known) for one in answer.sections["overlaps"][:_PAIRS]],
        "Count the same charges: never add them",
    )
    _print_some(_UNBUDGETED, [_without(one) for one in answer.sections["unbudgeted"]], "Spend that no budget counts")


def _print_some(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str) -> None:
    if rows:
        click.echo()
        print_table(columns, rows, title=title)


def print_budgets_in_danger(budgets: Sequence[Mapping[str, Any]]) -> None:
    """Print the budgets that are exceeded or at risk."""
    columns = [Column("Budget"), Column("Status", keeps=True), Column("Subscription", spare=True), *_MONEY]
    rows = [
        [cells.text(row["budget_name"]), _status(row), cells.text(row["sub_account_name"]), *_amounts(row)]
        for row in budgets
    ]
    print_table(columns, rows, title="Budgets at risk")


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names to tell budgets apart by: with their scope where several have the same."""
    counted = Counter(row["budget_name"] for row in rows if row["is_budget_currency"])
    return [
        cells.text(row["budget_name"]) + (f" ({_scope(row)})" if counted[row["budget_name"]] > 1 else "")
        for row in rows
    ]


def _scope(row: Mapping[str, Any]) -> str:
    place = row["sub_account_name"] or row["budget_scope_id"].removeprefix("/providers/microsoft.")
    place = "the whole lake" if place == "/" else place
    group = row["x_resource_group_name"]
    return cells.printable(f"{place}/{group}" if group else place)


def _status(row: Mapping[str, Any]) -> str:
    return "other" if row["status"] == "other_currency" else str(row["status"]).replace("_", " ")


def _standing(row: Mapping[str, Any]) -> list[str]:
    spent_percent = row["spent_percent"]
    return [
        _status(row),
        f"{row['days_left']} d",
        cells.money(row["amount"]),
        cells.money(row["spend"]) or "not known",
        "" if spent_percent is None else f"{spent_percent:,.0f} %",
        cells.money(row["azure_forecast"] if row["lake_forecast"] is None else row["lake_forecast"]),
        _month_day(row["break_date"]),
        cells.text(row["billing_currency"]),
        _scope(row),
    ]


def _forecasts(row: Mapping[str, Any]) -> list[str]:
    return [
        *(cells.money(row[name]) for name in ("lake_forecast", "lake_forecast_low", "lake_forecast_high")),
        *(_month_day(row[name]) for name in ("break_date_earliest", "break_date_latest")),
        cells.money(row["azure_forecast"]),
        cells.text(row["billing_currency"]),
    ]


def _spent(row: Mapping[str, Any]) -> list[str]:
    return [
        *(cells.money(row[name]) or "not known" for name in ("azure_spend", "lake_spend")),
        cells.money(row["lake_minus_azure"]),
        cells.text(row["billing_currency"]),
        cells.text(row["difference_reason"]),
    ]


def _counted(row: Mapping[str, Any]) -> list[str]:
    return [
        ("" if row["source"] == "azure" else "local: ")
        + _scope(row)
        + (", a part by its filter" if row["has_filter"] else "")
        + (f", of {cells.text(row['owner'])}" if row["owner"] else ""),
        f"{row['period_start_date']:%Y-%m-%d} to {row['period_end_date']:%m-%d}",
        *(_percents(row[f"{kind}_thresholds"]) for kind in ("actual", "forecast")),
    ]


def _overlap(pair: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    return [
        names.get(pair["budget_id"]) or cells.text(pair["budget_name"]),
        _RELATIONS[pair["relation"]],
        names.get(pair["other_budget_id"]) or cells.text(pair["other_budget_name"]),
        cells.money(pair["shared_cost"]),
        cells.text(pair["billing_currency"]),
    ]


def _without(spend: Mapping[str, Any]) -> list[str]:
    return [
        cells.text(spend["sub_account_name"]) or "(no subscription)",
        f"{spend['billing_month']:%Y-%m}" + ("" if spend["is_complete_month"] else " so far"),
        cells.money(spend["billed_cost"]),
        cells.money(spend["unbudgeted_cost"]) or "not known",
        cells.money(spend["untold_cost"]),
        cells.text(spend["billing_currency"]),
    ]


def _percents(thresholds: Sequence[str] | None) -> str:
    return ", ".join(f"{threshold} %" for threshold in thresholds or ())


def _is_any(row: Mapping[str, Any], *names: str) -> bool:
    return any(row[name] is not None for name in names)


def _month_day(value: date | None) -> str:
    """Return a day of a running period, which tells the year, shortly: Nov 30; nothing for null."""
    return "" if value is None else f"{_MONTHS[value.month - 1]} {value.day:02d}"


def _amounts(row: Mapping[str, Any]) -> list[str]:
    return [
        cells.money(row["amount"]),
        cells.money(row["spend"]) or "not known",
        cells.percent(row["spent_percent"]),
        cells.money(row["azure_forecast"]),
        cells.text(row["billing_currency"]),
    ]
