"""Serves the tools over streamable HTTP: on the loopback as it comes, elsewhere only with a bearer token."""

from __future__ import annotations

import gc
import ipaddress
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.types import ASGIApp

from finops_lake.app import App
from finops_lake.config import Settings
from finops_lake.errors import ConfigError, StorageError
from finops_lake.server.build import build_server
from finops_lake.server.guard import (
    MAKE_ONE,
    TOKEN_FILE_VARIABLE,
    TOKEN_VARIABLE,
    TokenGate,
    bearer_token,
    names_allowed,
)
from finops_lake.server.run import leave, warming_up

PATH = "/mcp"
LARGEST_REQUEST = 1_000_000
MOST_CONNECTIONS = 100
MOST_SESSIONS = 200
GRACE_SECONDS = 3
"""Bytes of a request, connections and sessions at a time, seconds for calls under way when the server stops."""


def serve_http(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl+C; what it listens on is told on stderr.

    Raises ConfigError before anything is opened when the address is not the loopback and there is no token.
    """
    token = bearer_token(settings)
    listener = listen(settings.http_host, settings.http_port)
    try:
        check_exposure(listener, token)
        app = App(settings)
        config = _config(settings, guarded(build_server(app), settings, token))
        server = _Server(config, lambda: _announce(listener, settings, token))
        gc.freeze()
        with warming_up(app):
            server.run(sockets=[listener])
        print("Stopped.", file=sys.stderr)
        leave(app)
    finally:
        listener.close()


def guarded(server: MCPServer[Any], settings: Settings, token: str | None) -> ASGIApp:
    """Return the ASGI application: Host and Origin are checked always, the token where there is one."""
    application = server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=LARGEST_REQUEST,
        max_sessions=MOST_SESSIONS,
        transport_security=names_allowed(settings, settings.http_host.strip("[]")),
    )
    return TokenGate(application, token) if token else application


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one. StorageError when it cannot be had."""
    name = host.strip("[]")
    try:
        family, _, _, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server((str(address[0]), port), family=family)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms for its caller
        return listener
    except OSError as error:
        raise StorageError(
            f"Port {port} of {host} cannot be listened on: {error.strerror}.",
            next_step="Choose another with --port or --host.",
        ) from error


def check_exposure(listener: socket.socket, token: str | None) -> None:
    """Refuse to serve other machines without a token; the address that is bound decides, not its name."""
    address = listener.getsockname()[0]
    if token is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        raise ConfigError(
            [
                f"FINOPS_LAKE_HTTP_HOST: {address} can be reached from other machines, so a bearer token is needed:"
                f" set {TOKEN_FILE_VARIABLE} (a file of mode 0600) or {TOKEN_VARIABLE}; {MAKE_ONE}"
            ]
        )


def _config(settings: Settings, application: ASGIApp) -> uvicorn.Config:
    if (settings.http_certificate is None) != (settings.http_key is None):
        raise ConfigError(["FINOPS_LAKE_HTTP_CERTIFICATE: a certificate and FINOPS_LAKE_HTTP_KEY are needed together"])
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=settings.http_certificate,
        ssl_keyfile=settings.http_key,
    )


class _Server(uvicorn.Server):
    """A server that says when it answers, and ends in peace on a signal.

    uvicorn would raise the signal again after its own clean-up, before ours.
    """

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell so: from here on signals are handled."""
        await super().startup(sockets)
        self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting, and end when calls under way have; at once when told again."""
        self.force_exit = self.should_exit
        self.should_exit = True


def _announce(listener: socket.socket, settings: Settings, token: str | None) -> None:
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    scheme = "https" if settings.http_certificate else "http"
    who = "with a bearer token" if token else "without a token, from this machine only"
    print(f"Serving MCP at {scheme}://{shown}:{port}{PATH}, {who}; end it with Ctrl+C.", file=sys.stderr, flush=True)
    if scheme == "http" and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        print("The token goes over the network in clear: put a TLS proxy in front.", file=sys.stderr, flush=True)
