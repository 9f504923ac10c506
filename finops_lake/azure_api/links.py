"""Which requests may leave this process: https, to Azure's own address, and only ones that read."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from finops_lake.errors import UnsafeReplyError

READING_POSTS = re.compile(
    r"/providers/microsoft\.(costmanagement/query|resourcegraph/resources)/?$",
    re.IGNORECASE,
)
"""Operations that only read, though their question is too long for a URL."""

AMBIGUOUS = re.compile(r"[\\\s{}\x00-\x1f\x7f]")
"""Characters that URL parsers disagree about (or, braces, that the SDK fills in like a template)."""


def check_address(url: str, endpoint: str) -> None:
    """Raise UnsafeReplyError unless `url` is an https address on the very host and port of `endpoint`.

    The token must not follow a link that a reply, or whoever altered it, points elsewhere.
    """
    if AMBIGUOUS.search(url):
        raise UnsafeReplyError(
            "Azure's reply names an address with characters that do not belong in one; it is not followed."
        )
    if _origin(url) != _origin(endpoint) or "@" in urlsplit(url).netloc:
        there = urlsplit(url)
        raise UnsafeReplyError(
            f"Azure's reply points to {there.scheme}://{there.netloc.rpartition('@')[2]}, not to {endpoint}; "
            "no token is sent there.",
            next_step="If another address is meant, set FINOPS_LAKE_ARM_ENDPOINT (and its scope).",
        )


def check_next_link(link: str, endpoint: str, seen: set[str]) -> None:
    """Raise UnsafeReplyError for a next link that leaves Azure or was followed before; else remember it.

    A relative link is Azure's own.
    """
    if link in seen:
        raise UnsafeReplyError(
            "Azure's reply points back to a page that was read already; the listing would never end."
        )
    seen.add(link)
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or AMBIGUOUS.search(link):
        check_address(link, endpoint)


def check_reads_only(method: str, url: str) -> None:
    """Raise UnsafeReplyError for a request that is not known to only read."""
    if method in ("GET", "HEAD") or (method == "POST" and READING_POSTS.search(urlsplit(url).path)):
        return
    raise UnsafeReplyError(f"{method} {urlsplit(url).path} could change something in Azure; finops-lake only reads.")


def _origin(url: str) -> tuple[str, str, int | None] | None:
    parts = urlsplit(url)
    try:
        port = parts.port or 443
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname:
        return None
    return parts.scheme, parts.hostname.lower(), port
