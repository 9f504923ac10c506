"""Which requests may leave this process: https, to Azure's own address, and only ones that read."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from finops_lake.azure_api.clouds import Cloud, is_loopback
from finops_lake.errors import UnsafeReplyError

READING_POSTS = re.compile(
    r"/providers/microsoft\.(costmanagement/(query|generatecostdetailsreport)|resourcegraph/resources)/?$",
    re.IGNORECASE,
)
"""Operations that only read, though their question is too long for a URL.

generateCostDetailsReport has Azure write the report into storage of its own; nothing of the customer's changes, and
Azure asks for a reading role only.
"""

METRICS_QUESTION = "/subscriptions/[0-9a-f-]{36}/metrics:getBatch"
"""Reads, too, though its list of resources makes it a POST."""

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


def check_blob_link(link: str, cloud: Cloud) -> None:
    """Raise UnsafeReplyError unless a report's link is an https address of the cloud's blob storage.

    For an Azure on this machine a loopback address will do as well. The link is a secret: only its host is named.
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        parts = urlsplit("")
    host = (parts.hostname or "").lower()
    is_local = is_loopback(urlsplit(cloud.arm_endpoint).hostname or "") and is_loopback(host)
    is_storage = host.endswith(f".{cloud.storage_suffix}") and _port(link) == 443
    if AMBIGUOUS.search(link) or parts.scheme != "https" or "@" in parts.netloc or not (is_storage or is_local):
        raise UnsafeReplyError(
            f"Azure's reply points to a report at {parts.scheme or 'no'}://{clean_host(host)}, which is no address of "
            f"its storage (*.{cloud.storage_suffix}); it is not fetched."
        )


def check_metrics_request(method: str, url: str, endpoint: str) -> None:
    """Raise UnsafeReplyError unless a request asks the metrics of many resources, of a region's own Azure Monitor.

    `endpoint` is its address with {region} in it. The question is a POST, and changes nothing.
    """
    allowed = re.escape(endpoint).replace(re.escape("{region}"), "[a-z0-9-]+")
    address = url.partition("?")[0]
    is_question = re.fullmatch(allowed + METRICS_QUESTION, address, re.IGNORECASE) is not None
    if method != "POST" or AMBIGUOUS.search(url) or not is_question:
        raise UnsafeReplyError(
            f"{method} {clean_host(urlsplit(url).netloc)} is no question for metrics; no token for them is sent there."
        )


def clean_host(host: str) -> str:
    """Return a host as it may be shown: without characters that do not belong in one."""
    return re.sub(r"[^a-z0-9.:\-]", "?", host)[:253]


def same_version(link: str, api_version: str) -> str:
    """Return a next link that asks for the version we speak, its blanks encoded: Azure leaves them in filters."""
    return re.sub(r"(?i)(?<=[?&]api-version=)[^&]*", api_version, link.replace(" ", "%20"))


def check_reads_only(method: str, url: str) -> None:
    """Raise UnsafeReplyError for a request that is not known to only read."""
    if method in ("GET", "HEAD") or (method == "POST" and READING_POSTS.search(urlsplit(url).path)):
        return
    raise UnsafeReplyError(f"{method} {urlsplit(url).path} could change something in Azure; finops-lake only reads.")


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port or 443
    except ValueError:
        return None


def _origin(url: str) -> tuple[str, str, int] | None:
    parts, port = urlsplit(url), _port(url)
    if port is None:
        return None
    if parts.scheme != "https" or not parts.hostname:
        return None
    return parts.scheme, parts.hostname.lower(), port
