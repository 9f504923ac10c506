"""Who may talk to the server over HTTP: its bearer token, and the names it may be called by."""

from __future__ import annotations

import hashlib
import hmac
import socket

from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from finops_lake.config import Settings
from finops_lake.errors import ConfigError
from finops_lake.secretfile import read_private

TOKEN_VARIABLE = "FINOPS_LAKE_HTTP_TOKEN"  # noqa: S105 - a name, not a token
TOKEN_FILE_VARIABLE = "FINOPS_LAKE_HTTP_TOKEN_FILE"  # noqa: S105
SHORTEST_TOKEN = 16
MAKE_ONE = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def bearer_token(settings: Settings) -> str | None:
    """Return the token callers must show, from the environment or from a file that only its owner can read.

    None: there is none. ConfigError says what is wrong with it, never what it is.
    """
    if settings.http_token is not None and settings.http_token_file is not None:
        raise ConfigError([f"{TOKEN_VARIABLE}: {TOKEN_FILE_VARIABLE} is set, too; give one of them"])
    if settings.http_token is not None:
        return _checked(settings.http_token.get_secret_value(), TOKEN_VARIABLE)
    if settings.http_token_file is not None:
        place = f"{TOKEN_FILE_VARIABLE}: {settings.http_token_file}"
        return _checked(read_private(settings.http_token_file, place), place)
    return None


def _checked(text: str, place: str) -> str:
    token = text.strip()
    if len(token) < SHORTEST_TOKEN:
        raise ConfigError([f"{place}: the token is shorter than {SHORTEST_TOKEN} characters; {MAKE_ONE}"])
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError([f"{place}: a token is one word of printable ASCII characters; {MAKE_ONE}"])
    return token


class TokenGate:
    """Lets only requests with the right bearer token through to `app`.

    The token is compared in constant time, as a digest, so that not even its length shows.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = _digest(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before any of its body is read."""
        if scope["type"] == "http" and not self._is_allowed(Headers(scope=scope)):
            refusal = PlainTextResponse(
                "A bearer token is needed: send it as Authorization: Bearer <token>.\n",
                status_code=401,
                headers={"WWW-Authenticate": 'Bearer realm="finops-lake"'},
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_allowed(self, headers: Headers) -> bool:
        values = headers.getlist("authorization")
        scheme, _, given = (values[0] if len(values) == 1 else "").partition(" ")
        is_right = hmac.compare_digest(_digest(given.strip()), self._expected)
        return is_right and scheme.lower() == "bearer"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def names_allowed(settings: Settings, host: str) -> TransportSecuritySettings:
    """Return which Host and Origin headers are answered, wherever the server listens.

    Without this check a web page could talk to the server through a name of its own (DNS rebinding).
    """
    names = [*LOOPBACK_NAMES, *settings.http_allowed_hosts]
    if host not in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        names.append(f"[{host}]" if ":" in host else host)
    else:
        names.append(socket.gethostname())
    hosts = [spelling for name in dict.fromkeys(names) for spelling in _with_ports(name)]
    origins = [f"http://{name}:*" for name in LOOPBACK_NAMES]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=hosts,
        allowed_origins=[*origins, *settings.http_allowed_origins],
    )


def _with_ports(name: str) -> list[str]:
    """Return a name as it is, and with any port unless it names one."""
    has_port = name.rpartition(":")[2].rstrip("*").isdigit() or name.endswith(":*")
    return [name] if has_port and not name.endswith("]") else [name, f"{name}:*"]
