"""One message to one webhook. Its address is a secret: it is in no error, no log line and no result of what is here."""

from __future__ import annotations

import ipaddress
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from finops_lake import __version__
from finops_lake.alert_rules import Channel, variable_of
from finops_lake.errors import ConfigError
from finops_lake.secretfile import read_private

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
ATTEMPTS = 3
ATTEMPT_SECONDS = 20.0
"""Longest time of one attempt as a whole: the limits above do not end a reply that comes byte by byte."""

LONGEST_WAIT_SECONDS = 10.0
"""A longer Retry-After is not waited for; the message goes with a later refresh."""

LONGEST_HOLD_SECONDS = 86_400.0
LARGEST_BODY = 100_000
LARGEST_REPLY = 4_096
LONGEST_ADDRESS = 4_096

_CODE = re.compile(r"[a-z][a-z_]{2,59}")
"""What a reply may say for itself: one word such as invalid_payload; anything longer could repeat the address."""


@dataclass(frozen=True)
class Reply:
    """What came of a message: `sent`, or why not, in words without the address; seconds to hold further ones back."""

    sent: bool
    words: str
    hold_seconds: float = 0.0


def address_of(name: str, channel: Channel, folder: Path) -> str:
    """Return the address of a channel, checked. ConfigError says what is wrong with it, never what it is.

    A relative `address_file` lies in `folder`.
    """
    place = variable_of(name)
    if channel.address is not None and channel.address_file is not None:
        raise ConfigError([f"{place}: address_file is set, too; give one of them"])
    if channel.address is not None:
        text = channel.address.get_secret_value()
    elif channel.address_file is not None:
        path = folder / channel.address_file.expanduser()
        place = str(path)
        text = read_private(path, place)
    else:
        raise ConfigError([f"no address; set {variable_of(name)}, or address_file (mode 0600)"])
    return _checked(text.strip(), place)


def _checked(text: str, place: str) -> str:
    if not text or len(text) > LONGEST_ADDRESS or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError([f"{place}: an address is one line of printable ASCII characters"])
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError([f"{place}: this is no address"]) from None
    if parts.scheme not in ("https", "http") or not host:
        raise ConfigError([f"{place}: an address that begins with https:// is needed"])
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError([f"{place}: http is refused but for this machine itself; use https"])
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ConfigError([f"{place}: an address without user, password and fragment is needed"])
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Webhook:
    """A webhook of one address. Every message is tried a few times; redirects are followed nowhere."""

    def __init__(self, address: str, ca_bundle: Path | None, sleep: Callable[[float], object] = time.sleep) -> None:
        self._address = address
        self._ca_bundle = ca_bundle
        self._sleep = sleep

    def post(self, body: bytes, message_id: str) -> Reply:
        """Send a body and return what came of it; nothing is raised.

        Too many requests and failures of the other side are tried again here; a reply that did not come in time is
        not, as the message may have arrived.
        """
        if len(body) > LARGEST_BODY:
            return Reply(False, f"the message is larger than {LARGEST_BODY} bytes")
        _silence()
        reply = Reply(False, "")
        for attempt in range(ATTEMPTS):
            reply, wait = self._bounded(body, message_id, 2.0**attempt)
            if wait is None or wait > LONGEST_WAIT_SECONDS or attempt == ATTEMPTS - 1:
                return reply
            self._sleep(wait)
        return reply

    def _bounded(self, body: bytes, message_id: str, backoff: float) -> tuple[Reply, float | None]:
        """Return what `_attempt` does, or that it takes too long; its thread is left to itself then."""
        done: list[tuple[Reply, float | None]] = []
        thread = threading.Thread(
            target=lambda: done.append(self._attempt(body, message_id, backoff)), name="alert-attempt", daemon=True
        )
        thread.start()
        thread.join(ATTEMPT_SECONDS)
        if done:
            return done[0]
        return Reply(False, f"no whole reply within {ATTEMPT_SECONDS:.0f} seconds; it may have arrived"), None

    def _attempt(self, body: bytes, message_id: str, backoff: float) -> tuple[Reply, float | None]:
        """Return what came of one attempt, and after how many seconds another one is worth it; None: it is not."""
        import requests

        try:
            with self._session() as session, self._sent(session, body, message_id) as response:
                return self._judged(response, backoff)
        except requests.exceptions.SSLError:
            return Reply(False, "its certificate cannot be trusted (ca_bundle of the channel names an authority)"), None
        except requests.exceptions.ConnectTimeout:
            return Reply(False, f"no connection within {CONNECT_SECONDS:.0f} seconds"), backoff
        except requests.exceptions.Timeout:
            return Reply(False, f"no reply within {READ_SECONDS:.0f} seconds; it may have arrived"), None
        except requests.exceptions.RequestException as error:
            return Reply(False, f"cannot be reached ({type(error).__name__})"), backoff

    def _session(self) -> requests.Session:
        import requests

        session = requests.Session()
        session.trust_env = not _is_loopback(urlsplit(self._address).hostname or "")  # a proxy cannot reach us here
        session.auth = _no_auth  # none of ~/.netrc either
        return session

    def _sent(self, session: requests.Session, body: bytes, message_id: str) -> requests.Response:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"finops-lake/{__version__}",
            "Idempotency-Key": message_id,
        }
        return session.post(
            self._address,
            data=body,
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
            verify=True if self._ca_bundle is None else str(self._ca_bundle.expanduser()),
        )

    def _judged(self, response: requests.Response, backoff: float) -> tuple[Reply, float | None]:
        status = response.status_code
        if 200 <= status < 300:
            return Reply(True, f"answered {status}"), None
        if 300 <= status < 400:
            return Reply(False, f"answered {status}, a redirect, which is not followed"), None
        words = f"answered {status}{self._said(response)}"
        after = _retry_after(response.headers.get("Retry-After"))
        if status == 429 or status == 503:
            wait = backoff if after is None else after
            return Reply(False, words, min(wait, LONGEST_HOLD_SECONDS)), wait
        return Reply(False, words), backoff if status >= 500 else None

    def _said(self, response: requests.Response) -> str:
        """Return the reply's own word for what is wrong, where it is one and no part of the address."""
        import requests

        try:
            raw: bytes = next(response.iter_content(LARGEST_REPLY), b"")
        except requests.exceptions.RequestException:
            raw = b""
        word = raw.decode("ascii", "ignore").strip().lower()
        is_safe = _CODE.fullmatch(word) is not None and word not in self._address.lower()
        return f", {word}" if is_safe else ""


def _retry_after(text: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for; None where it says nothing that can be read."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(min(int(text.strip()[:9]), int(LONGEST_HOLD_SECONDS)))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _silence() -> None:
    """Keep urllib3 from logging addresses: its debug log shows the path, which is the secret."""
    logger = logging.getLogger("urllib3")
    if logger.getEffectiveLevel() < logging.INFO:
        logger.setLevel(logging.INFO)
