"""`finops-lake audit`: what is wasted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells, exits
from finops_lake.commands.budgets import print_budgets_in_danger
from finops_lake.commands.common import limit_option, named, output_options, subscription_option, subscriptions_asked
from finops_lake.commands.fail_on import FailOn, exit_code
from finops_lake.commands.freshen import Freshener, refresh_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import counted, print_words, say
from finops_lake.source import months_back

if TYPE_CHECKING:
    from finops_lake.answers.audit_question import AuditQuestion
    from finops_lake.lake.reader import LakeReader

MONTHS_PRICED = 3
"""A saving is the cost of 30 complete days; these months hold them on every day of the year."""

OPTIONS = {
    "checks": "--check",
    "categories": "--category",
    "severities": "--severity",
    "minimum_saving": "--min-saving",
    "tags": "--tag",
    "fail_on": "--fail-on",
    "since": "--since",
}
WITHOUT_MONEY = {"free": "free", "at_stake": "at stake"}
"""What stands in place of a saving, by its source; "not priced" for others."""

MANY = 10
"""Up to so many checks are all listed; of more only those that found something, the others in one line."""


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
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="NAME",
    help="Only checks of usage, rate, governance or reliability; repeatable.",
)
@click.option(
    "--severity", "severities", multiple=True, metavar="NAME", help="Only high, medium or low checks; repeatable."
)
@click.option(
    "--min-saving", metavar="AMOUNT", help="Only findings that save so much a month, such as 100 or '100 EUR'."
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY[=VALUE]",
    help="Only resources with this tag of their own; repeatable.",
)
@click.option(
    "--fail-on",
    metavar="LIMIT",
    help="End with code 6 on waste of this severity (high, medium, low, any) or sum a month ('100 EUR').",
)
@click.option("--since", metavar="DAY", help="Compare with the audit of this day. Default: the last of an earlier day.")
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
    categories: tuple[str, ...],
    severities: tuple[str, ...],
    min_saving: str | None,
    tags: tuple[str, ...],
    fail_on: str | None,
    since: str | None,
    subscriptions: tuple[str, ...],
    limit: int,
    is_refreshing: bool,
    max_wait: float | None,
    style: str | None,
) -> int:
    """Show the findings of the audit checks, the largest saving first, and how many resources were looked at."""
    from finops_lake.answers.amounts import read_amount
    from finops_lake.answers.audit import answer_audit
    from finops_lake.answers.audit_changes import read_day
    from finops_lake.answers.audit_question import AuditQuestion, asks_for_budgets

    freshener = Freshener(context, is_refreshing, max_wait)
    settings = freshener.app.settings
    now = settings.utc_now()
    asked_of, source = subscriptions_asked(subscriptions, settings)
    with named(profiles=source, **OPTIONS):
        limit_of_waste = None if fail_on is None else FailOn.read(fail_on)
        least = None if min_saving is None else read_amount("minimum_saving", min_saving)
        question = AuditQuestion(
            asked_of,
            _patterns(regions, settings.regions),
            _patterns(resource_groups, settings.resource_groups),
            checks,
            asks_for_budgets(checks, categories, severities, least, tags),
            limit,
            categories,
            severities,
            least,
            tags,
            None if since is None else read_day("since", since),
        )
        notes = freshener.refresh(_views(freshener.app.lake, question), months_back(now.date(), MONTHS_PRICED))
        answer = answer_audit(freshener.app.lake, question).with_notes(notes)
    show(answer, style, now, print_audit)
    if style is None:
        for check in answer.sections["checks"]:
            if check["waste"] and check["fix"]:
                say(f"{check['title']}: {check['fix']}")
    return exits.OK if limit_of_waste is None else exit_code(answer, limit_of_waste)


def _patterns(given: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns to filter by: those given (the word all: none), else those of the settings."""
    return () if any(word.lower() == "all" for word in given) else given or default


def _views(lake: LakeReader, question: AuditQuestion) -> list[str]:
    """Return the views that the question needs; none while there is no lake, when everything is needed anyway."""
    from finops_lake.answers.audit_question import asked_checks

    if not lake.exists():
        return []
    checks = [f"audits.{check.name}" for check in asked_checks(lake, question)]
    return [*checks, *(["marts.budget_status"] if question.budgets else [])]


