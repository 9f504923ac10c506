"""What `finops-lake demo` shows: cost, waste, budgets, what could not be read, and what to try next."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_lake.answers.answer import Answer, Period
from finops_lake.commands import cells
from finops_lake.commands.audit import print_findings
from finops_lake.commands.budgets import print_budgets_in_danger
from finops_lake.commands.tables import Column, amount_column, print_sections
from finops_lake.commands.words import missing_lines
from finops_lake.source import first_of_month

if TYPE_CHECKING:
    from finops_lake.app import App

SERVICES_SHOWN = 5
"""Services listed for each currency."""

FINDINGS_SHOWN = 25
"""Findings listed, the dearest first; the totals are of all."""


def print_report(app: App) -> None:
    """Print what there is to see, on stdout."""
    from finops_lake.answers.audit import answer_audit
    from finops_lake.answers.audit_question import AuditQuestion
    from finops_lake.answers.status import answer_status

    today = app.settings.utc_now().date()
    _print_cost(app, today)
    audit = answer_audit(app.lake, AuditQuestion(limit=FINDINGS_SHOWN))
    print_findings(audit)
    if audit.truncated:
        print(f"The totals count {audit.row_count - len(audit.rows):,} more; finops-lake audit lists all.")
    if not app.settings.metrics:
        print("FINOPS_LAKE_METRICS=true has the demo look at metrics, too, for what is idle; that takes it longer.")
    print()
    print_budgets_in_danger(audit.sections["budgets"])
    print()
    _print_missing(answer_status(app.lake, app.settings.utc_now()))
    print()
    _print_next(app.settings.home, app.settings.published_path)


def _print_cost(app: App, today: date) -> None:
    from finops_lake.answers.cost import MAX_ROWS, CostQuestion, answer_cost

    start = first_of_month(today)
    before = start - timedelta(days=1)
    periods = (Period(first_of_month(before), before), Period(start, today))
    answers = [answer_cost(app.lake, CostQuestion(period, limit=MAX_ROWS)) for period in periods]
    totals = [{total["billing_currency"]: total["billed_cost"] for total in answer.totals} for answer in answers]
    amounts = [{(currency, service): cost for service, currency, cost in answer.rows} for answer in answers]
    services = list(dict.fromkeys([*amounts[0], *amounts[1]]))
    print()
    print_sections(
        [
            Column("Service"),
            amount_column(f"{before:%B %Y}"),
            amount_column(f"{today:%B} so far"),
            Column("Currency"),
        ],
        [
            (
                [
                    [cells.text(key[1]), *_pair(amounts, key), currency]
                    for key in [key for key in services if key[0] == currency][:SERVICES_SHOWN]
                ],
                [["All services", *_pair(totals, currency), currency]],
            )
            for currency in totals[0] | totals[1]
        ],
        title="Cost by service, the largest of each currency",
    )


def _pair(amounts: Sequence[Mapping[Any, Decimal]], key: object) -> list[str]:
    return [cells.money(one.get(key)) for one in amounts]


def _print_missing(status: Answer) -> None:
    if status.scopes.missing:
        print("Could not be read")
    for lines in missing_lines(status.scopes.missing):
        for number, line in enumerate(filter(None, lines)):
            print(
                textwrap.indent(
                    textwrap.fill(cells.printable(line), 100, break_long_words=False, break_on_hyphens=False),
                    "    " if number else "  ",
                )
            )


def _print_next(home: Path, published: Path) -> None:
    script = "finops-lake" if shutil.which("finops-lake") else " ".join(map(_quoted, _called()))
    given = os.environ.get("FINOPS_LAKE_HOME")
    limits = [name for name in _limiting() if os.environ.get(name)]
    steps = [
        *([_export_line(home)] if not given or Path(given).expanduser().absolute() != home else []),
        *([_unset_line(limits)] if limits else []),
        f"{script} cost --group-by resource_group --period last_month",
        f"{script} audit",
        f'{script} sql "from marts.cost_by_service_monthly order by billed_cost desc limit 10"',
        f"{script} export --to parquet",
        f"duckdb -readonly {_quoted(str(published))}  # the shell; SHOW ALL TABLES lists what there is",
    ]
    print(f"The lake: {published} ({published.stat().st_size / 2**20:,.1f} MB)\n\nTry next:")
    for step in steps:
        print(f"  {step}")
    print("\nFor an MCP client (Claude Desktop, VS Code, Claude Code, Amazon Q):")
    print(_client_snippet(home))


def _client_snippet(home: Path) -> str:
    program, *before = _called()
    lines = (
        f'"command": {json.dumps(program)},',
        f'"args": {json.dumps([*before, "serve"])},',
        f'"env": {json.dumps({"FINOPS_LAKE_HOME": str(home)})}',
    )
    inner = "\n".join(f"      {line}" for line in lines)
    return f'{{\n  "mcpServers": {{\n    "finops-lake": {{\n{inner}\n    }}\n  }}\n}}'


def _called() -> list[str]:
    """Return the program that runs, by its full path, and its arguments before the subcommand."""
    installed, running = shutil.which("finops-lake"), Path(sys.argv[0]).absolute()
    if installed or running.stem == "finops-lake":
        return [installed or str(running)]
    return [sys.executable, "-m", "finops_lake"]


def _export_line(home: Path) -> str:
    if os.name == "nt":
        return f"$env:FINOPS_LAKE_HOME = '{home}'"
    return f"export FINOPS_LAKE_HOME={_quoted(str(home))}"


def _limiting() -> list[str]:
    """Return the variables that limit what is looked at, to subscriptions that the demo does not have."""
    from finops_lake.config import ALIASES, PREFIX

    fields = ("subscriptions", "resource_groups", "regions")
    return [name for field in fields for name in (f"{PREFIX}{field.upper()}", *ALIASES[field])]


def _unset_line(names: Sequence[str]) -> str:
    if os.name == "nt":
        return "; ".join(f"Remove-Item Env:{name}" for name in names)
    return f"unset {' '.join(names)}"


def _quoted(text: str) -> str:
    import shlex

    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)
