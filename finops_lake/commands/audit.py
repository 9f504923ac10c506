"""`finops-lake audit`: what is wasted."""

from __future__ import annotations

from typing import Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells
from finops_lake.commands.budgets import print_budgets_in_danger
from finops_lake.commands.common import limit_option, named, output_options, subscription_option
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import say


@click.command("audit", short_help="What is wasted, with the money it costs.")
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="NAME",
    help="A check (unattached_disks ...) or a group: vms, disks, ips; may be repeated. Default: all.",
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
    from finops_lake.answers.audit import AuditQuestion, answer_audit, checks_of, select_checks
    from finops_lake.source import months_back

    freshener = Freshener(context, is_refreshing, max_wait)
    settings = freshener.app.settings
    now = settings.utc_now()
    question = AuditQuestion(
        subscriptions, regions or settings.regions, resource_groups or settings.resource_groups, checks, limit=limit
    )
    lake = freshener.app.lake
    with named(profiles="--subscription", checks="--check"):
        chosen = select_checks(checks_of(lake), checks) if lake.exists() else []
        views = [view for check in chosen for view in (f"audits.{check.name}", check.population)]
        notes = freshener.refresh([*views, "marts.budget_status"], months_back(now.date(), 2))
        answer = answer_audit(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_audit)
    if style is None:
        for check in answer.sections["checks"]:
            if check["waste"] and check["fix"]:
                say(f"{check['title']}: {check['fix']}")


def print_audit(answer: Answer) -> None:
    """Print what was looked at, the findings, and the budgets in danger."""
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
    print_findings(answer)
    if answer.sections.get("budgets"):
        print()
        print_budgets_in_danger(answer.sections["budgets"])


def print_findings(answer: Answer) -> None:
    """Print the findings with one total per currency; nothing when there is none."""
    if not answer.rows:
        return
    titles = {check["check_name"]: str(check["title"]) for check in answer.sections["checks"]}
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    print()
    print_table(
        [
            Column("Finding"),
            Column("Resource"),
            Column("Subscription"),
            Column("Region"),
            Column("Since", keeps=True),
            amount_column("Monthly saving"),
            Column("Currency"),
        ],
        [_finding(row, titles) for row in rows],
        title="Findings",
        totals=[
            ["Total", "", "", "", "", cells.money(total["monthly_saving"]), cells.text(total["billing_currency"])]
            for total in answer.totals
        ],
    )


def _finding(row: dict[str, Any], titles: dict[str, str]) -> list[str]:
    is_waste = row["verdict"] == "waste"
    what = titles[row["check_name"]] if is_waste else f"Undetermined: {row['reason']}"
    saving = cells.money(row["monthly_saving"]) if is_waste else ""
    return [
        cells.printable(what),
        cells.printable("/".join(part for part in (row["x_resource_group_name"], row["resource_name"]) if part)),
        cells.text(row["sub_account_name"]),
        cells.text(row["region_id"]),
        f"{row['since_at']:%Y-%m-%d}" if row["since_at"] else "",
        saving or ("not priced" if is_waste else ""),
        cells.text(row["billing_currency"]) if saving else "",
    ]
