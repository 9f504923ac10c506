"""What `finops-lake demo` shows: cost, waste, budgets, what could not be read, and what to try next."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_lake.answers.answer import Answer, Period
from finops_lake.commands import cells
from finops_lake.commands.audit import print_findings
from finops_lake.commands.budgets import print_budgets_in_danger
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.source import first_of_month

if TYPE_CHECKING:
    from finops_lake.app import App

SERVICES_SHOWN = 5
"""Services listed for each currency."""


def print_report(app: App) -> None:
    """Print everything, on stdout."""
    from finops_lake.answers.audit import AuditQuestion, answer_audit
    from finops_lake.answers.status import answer_status

    today = app.settings.utc_now().date()
    _print_cost(app, today)
    audit = answer_audit(app.lake, AuditQuestion())
    print_findings(audit)
    print()
    print_budgets_in_danger(audit.sections["budgets"])
    print()
    _print_missing(answer_status(app.lake, app.settings.utc_now()))
    print()
    _print_next(app.settings.home, app.settings.published_path)


def _print_cost(app: App, today: date) -> None:
    from finops_lake.answers.cost import MAX_ROWS, CostQuestion, answer_cost

    start = first_of_month(today)
    months = (Period(first_of_month(start - timedelta(days=1)), start - timedelta(days=1)), Period(start, today))
    last, this = (answer_cost(app.lake, CostQuestion(period, limit=MAX_ROWS)) for period in months)
    amounts = [{(currency, service): amount for service, currency, amount in answer.rows} for answer in (last, this)]
    totals = [{total["billing_currency"]: total["billed_cost"] for total in answer.totals} for answer in (last, this)]
    print()
    print_table(
        [Column("Service"), amount_column(f"{months[0].start:%B %Y}"), amount_column(f"{today:%B} so far"), Column("Currency")],
        [
            [cells.text(service), *_pair(amounts, (currency, service)), currency]
            for currency, service in _largest(amounts)
        ],
        title=f"Cost by service, the largest {SERVICES_SHOWN} of each currency",
        totals=[["Total of all services", *_pair(totals, currency), currency] for currency in totals[0] | totals[1]],
    )


def _pair(amounts: list[dict[Any, Decimal]], key: Any) -> list[str]:
    return [cells.money(one.get(key)) for one in amounts]


def _largest(amounts: list[dict[Any, Decimal]]) -> Iterator[tuple[str, str]]:
    """Yield currency and service of the largest services of both months, as the lake has ordered them."""
    counts: dict[str, int] = {}
    for currency, service in sorted({**amounts[1], **amounts[0]}, key=lambda key: _rank(amounts, key)):
        counts[currency] = counts.get(currency, 0) + 1
        if counts[currency] <= SERVICES_SHOWN:
            yield currency, service


def _rank(amounts: list[dict[Any, Decimal]], key: tuple[str, str]) -> tuple[str, Decimal]:
    zero = Decimal(0)
    return key[0], -max(amounts[0].get(key, zero), amounts[1].get(key, zero))


def _print_missing(status: Answer) -> None:
    print_table(
        [Column("Subscription"), Column("Outcome"), Column("Why, and what would help")],
        [
            [cells.printable(one.name), one.outcome, cells.printable(f"{one.reason or ''} {one.next_step or ''}".strip())]
            for one in status.scopes.missing
        ],
        title="Could not be read",
    )


def _print_next(home: Path, published: Path) -> None:
    script = _script()
    given = os.environ.get("FINOPS_LAKE_HOME")
    steps = [
        *([_export_line(home)] if not given or Path(given).expanduser().absolute() != home else []),
        f"{script} cost --group-by resource_group --period last_month",
        f"{script} audit",
        f'{script} sql "from marts.cost_by_service_monthly order by billed_cost desc limit 10"',
        f"{script} export --to parquet",
        f"duckdb -readonly {_quoted(str(published))}    (the shell; SHOW ALL TABLES lists what there is)",
    ]
    server = {"command": _absolute(script), "args": ["serve"], "env": {"FINOPS_LAKE_HOME": str(home)}}
    print(f"The lake: {published} ({published.stat().st_size / 2**20:,.1f} MB)\n\nTry next:")
    for step in steps:
        print(f"  {step}")
    print("\nFor an MCP client (Claude Desktop, VS Code, Claude Code, Amazon Q):")
    print(json.dumps({"mcpServers": {"finops-lake": server}}, indent=2))


def _script() -> str:
    """Return how this command line is called here."""
    if shutil.which("finops-lake"):
        return "finops-lake"
    beside = Path(sys.argv[0]).absolute()
    return _quoted(str(beside)) if beside.stem == "finops-lake" else f"{_quoted(sys.executable)} -m finops_lake"


def _absolute(script: str) -> str:
    return shutil.which("finops-lake") or script


def _export_line(home: Path) -> str:
    if os.name == "nt":
        return f"$env:FINOPS_LAKE_HOME = '{home}'"
    return f"export FINOPS_LAKE_HOME={_quoted(str(home))}"


def _quoted(text: str) -> str:
    import shlex

    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)
