"""An answer in the style that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from finops_lake.answers.answer import Answer
from finops_lake.commands.machine import print_csv, print_json
from finops_lake.commands.words import tell_standing


def show(answer: Answer, style: str | None, now: datetime, print_tables: Callable[[Answer], None]) -> None:
    """Print an answer on stdout: the tools' envelope, plain rows, or tables; with the latter two, words on stderr."""
    if style == "json":
        print_json(answer.as_dict())
        return
    if style == "csv":
        print_csv(answer.columns, answer.rows)
    else:
        print_tables(answer)
    tell_standing(answer, now)
