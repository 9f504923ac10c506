"""manifest.json of Azure's exports: which blobs a run wrote, for which export, and when it was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from finops_lake.errors import BadFileError

NAME = "manifest.json"
LONGEST = 4 * 1024 * 1024
"""Bytes of a manifest; thousands of partitions fit."""


@dataclass(frozen=True)
class ManifestBlob:
    """A part as promised: its name in the container, its bytes and its rows (None where not said)."""

    name: str
    size: int | None
    rows: int | None


@dataclass(frozen=True)
class Manifest:
    """One finished run. `export_id` is the export's resource id in lower case, None in manifests of before 2024."""

    export_id: str | None
    kind: str | None
    run_id: str | None
    submitted: datetime | None
    first_day: date | None
    last_day: date | None
    is_compressed: bool
    blobs: tuple[ManifestBlob, ...]


def parse_manifest(content: bytes, label: str) -> Manifest:
    """Return what a manifest says; stray blanks in names, as Azure's own example has them, are dropped.

    Raises BadFileError when it is cut short, not a manifest, or names a blob outside its container.
    """
    try:
        body = json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise BadFileError(f"{label} is not a whole JSON file: {error}.") from error
    if not isinstance(body, Mapping) or not {"blobs", "blobCount"} & body.keys():
        raise BadFileError(f"{label} is not the manifest of an export: it lists no blobs.")
    config, run, delivery = (_part(body, name) for name in ("exportConfig", "runInfo", "deliveryConfig"))
    blobs = body.get("blobs") or []
    if not isinstance(blobs, list):
        raise BadFileError(f"{label}: blobs is not a list.")
    manifest = Manifest(
        export_id=_text(config.get("resourceId"), lower=True),
        kind=_text(config.get("type")),
        run_id=_text(run.get("runId")),
        submitted=_instant(run.get("submittedTime"), label),
        first_day=_day(run.get("startDate"), label),
        last_day=_day(run.get("endDate"), label),
        is_compressed=(_text(delivery.get("compressionMode"), lower=True) or "none") != "none",
        blobs=tuple(_blob(blob, label) for blob in blobs),
    )
    promised = body.get("blobCount")
    if isinstance(promised, int) and promised != len(manifest.blobs):
        raise BadFileError(f"{label} promises {promised} blobs and lists {len(manifest.blobs)}.")
    return manifest


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


def _blob(blob: Any, label: str) -> ManifestBlob:
    name = _text(blob.get("blobName")) if isinstance(blob, Mapping) else None
    if not name:
        raise BadFileError(f"{label} lists a blob without a name.")
    segments = [segment.strip() for segment in name.split("/") if segment.strip()]
    if name.startswith("/") or "\\" in name or "://" in name or any(one in (".", "..") for one in segments):
        raise BadFileError(f"{label} names {name!r}, which does not lie in its container: nothing of it is read.")
    return ManifestBlob("/".join(segments), _count(blob.get("byteCount")), _count(blob.get("dataRowCount")))


def _text(value: object, *, lower: bool = False) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    joined = "/".join(part.strip() for part in value.strip().split("/"))
    return joined.lower() if lower else joined


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _instant(value: object, label: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        parsed = datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise BadFileError(f"{label}: {value!r} is no instant.") from error
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _day(value: object, label: str) -> date | None:
    found = _instant(value, label)
    return found.date() if found else None
