"""`finops-lake commitments`: how reservations and savings plans are used, what they save, and what to buy."""

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
    named,
    output_options,
    subscription_option,
    subscriptions_asked,
)
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option

OPTIONS = {"start_date": "--start", "end_date": "--end", "time_period": "--period"}
HEADINGS = {
    "display_name": "Commitment",
    "commitment_type": "Kind",
    "sku_name": "What",
    "term": "Term",
    "expiry_date": "Ends",
    "sub_account_name": "Paid by",
    "utilization": "Used",
    "utilization_30d": "In 30 days",
    "used_cost": "Used cost",
    "unused_cost": "Unused cost",
    "savings": "Saved",
    "billing_currency": "Currency",
}
SECTIONS = {
    "coverage": (
        "Coverage",
        {
            "sub_account_name": "Subscription",
            "service_name": "Service",
            "region_id": "Region",
            "coverage_percent": "Covered",
            "least_coverage_percent": "At least",
            "covered_on_demand_cost": "Covered, at on-demand prices",
            "on_demand_cost": "On demand",
            "billing_currency": "Currency",
        },
    ),
    "offers": (
        "To buy: of offers with the same key at most one; amounts for 30 days",
        {
            "alternatives": "Key",
            "commitment_type": "Kind",
            "sku_name": "What",
            "scope_name": "For",
            "lookback_days": "Days looked at",
            "term": "Term",
            "quantity": "Units",
            "monthly_savings": "Saves",
            "least_monthly_savings": "At least",
            "break_even_months": "Break-even months",
            "currency": "Currency",
        },
    ),
    "hybrid_benefit": (
        "Eligible for hybrid benefit where licences are owned",
        {
            "licence": "Licence",
            "resource_name": "Resource",
            "sub_account_name": "Subscription",
            "licence_cost": "Licence cost",
            "billing_currency": "Currency",
        },
    ),
}
TEXTS = ("term", "lookback_days", "quantity", "expiry_date")


@click.command("commitments", short_help="How reservations and savings plans are used, what they save, what to buy.")
@subscription_option
@day_options(f"{', '.join(NAMED)}. Default: last_30_days.")
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
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show every reservation and savings plan, the most unused money first, then coverage and what to buy.

    Costs are amortized. What the bill does not tell stays empty, which is not 0.
    """
    from finops_lake.answers.commitments import CommitmentQuestion, answer_commitments, views_needed
    from finops_lake.answers.cost import months_of
    from finops_lake.answers.periods import period_of

    freshener = Freshener(context, is_refreshing, max_wait)
    now = freshener.app.settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, freshener.app.settings)
    with named(profiles=source, **OPTIONS):
        name = period or ("last_30_days" if start is None and end is None else None)
        asked = period_of(now.date(), name=name, start=start, end=end)
        notes = freshener.refresh(views_needed(freshener.app.lake), months_of(asked))
        question = CommitmentQuestion(asked, asked_of, limit)
        answer = answer_commitments(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_commitments)


def print_commitments(answer: Answer) -> None:
    """Print the commitments, then coverage, what to buy, and what is eligible for hybrid benefit."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    counts = answer.sections["counts"]
    title = f"{counts['commitments']} commitments, {counts['expiring']} about to end"
    if rows:
        _print(title, HEADINGS, [{**row, "display_name": _named(row), "expiry_date": _ends(row)} for row in rows])
    for name, (section_title, headings) in SECTIONS.items():
        if answer.sections[name]:
            print()
            _print(section_title, headings, answer.sections[name])


def _print(title: str, headings: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    columns = [amount_column(text) if _is_number(name) else Column(text) for name, text in headings.items()]
    print_table(columns, [[_cell(name, row[name]) for name in headings] for row in rows], title=title)


def _named(row: Mapping[str, Any]) -> str:
    name = row["display_name"] or row["commitment_name"]
    return cells.text(name) if name else "(not named by the bill)"


def _ends(row: Mapping[str, Any]) -> str:
    """Return the day a commitment ends, and whether that is soon."""
    return cells.day(row["expiry_date"]) + (" (soon)" if row["is_expiring"] else "")


def _is_number(name: str) -> bool:
    return name.endswith(("_cost", "_percent", "_months", "savings", "utilization", "_30d", "_days", "quantity"))


def _cell(name: str, value: Any) -> str:
    if name.endswith("_percent") or name.startswith("utilization"):
        return cells.percent(value)
    if isinstance(value, Decimal) and name not in TEXTS:
        return cells.money(value)
    return cells.text(value)
