"""What an answer rests on, in words on stderr: how old it is, what is missing, what to know about it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby

import click

from finops_lake.answers.answer import Answer, MissingScope, Period
from finops_lake.commands.cells import instant, printable


def say(line: str) -> None:
    """Print a line of words on stderr."""
    click.echo(printable(line), file=sys.stderr)


def tell_standing(answer: Answer, now: datetime) -> None:
    """Say as of when an answer is, what is missing from it, and its notes."""
    if answer.as_of is not None:
        changing = f"; {_days(answer.open_days)} may still change" if answer.open_days else ""
        say(f"As of {instant(answer.as_of)} UTC ({age(now - answer.as_of)}){changing}.")
    tell_missing(answer.scopes.missing)
    if answer.truncated:
        say(f"{len(answer.rows)} of {answer.row_count} rows are shown (--limit).")
    for note in answer.notes:
        say(note)


def tell_missing(missing: Iterable[MissingScope], names: Mapping[str, str] | None = None) -> None:
    """Say which scopes are missing and why; what is the same for several tables of one scope is said once."""
    known = names or {}
    for (scope_id, outcome, next_step), alike in groupby(
        missing, key=lambda scope: (scope.scope_id, scope.outcome, scope.next_step)
    ):
        listed = list(alike)
        name = known.get(scope_id) or listed[0].name
        reasons = "; ".join(dict.fromkeys(scope.reason for scope in listed if scope.reason))
        said = [part for part in (reasons, next_step) if part]
        say(f"Not read: {name} ({outcome}). {' '.join(said)}".rstrip())


def age(span: timedelta) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count = seconds // length
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _days(period: Period) -> str:
    return f"{period.start.isoformat()} to {period.end.isoformat()}"