def print_audit(answer: Answer) -> None:
    """Print the sum, what was looked at, the findings, and the budgets in danger."""
    if any(check["withheld"] is None for check in answer.sections["checks"]):
        print_words(_headline(answer))
        print()
        _print_checks(answer.sections["checks"])
    print_findings(answer)
    if answer.sections.get("changes"):
        _print_changes(answer.sections["changes"])
    if answer.sections.get("budgets"):
        print()
        print_budgets_in_danger(answer.sections["budgets"])


def _headline(answer: Answer) -> str:
    checks = [check for check in answer.sections["checks"] if check["withheld"] is None]
    looked_at, waste = (sum(check[key] for check in checks) for key in ("looked_at", "waste"))
    savings = ", ".join(f"{cells.money(one['monthly_saving'])} {one['billing_currency']}" for one in answer.totals)
    saving = f" {savings} would leave the bill in a month." if savings else ""
    count = len(checks)
    return f"{counted(waste, 'finding')} of {counted(count, 'check')}, {looked_at:,} looked at.{saving}"


def _print_checks(told: Sequence[Mapping[str, Any]]) -> None:
    """Print what was looked at and found; checks that are withheld are told of in the notes."""
    checks = [check for check in told if check["withheld"] is None]
    telling = [check for check in checks if check["waste"] or check["undetermined"] or check["excluded"]]
    shown = checks if len(checks) <= MANY or not telling else telling
    print_table(
        [Column("Check"), *map(amount_column, ("Looked at", "Waste", "Undetermined", "Spared", "Excluded"))],
        [
            [
                cells.text(check["title"]),
                *(f"{check[key]:,}" for key in ("looked_at", "waste", "undetermined", "not_applicable", "excluded")),
            ]
            for check in shown
        ],
        title="Checks",
    )
    others = [check for check in checks if check not in shown]
    if others:
        names = ", ".join(f"{check['check_name']} 0 of {check['looked_at']}" for check in others)
        say(f"{len(others)} other checks found nothing: {names}.")


def _print_changes(changes: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{count} {kind}" for kind, count in changes["counts"].items())
    print(f"\nSince the audit of {cells.instant(changes['since_at'])} UTC: {counts}")
    if changes["rows"]:
        print_table(
            [
                *map(Column, ("Change", "Finding", "Resource")),
                *map(amount_column, ("Before", "Now")),
                Column("Currency"),
            ],
            [
                [
                    row["event"],
                    *_place(row),
                    *(cells.money(row[name]) for name in ("saving_before", "saving_now")),
                    cells.text(row["billing_currency"]),
                ]
                for row in changes["rows"]
            ],
            title="Changes",
        )


def print_findings(answer: Answer) -> None:
    """Print the findings with one total per currency, and what could not be judged; nothing when there is neither."""
    from finops_lake.answers.audit import BY_PRICE

    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    rows = [row | {"mark": "~" if row["saving_source"] in BY_PRICE else ""} for row in rows]
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
        for holds, words in _LEGEND:
            if any(holds(row) for row in findings):
                print(words)
    undetermined = [[*_place(row), cells.text(row["reason"])] for row in rows if row["verdict"] != "waste"]
    if undetermined:
        print()
        print_table([Column("Check"), Column("Resource"), Column("Why")], undetermined, title="Could not be judged")


_LEGEND: tuple[tuple[Callable[[Mapping[str, Any]], bool], str], ...] = (
    (lambda row: bool(row["mark"]), "~ by the price of its meters, as no charge names the resource"),
    (lambda row: bool(row["since_at"] and row["is_since_lower_bound"]), "by a day: at the latest since then"),
    (lambda row: row["saving_source"] == "free", "free: nothing is billed for it"),
    (lambda row: row["saving_source"] == "at_stake", "at stake: a part of its bill that no price tells apart"),
    (lambda row: row["saving_source"] == "not_priced", "not priced: no charge, no price; the evidence says why"),
)
"""What the signs of the table mean, and the findings for which it must be said."""


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
        ("by " if row["is_since_lower_bound"] else "") + f"{row['since_at']:%Y-%m-%d}" if row["since_at"] else "",
        row["mark"] + cells.money(row["monthly_saving"]) or WITHOUT_MONEY.get(row["saving_source"], "not priced"),
        cells.text(row["billing_currency"]),
    ]
