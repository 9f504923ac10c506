"""`finops-lake serve`: the MCP server."""

from __future__ import annotations

import click

from finops_lake.commands.common import settings_of
from finops_lake.commands.interruption import forget_interruptions
from finops_lake.commands.verbosity import verbose_option


@click.command("serve", short_help="Serve the MCP tools over stdio.")
@verbose_option
@click.pass_context
def command(context: click.Context) -> None:
    """Serve the MCP tools over stdin and stdout until the client goes away."""
    settings = settings_of(context)
    from finops_lake.server.run import serve_stdio

    forget_interruptions()
    serve_stdio(settings)
