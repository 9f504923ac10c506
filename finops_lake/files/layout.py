"""Which files of a place count: the newest finished run of each export and period, and plain files.

Layouts of Azure's exports, below any folder:
  {export}/{20250301-20250331}/[{202503211200}/]{run id}/part_0_0001.csv with manifest.json beside the parts
  {export}/{20250301-20250331}/{export}_{guid}.csv, as exports wrote before manifests: the newest file counts
Every run repeats its period from the start, so that adding two runs would double the cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from finops_lake.errors import BadFileError
from finops_lake.files.manifests import LONGEST, NAME, Manifest, ManifestBlob, parse_manifest
from finops_lake.files.places import Entry, Place

_RANGE = re.compile(r"^(\d{8})-(\d{8})$")
_RUN = re.compile(r"^(\d{12}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$", re.IGNORECASE)
DATA = (".csv", ".csv.gz", ".gz", ".parquet", ".parq", ".tsv", ".txt")
"""Endings of files that may hold rows; others in a folder are passed over, aloud."""

Period = tuple[date, date]
"""First and last day, both inclusive."""


@dataclass(frozen=True)
class Part:
    """A file to be read and what its manifest promises about it."""

    entry: Entry
    promised: ManifestBlob | None = None


@dataclass(frozen=True)
class Delivery:
    """Files that are read together: one export and period, or the plain files of a place (`period` is None).

    `scope_id` is the export's resource id where a manifest gives it, else the address of its folder; `kind` is the
    export type of the manifest (FocusCost, ActualCost ...). `fault` says why nothing of it can be read.
    """

    scope_id: str
    period: Period | None
    parts: tuple[Part, ...]
    kind: str | None = None
    run_id: str | None = None
    submitted: datetime | None = None
    fault: str | None = None
    manifest: Entry | None = None


@dataclass(frozen=True)
class Skipped:
    """A file or folder that does not count, and why."""

    label: str
    why: str
    entry: Entry | None = None


@dataclass(frozen=True)
class Found:
    """Everything at a place."""

    deliveries: tuple[Delivery, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class _Spot:
    """Where an entry lies in an export's layout: the folder above the range, the range, and folders below it."""

    export: str
    period: Period
    below: tuple[str, ...]


def look(place: Place) -> Found:
    """List a place and decide what counts; manifests are read, other files not."""
    entries = place.entries()
    if place.is_file:
        return Found((Delivery(place.url, None, tuple(Part(entry) for entry in entries)),), ())
    manifests = [entry for entry in entries if entry.name.rpartition("/")[2].lower() == NAME]
    data = [entry for entry in entries if entry not in manifests and entry.name.lower().endswith(DATA)]
    foreign = [entry for entry in entries if entry not in manifests and entry not in data]
    skipped = [Skipped(place.label(entry), "not a CSV or Parquet file", entry) for entry in foreign]
    runs = [_run(place, entry, entries) for entry in manifests]
    kept, superseded = _newest(runs)
    skipped += [_superseded(place, run) for run in superseded]
    claimed = {part.entry for run in runs for part in run.parts}
    folders = [entry.name.rpartition("/")[0] for entry in manifests]
    rest = [entry for entry in data if entry not in claimed]
    old, plain, unfinished = _sorted_out(place, rest, folders)
    kept += old.deliveries
    skipped += [*old.skipped, *unfinished]
    if plain:
        scope = f"{place.url}/*" if any(one.scope_id == place.url for one in kept) else place.url
        kept.append(Delivery(scope, None, tuple(Part(entry) for entry in plain)))
    return Found(tuple(kept), tuple(skipped))


def _run(place: Place, entry: Entry, entries: Sequence[Entry]) -> Delivery:
    label = place.label(entry)
    spot = _spot(place.full_name(entry))
    folder = entry.name.rpartition("/")[0]
    scope = _folder_url(place, entry, spot)
    try:
        manifest = parse_manifest(place.read(entry, LONGEST), label)
        parts = tuple(_resolved(place, folder, blob, entries, manifest, label) for blob in manifest.blobs)
    except BadFileError as error:
        when = datetime.fromtimestamp(entry.modified, UTC)
        return Delivery(scope, spot.period if spot else None, (), submitted=when, fault=error.message, manifest=entry)
    period = spot.period if spot else _period(manifest)
    submitted = manifest.submitted or datetime.fromtimestamp(entry.modified, UTC)
    return Delivery(
        manifest.export_id or scope,
        period,
        parts,
        manifest.kind,
        manifest.run_id or folder,
        submitted,
        manifest=entry,
    )


