"""What an address of Azure stands for: which API, on which scope. Nothing of azure.* here."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

RESOURCES = "Microsoft.Resources"
_ACTIONS = 2


@dataclass(frozen=True)
class Address:
    """The parts of a request's address that are no secret.

    `api` is provider and type (`Microsoft.Compute/disks`), `template` the path with every name left out,
    `scope_id` the ARM scope it is asked on (lower-cased, / for the whole sign-in).
    """

    host: str
    path: str
    api: str
    template: str
    scope_id: str
    api_version: str | None


def address_of(url: str) -> Address:
    """Return what a URL stands for; of its query only the api-version is looked at."""
    parts = urlsplit(url)
    version = parse_qs(parts.query).get("api-version", [None])[0]
    segments = [segment for segment in parts.path.split("/") if segment]
    scope, provider, rest = _split(segments)
    types = rest[0::2]
    scope_id = "/" + "/".join(scope).lower()
    api = "/".join([provider or RESOURCES, *types])
    return Address(parts.netloc.lower(), parts.path, api, _template(scope, provider, rest), scope_id, version)


def blob_address_of(url: str) -> Address:
    """Return what the link of a blob stands for: neither account nor container nor name, since they name a customer."""
    host = urlsplit(url).netloc.lower().partition(".")[2]
    return Address(host, "/", "Microsoft.Storage/blobs", "/{container}/{blob}", "/", None)


def _split(segments: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Return the scope, the provider that is asked, and the types and names beneath it.

    A path without a provider beneath its scope lists something of ARM itself: its last segment is the type.
    """
    places = [place for place, segment in enumerate(segments) if segment.lower() == "providers"]
    if places and places[-1] + 1 < len(segments):
        last = places[-1]
        return segments[:last], segments[last + 1], segments[last + 2 :]
    if len(segments) % _ACTIONS:
        return segments[:-1], None, segments[-1:]
    return segments[:-2], None, segments[-2:]


def _template(scope: list[str], provider: str | None, rest: list[str]) -> str:
    parts: list[str] = []
    if scope:
        parts += ["{scope}"]
    if provider is not None:
        parts += ["providers", provider]
    parts += [segment if place % 2 == 0 else "{name}" for place, segment in enumerate(rest)]
    return "/" + "/".join(parts)
