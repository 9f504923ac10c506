"""`finops-lake alerts`: what was told, what would be, and whether the webhooks work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from finops_lake.answers.alerts import STATUSES, AlertQuestion, answer_alerts, answer_without_lake
from finops_lake.answers.answer import Answer
from finops_lake.commands import cells, exits
from finops_lake.commands.common import app_of, limit_option, named, output_options
from finops_lake.commands.machine import print_csv, print_json
from finops_lake.commands.show import show
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option
from finops_lake.commands.words import say
from finops_lake.errors import ConfigError

if TYPE_CHECKING:
    from finops_lake.app import App

PLANNED = ("rule", "severity", "channel", "when", "title", "detail", "amount", "billing_currency", "last_failure")
TESTED = ("channel", "kind", "outcome", "detail")


@click.group("alerts", invoke_without_command=True, short_help="What was told, what would be; test and send.")
@click.option(
    "--dry-run", is_flag=True, help="Show what would be sent if a refresh ended now; notes and sends nothing."
)
@click.option("--status", "statuses", multiple=True, metavar="NAME", help=f"{', '.join(STATUSES)}; repeatable.")
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="Only of this rule; repeatable.")
@limit_option
@output_options
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    dry_run: bool,
    statuses: tuple[str, ...],
    rules: tuple[str, ...],
    limit: int,
    style: str | None,
) -> None:
    """List the alerts that the rules [[alerts]] of config.toml gave, the newest first, and what became of each.

    Alerts are sent after each refresh: by the commands refresh and schedule, and by the schedule of serve.
    """
    if context.invoked_subcommand is not None:
        return
    app = app_of(context)
    if dry_run:
        _check_rules(app.settings.alerts)
        rows, notes = app.watch.planned()
        _print_planned(rows, style)
        for note in notes if style != "json" else ():
            say(note)
        return
    with named(status="--status"):
        answer = _listed(app, AlertQuestion(statuses, rules, limit))
    if not app.settings.alerts:
        answer = answer.with_notes(["There is no rule [[alerts]] in config.toml, so nothing is looked for."])
    show(answer, style, app.settings.utc_now(), print_alerts)


@command.command("test", short_help="Send a marked test message to each channel.")
@click.option("--channel", "channels", multiple=True, metavar="NAME", help="Only to this channel; repeatable.")
@click.option("--json", "style", flag_value="json", default=None, help="Print what came back as JSON.")
@verbose_option
@click.pass_context
def test(context: click.Context, channels: tuple[str, ...], style: str | None) -> int:
    """Send a message that says that it is a test, and show what came back; exit code 1 when one failed."""
    app = app_of(context)
    with named(channel="--channel"):
        rows = app.watch.test(channels)
    if not rows:
        raise ConfigError(["channels: there is none; add a table [channels.NAME] to config.toml"])
    if style == "json":
        print_json(rows)
    else:
        print_table(
            [Column(name.capitalize()) for name in TESTED], [[cells.text(row[name]) for name in TESTED] for row in rows]
        )
    return exits.OK if all(row["outcome"] == "sent" for row in rows) else exits.FAILED


@command.command("send", short_help="Look and send now, without a refresh.")
@click.option("--json", "style", flag_value="json", default=None, help="Print what became of it as JSON.")
@verbose_option
@click.pass_context
def send(context: click.Context, style: str | None) -> int:
    """Look for what is new in the lake as it is, and send all that is due; exit code 1 when something failed."""
    app = app_of(context)
    _check_rules(app.settings.alerts)
    told = app.watch.tell()
    if style == "json":
        sent = [
            {"channel": one.channel, "sent": one.sent, "failed": one.failed, "detail": one.words} for one in told.sent
        ]
        print_json({"new": len(told.alerts), "channels": sent, **app.watch.standing()})
    else:
        for line in told.lines or ("Nothing is to be sent.",):
            say(line)
    return exits.FAILED if any(one.failed for one in told.sent) else exits.OK


def _listed(app: App, question: AlertQuestion) -> Answer:
    """Return the alerts; before the first refresh that succeeded those that the journal alone has."""
    noted = [] if app.lake.exists() else [alert for _, alert in app.journal.alerts()]
    return answer_without_lake(noted, question) if noted else answer_alerts(app.lake, question)


def _check_rules(rules: Sequence[object]) -> None:
    if not rules:
        raise ConfigError(["alerts: there is no rule; add a table [[alerts]] to config.toml"])


def _print_planned(rows: Sequence[Mapping[str, Any]], style: str | None) -> None:
    if style == "json":
        print_json(rows)
    elif style == "csv":
        print_csv(PLANNED, [[row[name] for name in PLANNED] for row in rows])
    elif rows:
        columns = [
            *map(Column, ("Rule", "Severity", "Channel", "When", "Title")),
            amount_column("Amount"),
            Column("Currency"),
        ]
        print_table(columns, [[*(cells.text(row[name]) for name in PLANNED[:5]), *_amount(row)] for row in rows])
    else:
        say("Nothing would be sent.")


def print_alerts(answer: Answer) -> None:
    """Print the alerts of an answer."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    columns = [Column("Decided (UTC)", keeps=True), *map(Column, ("Rule", "Severity", "Status", "Title"))]
    print_table(
        [*columns, amount_column("Amount"), Column("Currency"), Column("Channels", spare=True)],
        [
            [
                cells.instant(row["decided_at"]),
                *(cells.text(row[name]) for name in ("rule", "severity", "status", "title")),
                *_amount(row),
                "; ".join(_delivery(one) for one in row["deliveries"]),
            ]
            for row in rows
        ],
    )


def _amount(row: Mapping[str, Any]) -> list[str]:
    return [cells.money(row["amount"]), cells.text(row["billing_currency"]) if row["amount"] is not None else ""]


def _delivery(one: Mapping[str, Any]) -> str:
    reason = f" ({one['reason']})" if one["reason"] and one["status"] != "sent" else ""
    return cells.printable(f"{one['channel']} {one['status']}{reason}")
