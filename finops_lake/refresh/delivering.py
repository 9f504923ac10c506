"""One delivery of files into the lake: recognised by content, sorted by reading and month, loaded whole or not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from finops_lake.errors import BadFileError
from finops_lake.filerows import FilePart, FileRows
from finops_lake.files.headers import read_header
from finops_lake.files.kinds import Kind, recognise
from finops_lake.files.layout import Delivery, Part
from finops_lake.files.places import Entry, Place
from finops_lake.source import Chunk, first_of_month

if TYPE_CHECKING:
    from finops_lake.refresh.collecting import Collector

ACTUAL, AMORTIZED = "ActualCost", "AmortizedCost"
READINGS = {"actualcost": ACTUAL, "usage": ACTUAL, "amortizedcost": AMORTIZED}
"""Types of export by the reading of cost they hold."""

_AMORTIZED_NAME, _ACTUAL_NAME = re.compile("amorti[sz]ed", re.IGNORECASE), re.compile("actual", re.IGNORECASE)
_HELD_SQL = "select table_name, scope_id, month, metric from meta.chunks where row_count > 0 and month is not null"


@dataclass(frozen=True)
class _Opened:
    """A file of a delivery that was recognised, and which reading of cost its name or manifest says."""

    part: FilePart
    entry: Entry
    kind: Kind
    metric: str | None


@dataclass
class DeliveryLoader:
    """Loads one delivery: opens its files, sorts them by kind, reading and month, and has the lake read them."""

    collector: Collector
    place: Place
    delivery: Delivery
    folder: Path

    def __post_init__(self) -> None:
        self.warehouse = self.collector.warehouse
        self.now = self.collector.settings.utc_now()
        self.failed: dict[Entry, str] = {}
        self.tables: dict[Entry, str] = {}
        self.remarks: dict[Entry, str] = {}

    def load(self) -> None:
        """Load what can be; each file's fate is noted."""
        if self.delivery.fault:
            self._fail(BadFileError(self.delivery.fault), None, None)
        else:
            self._load_opened(self._open_all())
        for entry in files_of(self.delivery):
            table, fault, remark = self.tables.get(entry), self._fault_of(entry), self.remarks.get(entry)
            self.collector.note(self.place, self.delivery, entry, table, fault, remark)
        self._tell_remarks()

    def _fault_of(self, entry: Entry) -> str | None:
        if entry == self.delivery.manifest and self.failed:
            return next(iter(self.failed.values()))
        return self.failed.get(entry)

    def _open_all(self) -> list[_Opened]:
        opened, seen = [], _Twins()
        for one in self.delivery.parts:
            label = self.place.label(one.entry)
            self.collector.on_step(f"reading {label}")
            try:
                path = self.place.local(one.entry, self.folder)
                twin = seen.twin_of(path, label) if self.delivery.period is None else None
                if twin:
                    self.collector.told.append(f"Skipped {label}: it has the same content as {twin}.")
                    continue
                opened.append(self._open(one, path, label))
            except BadFileError as error:
                self._fail(error, None, [one.entry])
        return opened

    def _open(self, one: Part, path: Path, label: str) -> _Opened:
        header = read_header(path, label)
        recognised = recognise(header.names, label)
        kind = recognised.kind
        self.tables[one.entry] = kind.table
        if recognised.unkept:
            self.remarks[one.entry] = f"not kept: {', '.join(recognised.unkept)}"
        promised = one.promised.rows if one.promised else None
        if header.rows is not None and promised is not None and header.rows != promised:
            raise BadFileError(f"{label} has {header.rows:,} rows; its manifest promises {promised:,}.")
        fields = {column: header.fields[place] for column, place in recognised.places.items()}
        part = FilePart(
            path,
            label,
            header.is_parquet,
            fields,
            width=len(header.names),
            delimiter=header.delimiter,
            is_gzip=header.is_gzip,
            rows=promised,
        )
        return _Opened(part, one.entry, kind, self._reading(one.entry, kind))

    def _reading(self, entry: Entry, kind: Kind) -> str | None:
        if not kind.has_metrics:
            return None
        by_manifest = READINGS.get((self.delivery.kind or "").lower())
        return by_manifest or _reading_by_name(f"{self.place.url.rpartition('/')[2]}/{entry.name}")

    def _load_opened(self, opened: Sequence[_Opened]) -> None:
        is_run = self.delivery.period is not None
        if is_run and self.failed:  # a run counts whole or not at all
            return
        if is_run and not opened:
            self._load_empty()
        for kind in {one.kind.table: one.kind for one in opened}.values():
            same = self._with_metrics([one for one in opened if one.kind is kind])
            for metric in sorted({one.metric for one in same}, key=str):
                self._load_kind(kind, metric, [one for one in same if one.metric == metric])
        if not is_run and not self.failed:
            self._empty_vanished()

    def _empty_vanished(self) -> None:
        """Empty the months of a location whose plain files are all there is, and no longer have them."""
        there = {result.chunk for result in self.collector.results}
        for table, scope_id, month, metric in self.warehouse.query(_HELD_SQL):
            if scope_id == self.delivery.scope_id and Chunk(table, scope_id, month, metric) not in there:
                rows = FileRows(table, scope_id, (month, month), metric, None, (), self.now)
                self.collector.results += self.warehouse.load_files(rows)

    def _with_metrics(self, opened: Sequence[_Opened]) -> list[_Opened]:
        """Decide by the content which reading of cost files without a telling name hold: a run's files together."""
        if not opened or not opened[0].kind.has_metrics:
            return list(opened)
        silent = [one for one in opened if one.metric is None]
        groups = [silent] if self.delivery.period else [[one] for one in silent]
        decided = [one for one in opened if one.metric is not None]
        for group in filter(None, groups):
            metric = self._metric_of(group)
            decided += [replace(one, metric=metric) for one in group] if metric else []
        return decided

    def _metric_of(self, group: Sequence[_Opened]) -> str | None:
        try:
            metric = self.warehouse.metric_in(group[0].kind.table, [one.part for one in group])
        except BadFileError as error:
            self._fail(error, group[0].kind.table, [one.entry for one in group])
            return None
        if metric is None:
            self.collector.told.append(
                f"Assumed to be actual cost: {group[0].part.label}; nothing in it tells, and neither does its name."
            )
        return metric or ACTUAL

    def _load_kind(self, kind: Kind, metric: str | None, opened: Sequence[_Opened]) -> None:
        months = self._months()
        if months is None and kind.dated_by is None:
            months = (first_of_month(self.now.date()),) * 2
        groups = self._by_month(kind, metric, opened) if months is None else [list(opened)]
        for group in groups:
            rows = FileRows(
                kind.table,
                self.delivery.scope_id,
                months,
                metric,
                kind.dated_by,
                tuple(one.part for one in group),
                self.now,
            )
            try:
                self.collector.results += self.warehouse.load_files(rows)
            except BadFileError as error:
                self._fail(error, kind.table, [one.entry for one in group], metric)

    def _months(self) -> tuple[date, date] | None:
        period = self.delivery.period
        return (first_of_month(period[0]), first_of_month(period[1])) if period else None

    def _by_month(self, kind: Kind, metric: str | None, opened: Sequence[_Opened]) -> Iterator[list[_Opened]]:
        """Yield plain files that share a month together, since a month is replaced as a whole."""
        if len(opened) == 1:
            yield list(opened)
            return
        groups: list[tuple[set[date], list[_Opened]]] = []
        for one in opened:
            try:
                months = self.warehouse.months_in(kind.table, one.part, kind.dated_by or "")
            except BadFileError as error:
                self._fail(error, kind.table, [one.entry], metric)
                continue
            touched = [group for group in groups if group[0] & months]
            groups = [group for group in groups if group not in touched]
            groups.append(
                (months.union(*(group[0] for group in touched)), [*(x for group in touched for x in group[1]), one])
            )
        yield from (files for _, files in groups)

    def _load_empty(self) -> None:
        """A run without blobs says that its period has no charges."""
        months, reading, table = self._months(), (self.delivery.kind or "").lower(), self._table_by_type()
        if table and months:
            rows = FileRows(table, self.delivery.scope_id, months, READINGS.get(reading), None, (), self.now)
            self.collector.results += self.warehouse.load_files(rows)

    def _tell_remarks(self) -> None:
        """Tell once for all files alike what was left out of them."""
        alike: dict[str, list[Entry]] = {}
        for entry, remark in self.remarks.items():
            alike.setdefault(remark, []).append(entry)
        for remark, entries in alike.items():
            more = f" and {len(entries) - 1:,} more" if len(entries) > 1 else ""
            self.collector.told.append(f"{self.place.label(entries[0])}{more}: {remark}.")

    def _fail(
        self, error: BadFileError, table: str | None, entries: Sequence[Entry] | None, metric: str | None = None
    ) -> None:
        """Record that files cannot be read: what the lake holds of their period stays."""
        for entry in files_of(self.delivery) if entries is None or self.delivery.period else entries:
            self.failed[entry] = error.message
        known = table or next((self.tables[entry] for entry in entries or () if entry in self.tables), None)
        self.collector.fail(known or self._table_by_type(), self.delivery.scope_id, error, metric)

    def _table_by_type(self) -> str | None:
        """Return the raw table that the export's type names; None where no manifest does."""
        reading = (self.delivery.kind or "").lower()
        return "focus_charges" if reading == "focuscost" else "cost_exports" if reading in READINGS else None


class _Twins:
    """Finds files that have the same content, of which one counts."""

    def __init__(self) -> None:
        self._by_size: dict[int, list[tuple[Path, str]]] = {}

    def twin_of(self, path: Path, label: str) -> str | None:
        """Return what an equal file before is called; None for the first of its content."""
        before = self._by_size.setdefault(path.stat().st_size, [])
        twin = next((name for other, name in before if _digest(other) == _digest(path)), None)
        before.append((path, label))
        return twin


def files_of(delivery: Delivery) -> list[Entry]:
    """Return the files that a delivery rests on, its manifest included."""
    return [part.entry for part in delivery.parts] + ([delivery.manifest] if delivery.manifest else [])


def _reading_by_name(name: str) -> str | None:
    """Return the reading that a path names, the innermost of its folders first; None where none does."""
    for segment in reversed(name.split("/")):
        if _AMORTIZED_NAME.search(segment):
            return AMORTIZED
        if _ACTUAL_NAME.search(segment):
            return ACTUAL
    return None


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
