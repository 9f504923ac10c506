"""What an answer rests on, in words on stderr: how old it is, what is missing, what to know about it."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TextIO

import click

from finops_lake.answers.answer import Answer, MissingScope, Period
from finops_lake.commands.cells import instant, printable

_TABLE = re.compile(r"(?P<table>[a-z][a-z_]+(?: \d{4}-\d{2})?): (?P<why>.+)", re.DOTALL)
"""A reason that begins with the raw table it is about."""


def say(line: str) -> None:
    """Print words on stderr, broken between words where that is a terminal."""
    click.echo(_fitting(line, sys.stderr), file=sys.stderr)


def print_words(line: str) -> None:
    """Print words that belong to the answer on stdout, broken between words where that is a terminal."""
    click.echo(_fitting(line, sys.stdout))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where there is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _fitting(line: str, stream: TextIO) -> str:
    text = printable(line)
    if not stream.isatty():
        return text
    return textwrap.fill(text, shutil.get_terminal_size().columns - 1, break_long_words=False, break_on_hyphens=False)


def tell_standing(answer: Answer, now: datetime) -> None:
    """Say as of when an answer is, what is missing from it, and its notes."""
    if sys.stderr.isatty():
        say("")
    if answer.as_of is not None:
        changing = f"; {_days(answer.open_days)} may still change" if answer.open_days else ""
        say(f"As of {instant(answer.as_of)} UTC ({age(now - answer.as_of)}){changing}.")
    tell_missing(answer.scopes.missing)
    if answer.truncated:
        say(f"{len(answer.rows)} of {answer.row_count} rows are shown (--limit).")
    for note in answer.notes:
        say(note)


def tell_missing(missing: Iterable[MissingScope], names: Mapping[str, str] | None = None) -> None:
    """Say which scopes are missing and why."""
    for head, reason, next_step in missing_lines(missing, names):
        say(f"Not read: {' '.join(part for part in (head, reason, next_step) if part)}")


def missing_lines(
    missing: Iterable[MissingScope], names: Mapping[str, str] | None = None
) -> list[tuple[str, str, str]]:
    """Return who is missing, why, and what would help; tables that miss alike are told together."""
    known, lines = names or {}, []
    together: dict[tuple[str, str, str | None], list[MissingScope]] = {}
    for scope in missing:
        together.setdefault((scope.scope_id, scope.outcome, scope.next_step), []).append(scope)
    for (scope_id, outcome, next_step), scopes in together.items():
        parts = [_TABLE.match(scope.reason or "") for scope in scopes]
        tables = ", ".join(part["table"] for part in parts if part)
        reason = parts[0]["why"] if parts[0] else scopes[0].reason
        of_tables = f": {tables}" if tables else ""
        lines.append(
            (f"{known.get(scope_id) or scopes[0].name}{of_tables} ({outcome}).", reason or "", next_step or "")
        )
    return lines


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
