"""The `finops-lake` command: one light module per subcommand, imported when it is run or listed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from finops_lake import __version__, telemetry
from finops_lake.commands import exits
from finops_lake.commands.interruption import interruptions_noted, was_interrupted
from finops_lake.commands.verbosity import is_verbose, verbose_option

COMMANDS = {
    "demo": "demo",
    "refresh": "refresh",
    "status": "status",
    "cost": "cost",
    "explain": "explain",
    "anomalies": "anomalies",
    "commitments": "commitments",
    "forecast": "forecast",
    "tags": "tags",
    "audit": "audit",
    "ledger": "ledger",
    "budgets": "budgets",
    "alerts": "alerts",
    "sql": "sql",
    "export": "export",
    "schedule": "schedule",
    "serve": "serve",
    "azure-simulator": "simulator",
}
"""The commands in the order of `--help`, and the module in finops_lake.commands that holds each."""

HELP = """Azure cost in one local DuckDB file: answers in milliseconds, offline, with memory.

Settings are FINOPS_LAKE_* variables and config.toml in the home; FINOPS_LAKE_HOME chooses the home.
Data goes to stdout, words to stderr."""


class Commands(click.Group):
    """The subcommands, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"finops_lake.commands.{COMMANDS[cmd_name]}").command
        assert isinstance(command, click.Command)  # noqa: S101 - anything else is a defect here
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command, write out what it printed, and return its exit code; what goes wrong is told on stderr.

        A reader that went away (`| head`) is no failure.
        """
        with telemetry.request():
            return self._invoked(ctx)

    def _invoked(self, ctx: click.Context) -> object:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _stop_writing()
            return exits.OK
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:  # told as one line, or as a defect with its trace
            if was_interrupted():
                return exits.INTERRUPTED
            code = exits.tell(error, is_verbose(ctx))
            _write_or_drop()
        return code


@click.group(
    "finops-lake",
    cls=Commands,
    help=HELP,
    epilog=exits.EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@verbose_option
def cli() -> None:
    """See HELP."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    _prepare_streams()
    try:
        with interruptions_noted():
            code = cli.main(arguments, prog_name="finops-lake", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return exits.INTERRUPTED
    return code if isinstance(code, int) else exits.OK


def _prepare_streams() -> None:
    """Print a question mark for what a console cannot show; write nowhere where there is no stream at all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _write_or_drop() -> None:
    """Write out what is still buffered after a failure, or drop it, so that the exit code stays the failure's."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _stop_writing()


def _stop_writing() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not complain when it exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