def _resolved(
    place: Place, folder: str, blob: ManifestBlob, entries: Sequence[Entry], manifest: Manifest, label: str
) -> Part:
    """Find a blob of a manifest: names count from the container, the place may be any folder of it or a copy."""
    beside = f"{folder}/{blob.name.rpartition('/')[2]}".lstrip("/")
    for entry in entries:
        full = place.full_name(entry)
        is_named = full == blob.name or full.endswith("/" + blob.name) or blob.name.endswith("/" + entry.name)
        if is_named or entry.name == beside:
            _check_size(place, entry, blob, manifest)
            return Part(entry, blob)
    raise BadFileError(f"{label} names {blob.name}, which is not there.")


def _check_size(place: Place, entry: Entry, blob: ManifestBlob, manifest: Manifest) -> None:
    """Only plain CSV has the size its manifest says; what is compressed may be counted either way."""
    is_plain = entry.name.lower().endswith(".csv") and not manifest.is_compressed
    if is_plain and blob.size is not None and blob.size != entry.size:
        raise BadFileError(
            f"{place.label(entry)} has {entry.size:,} bytes; its manifest promises {blob.size:,}: it is cut short"
            " or still being written."
        )


def _period(manifest: Manifest) -> Period | None:
    """An end on the first of a later month is exclusive: nothing is exported of a day that begins."""
    if manifest.first_day is None:
        return None
    last = max(manifest.last_day or manifest.first_day, manifest.first_day)
    if last.day == 1 and last > manifest.first_day:
        last -= timedelta(days=1)
    return manifest.first_day, last


def _newest(runs: Iterable[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """Return the runs that count and those that newer ones replace: per export, no two may share a day."""
    kept: list[Delivery] = []
    superseded: list[Delivery] = []
    for run in sorted(runs, key=lambda run: run.submitted or datetime.min.replace(tzinfo=UTC), reverse=True):
        is_old = any(_same_days(run, newer) for newer in kept)
        (superseded if is_old else kept).append(run)
    return kept, superseded


def _same_days(run: Delivery, newer: Delivery) -> bool:
    if run.scope_id != newer.scope_id:
        return False
    if run.period is None or newer.period is None:
        return run.period == newer.period
    return run.period[0] <= newer.period[1] and newer.period[0] <= run.period[1]


def _superseded(place: Place, run: Delivery) -> Skipped:
    label = place.label(run.parts[0].entry).rpartition("/")[0] if run.parts else run.scope_id
    return Skipped(label, "a newer run of the same export and period counts")


def _sorted_out(
    place: Place, entries: Sequence[Entry], with_manifest: Sequence[str]
) -> tuple[Found, list[Entry], list[Skipped]]:
    """Sort what no manifest names: files of before manifests, plain files, and runs that are not finished."""
    plain: list[Entry] = []
    unfinished: dict[str, Skipped] = {}
    old: dict[tuple[str, Period], list[Entry]] = {}
    for entry in entries:
        spot = _spot(place.full_name(entry))
        folder = entry.name.rpartition("/")[0]
        label = place.label(entry).rpartition("/")[0]
        if folder in with_manifest:
            unfinished[entry.name] = Skipped(place.label(entry), "the manifest beside it does not name it", entry)
        elif spot is None:
            plain.append(entry)
        elif any(_RUN.match(one) for one in spot.below):
            unfinished[folder] = Skipped(label, "the run is not finished: it has no manifest")
        else:
            old.setdefault((_folder_url(place, entry, spot), spot.period), []).append(entry)
    return _newest_files(place, old), plain, list(unfinished.values())


def _newest_files(place: Place, old: dict[tuple[str, Period], list[Entry]]) -> Found:
    deliveries, skipped = [], []
    for (scope, period), entries in old.items():
        *older, newest = sorted(entries, key=lambda entry: (entry.modified, entry.name))
        when = datetime.fromtimestamp(newest.modified, UTC)
        deliveries.append(Delivery(scope, period, (Part(newest),), submitted=when))
        skipped += [Skipped(place.label(entry), "a newer file of the same export and period counts") for entry in older]
    return Found(tuple(deliveries), tuple(skipped))


def _spot(full_name: str) -> _Spot | None:
    """Return where a file lies in an export's layout; None outside of one."""
    folders = full_name.split("/")[:-1]
    for place in range(len(folders) - 1, -1, -1):
        period = _range(folders[place])
        if period:
            return _Spot("/".join(folders[:place]), period, tuple(folders[place + 1 :]))
    return None


def _range(folder: str) -> Period | None:
    found = _RANGE.match(folder)
    if not found:
        return None
    try:
        first, last = (datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date() for text in found.groups())
    except ValueError:
        return None
    return (first, last) if first <= last else None


def _folder_url(place: Place, entry: Entry, spot: _Spot | None) -> str:
    """Return the address of an export's folder, which stands for its id where no manifest gives one."""
    full, url = place.full_name(entry), place.label(entry)
    above = spot.export if spot else full.rpartition("/")[0]
    return url[: len(url) - (len(full) - len(above))]
