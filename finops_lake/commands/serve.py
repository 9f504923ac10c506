"""`finops-lake serve`: the MCP server."""

from __future__ import annotations

import click

from finops_lake.commands.common import settings_of
from finops_lake.commands.interruption import forget_interruptions
from finops_lake.commands.verbosity import verbose_option


@click.command("serve", short_help="Serve the MCP tools over stdio or HTTP.")
@click.option(
    "--transport", type=click.Choice(["stdio", "http"]), default="stdio", show_default=True, help="How clients connect."
)
@click.option("--host", metavar="ADDRESS", help="Address to listen on (http). Default: the setting, mostly 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on (http); 0: any. Default: the setting, mostly 8765."
)
@verbose_option
@click.pass_context
def command(context: click.Context, transport: str, host: str | None, port: int | None) -> None:
    """Serve the MCP tools: over stdin and stdout until the client goes away, or over HTTP until Ctrl+C.

    Other machines are served only with a bearer token, from FINOPS_LAKE_HTTP_TOKEN_FILE or FINOPS_LAKE_HTTP_TOKEN.
    """
    if transport == "stdio" and (host is not None or port is not None):
        raise click.UsageError("--host and --port go with --transport http.")
    settings = settings_of(context)
    forget_interruptions()
    if transport == "stdio":
        from finops_lake.server.run import serve_stdio

        serve_stdio(settings)
        return
    from finops_lake.server.http import serve_http

    changes = {"http_host": host, "http_port": port}
    serve_http(settings.model_copy(update={name: value for name, value in changes.items() if value is not None}))
