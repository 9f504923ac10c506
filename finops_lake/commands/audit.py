"""`finops-lake audit`: what is wasted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells
from finops_lake.commands.budgets import print_budgets_in_danger
from finops_lake.commands.common import limit_option, named, output_options, subscription_option, subscriptions_asked
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import say
from finops_lake.source import months_back

if TYPE_CHECKING:
    from finops_lake.answers.audit import AuditQuestion
    from finops_lake.lake.reader import LakeReader

MONTHS_PRICED = 3
"""A saving is the cost of 30 complete days; these months hold them on every day of the year."""


@click.command("audit", short_help="What is wasted, with the money it costs.")
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="NAME",
    help="A check (unattached_disks ...) or one of vms, disks, ips, budgets; repeatable. Default: all.",
)
@click.option("--region", "regions", multiple=True, metavar="PATTERN", help="Only these regions (* and ?); repeatable.")
@click.option(
    "--resource-group",
    "resource_groups",
    multiple=True,
    metavar="PATTERN",
    help="Only these resource groups (* and ?); repeatable.",
)
@subscription_option
@limit_option
@refresh_options
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    checks: tuple[str, ...],
    regions: tuple[str, ...],
    resource_groups: tuple[str, ...],
    subscriptions: tuple[str, ...],
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> None:
    """Show the findings of the audit checks, the largest saving first, and how many resources were looked at."""
    from finops_lake.answers.audit import BUDGETS, AuditQuestion, answer_audit

    freshener = Freshener(context, is_refreshing, max_wait)
    settings = freshener.app.settings
    now = settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, settings)
    question = AuditQuestion(
        asked_of,
        _patterns(regions, settings.regions),
        _patterns(resource_groups, settings.resource_groups),
        checks,
        budgets=not checks or bool({"all", BUDGETS} & {check.lower() for check in checks}),
        limit=limit,
    )
    with named(profiles=source, checks="--check"):
        notes = freshener.refresh(_views(freshener.app.lake, question), months_back(now.date(), MONTHS_PRICED))
        answer = answer_audit(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_audit)
    if style is None:
        for check in answer.sections["checks"]:
            if check["waste"] and check["fix"]:
                say(f"{check['title']}: {check['fix']}")


def _patterns(given: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns to filter by: those given (the word all: none), else those of the settings."""
    return () if any(word.lower() == "all" for word in given) else given or default


def _views(lake: LakeReader, question: AuditQuestion) -> list[str]:
    """Return the views that the question needs; none while there is no lake, when everything is needed anyway."""
    from finops_lake.answers.audit import asked_checks

    if not lake.exists():
        return []
    checks = [f"audits.{check.name}" for check in asked_checks(lake, question)]
    return [*checks, *(["marts.budget_status"] if question.budgets else [])]


def print_audit(answer: Answer) -> None:
    """Print what was looked at, the findings, and the budgets in danger."""
    if answer.sections["checks"]:
        _print_checks(answer)
    print_findings(answer)
    if answer.sections.get("budgets"):
        print()
        print_budgets_in_danger(answer.sections["budgets"])


def _print_checks(answer: Answer) -> None:
    print_table(
        [Column("Check"), *map(amount_column, ("Looked at", "Waste", "Undetermined", "Excused"))],
        [
            [
                cells.text(check["title"]),
                *(f"{check[key]:,}" for key in ("looked_at", "waste", "undetermined", "not_applicable")),
            ]
            for check in answer.sections["checks"]
        ],
        title="Checks",
    )


def print_findings(answer: Answer) -> None:
    """Print the findings with one total per currency, and what could not be judged; nothing when there is neither."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    findings = [row for row in rows if row["verdict"] == "waste"]
    if findings:
        print()
        print_table(
            [
                Column("Finding"),
                Column("Resource"),
                Column("Subscription", spare=True),
                Column("Since", keeps=True, spare=True),
                amount_column("Saving a month"),
                Column("Currency"),
            ],
            [_finding(row) for row in findings],
            title="Findings",
            totals=[
                ["Total", "", "", "", cells.money(total["monthly_saving"]), cells.text(total["billing_currency"])]
                for total in answer.totals
            ],
        )
    undetermined = [[*_place(row), cells.text(row["reason"])] for row in rows if row["verdict"] != "waste"]
    if undetermined:
        print()
        print_table([Column("Check"), Column("Resource"), Column("Why")], undetermined, title="Could not be judged")


def _place(row: dict[str, Any]) -> list[str]:
    group = row["x_resource_group_name"]
    return [
        cells.printable(row["check_name"].replace("_", " ")),
        cells.printable("/".join(part for part in (group, row["resource_name"]) if part)),
    ]


def _finding(row: dict[str, Any]) -> list[str]:
    return [
        *_place(row),
        cells.text(row["sub_account_name"]),
        f"{row['since_at']:%Y-%m-%d}" if row["since_at"] else "",
        cells.money(row["monthly_saving"]) or "not priced",
        cells.text(row["billing_currency"]),
    ]
