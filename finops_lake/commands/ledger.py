"""`finops-lake ledger`: what became of findings, and what people say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from finops_lake.commands import cells
from finops_lake.commands.common import app_of, limit_option, named, output_options
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import say
from finops_lake.errors import InputError

if TYPE_CHECKING:
    from finops_lake.answers.answer import Answer

STATUSES = ("accepted", "done", "dismissed", "open")


@click.command("ledger", short_help="What became of findings: who does it, what is gone, what was really saved.")
@click.argument("findings", nargs=-1, metavar="[FINDING]...")
@click.option(
    "--mark",
    metavar="STATUS",
    help="Say of these findings: accepted (somebody will do it), done, dismissed (it will not be done), or open again.",
)
@click.option("--owner", metavar="NAME", help="With --mark: who does it. Without: only findings of this owner.")
@click.option("--note", metavar="TEXT", help="With --mark: why, or how.")
@click.option("--status", metavar="STATUS", help="Only findings of which this was said; repeatable states: open, gone.")
@click.option("--months", is_flag=True, help="Sums by month and owner instead of single findings.")
@click.option(
    "--max-wait",
    type=click.FloatRange(0, 600),
    default=20,
    show_default=True,
    metavar="SECONDS",
    help="With --mark: longest wait for a refresh under way.",
)
@limit_option
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    findings: tuple[str, ...],
    mark: str | None,
    owner: str | None,
    note: str | None,
    status: str | None,
    months: bool,
    max_wait: float,
    limit: int,
    style: str | None,
) -> None:
    """Show the ledger of findings, or what is said of some; a finding's id stands in the first column.

    A finding is open until a refresh finds it gone; 30 complete days later the bill says what was really saved.
    """
    from finops_lake.answers.ledger import LedgerQuestion, answer_ledger

    app = app_of(context)
    with named(status="--status", finding="FINDING"):
        if mark is not None:
            _mark(mark, findings)
            app.mark_findings(findings, mark, owner, note, max_wait=max_wait)
            say(f"{len(findings)} marked {mark}.")
            owner = None
        elif note is not None:
            raise InputError("--note", note, "it says something with --mark only")
        answer = answer_ledger(app.lake, LedgerQuestion(findings, owner, status, months, limit))
    show(answer, style, app.settings.utc_now(), print_months if months else print_ledger)


def _mark(status: str, findings: tuple[str, ...]) -> None:
    if status not in STATUSES:
        raise InputError("--mark", status, f"allowed are {', '.join(STATUSES)}")
    if not findings:
        raise InputError("FINDING", "", "name the findings by their ids, which finops-lake ledger lists")


def print_ledger(answer: Answer) -> None:
    """Print findings, open ones first."""
    texts = {"finding_id": "Finding", "check_name": "Check", "resource_name": "Resource", "state": "State"}
    more = {"status": "Said", "owner": "Owner", "first_seen_at": "Seen", "gone_at": "Gone", "note": "Note"}
    _print(answer, texts | more, {"monthly_saving": "A month", "realized_saving": "Really saved"}, "Ledger")


def print_months(answer: Answer) -> None:
    """Print sums by month and owner."""
    numbers = {
        "found": "Found",
        "found_saving": "Saving",
        "gone": "Gone",
        "gone_saving": "Saving of gone",
        "realized_saving": "Really saved",
    }
    _print(answer, {"month": "Month", "owner": "Owner"}, numbers, "Ledger by month")


def _print(answer: Answer, texts: dict[str, str], numbers: dict[str, str], title: str) -> None:
    columns = [*map(Column, texts.values()), *map(amount_column, numbers.values()), Column("Currency")]
    names = (*texts, *numbers, "billing_currency")
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    print_table(columns, [[_cell(name, row[name]) for name in names] for row in rows], title=title)


def _cell(name: str, value: Any) -> str:
    if name.endswith("_saving"):
        return cells.money(value)
    if name.endswith("_at"):
        return f"{value:%Y-%m-%d}" if value else ""
    return cells.day(value) if name == "month" else cells.text(value)
