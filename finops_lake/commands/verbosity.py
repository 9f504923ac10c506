"""How much is logged, always to stderr: the setting log_level, or -v and -vv, before or after the subcommand."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from finops_lake.commands.logs import JsonFormatter, TextFormatter

_KEY = "finops_lake.verbose"
_LEVELS = ("INFO", "DEBUG")

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


def verbose_option(function: Wrapped) -> Wrapped:
    """Add -v/--verbose, which may be given twice, to a command."""
    return click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        is_eager=True,
        callback=_note,
        help="Log more to stderr (-vv: still more); show where an error comes from.",
    )(function)


def is_verbose(context: click.Context) -> bool:
    """Return whether -v was given."""
    return bool(context.meta.get(_KEY))


def set_up_logging(context: click.Context, log_level: str, log_format: str) -> None:
    """Log our own modules to stderr at the asked level and in the asked form, and everybody else's warnings."""
    verbose = int(context.meta.get(_KEY, 0))
    level = _LEVELS[min(verbose, len(_LEVELS)) - 1] if verbose else log_level
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("finops_lake").setLevel(level)


def _note(context: click.Context, parameter: click.Parameter, value: int) -> None:
    context.meta[_KEY] = max(int(context.meta.get(_KEY, 0)), value)
