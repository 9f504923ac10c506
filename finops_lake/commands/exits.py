"""Exit codes, and how an error is told."""

from __future__ import annotations

import sys
import traceback

import click

from finops_lake import telemetry
from finops_lake.errors import (
    BadRequestError,
    ConfigError,
    EmptyLakeError,
    FinopsLakeError,
    InputError,
    SignInError,
    asked_azure,
)

OK = 0
FAILED = 1
USAGE = 2
PARTLY = 3
EMPTY = 4
SIGN_IN = 5
FOUND = 6
INTERRUPTED = 130

MEANINGS = {
    OK: "fine",
    FAILED: "failed: a full disk, a locked lake, no network, nothing could be read",
    USAGE: "wrong usage, input or configuration",
    PARTLY: "refreshed (or audited with --fail-on), but some scopes could not be read in full",
    EMPTY: "the lake is empty: run finops-lake refresh",
    SIGN_IN: "Azure asks for a sign-in",
    FOUND: "audit --fail-on: there is waste of that severity or amount",
    INTERRUPTED: "interrupted (Ctrl+C)",
}

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:<4} {meaning}" for code, meaning in MEANINGS.items())


def code_of(error: Exception) -> int:
    """Return the exit code that an error ends with."""
    match error:
        case InputError() | ConfigError() | BadRequestError():
            return USAGE
        case EmptyLakeError():
            return EMPTY
        case SignInError():
            return SIGN_IN
        case _:
            return FAILED


def tell(error: Exception, verbose: bool) -> int:
    """Say on stderr what went wrong and what to do next, and return the exit code."""
    if verbose:
        traceback.print_exception(error)
    if isinstance(error, FinopsLakeError):
        text = str(error)
        if asked_azure(error) and telemetry.request_id():
            text += f" (Request id {telemetry.request_id()}.)"
    elif isinstance(error, OSError):
        text = ": ".join(str(part) for part in (error.strerror or error, error.filename) if part)
    else:
        text = f"A defect of finops-lake: {type(error).__name__}: {error}. Run it again with -v to see where."
    click.echo(f"Error: {text}", file=sys.stderr)
    return code_of(error)
