"""Bills from files into the lake: what is new is read and loaded, what failed is named, the rest goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from finops_lake.errors import FinopsLakeError, Outcome
from finops_lake.filerows import FileNote
from finops_lake.files.layout import Delivery, Found, Skipped, look
from finops_lake.files.places import Entry, Place, is_emulated, open_place
from finops_lake.lake.filenotes import KNOWN_SQL
from finops_lake.lake.origin import FILES_ORIGIN, LOCAL_ORIGIN, origin_of_both
from finops_lake.refresh.delivering import AMORTIZED, DeliveryLoader, files_of
from finops_lake.source import Chunk, ChunkResult

if TYPE_CHECKING:
    from finops_lake.config import Settings
    from finops_lake.lake.writer import Warehouse

NEXT_STEP = "Export the period again, or fetch the file again; what the lake held of it is unharmed."

_BROKEN_SQL = """select table_name, scope_id, metric, last_outcome, last_reason from meta.chunks
where month is null and last_outcome <> 'loaded'
    and (table_name in ('cost_exports', 'focus_charges') or starts_with(table_name, 'exported_'))"""
"""Places, and files of unknown months in them, that could not be read at the latest attempt."""

SHOWN = 20
"""Files of one sort that are told one by one."""


def origin_of(location: str) -> str:
    """Return where files of a location come from: an emulator's are a local Azure's, all others are real."""
    return LOCAL_ORIGIN if is_emulated(location) else FILES_ORIGIN


@dataclass(frozen=True)
class Collected:
    """What became of some locations: a result per chunk, what to tell, and faults that belong to no chunk.

    `has_changed` says whether the lake holds anything new, be it a note on a file; `confirmed` are those of the results
    that the lake knew already, which were not written; `unchanged` counts files that were not read again.
    """

    results: tuple[ChunkResult, ...] = ()
    confirmed: tuple[ChunkResult, ...] = ()
    told: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    has_changed: bool = False
    unchanged: int = 0


@dataclass
class Collector:
    """Loads what locations hold, one after another; used inside the warehouse's lock."""

    settings: Settings
    warehouse: Warehouse
    on_step: Callable[[str], None] = lambda message: None
    force: bool = False
    results: list[ChunkResult] = field(default_factory=list)
    confirmed: list[ChunkResult] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[FileNote] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    _mended: int = 0
    _known: dict[tuple[str, str], FileNote] = field(default_factory=dict)
    _broken: dict[Chunk, tuple[str, str]] = field(default_factory=dict)

    def collect(self, locations: Iterable[str]) -> Collected:
        """Load what is new at the locations; a location that cannot be read does not keep others from it."""
        with self.warehouse.open(is_settled=False):
            rows = self.warehouse.query(KNOWN_SQL)
            self._known = {(row[0], row[1]): FileNote(*row) for row in rows}
            for table, scope_id, metric, outcome, reason in self.warehouse.query(_BROKEN_SQL):
                self._broken[Chunk(table, scope_id, None, metric)] = (outcome, reason)
            for location in locations:
                self._collect_one(location)
            if self.notes or self.gone:
                self.warehouse.note_files(self.notes, self.gone)
        is_new = len(self.results) > len(self.confirmed)
        return Collected(
            tuple(self.results),
            tuple(self.confirmed),
            tuple(self.told),
            tuple(self.faults),
            has_changed=is_new or bool(self.notes or self.gone or self._mended),
            unchanged=self.unchanged,
        )

    def _collect_one(self, location: str) -> None:
        if origin_of_both(self.warehouse.origin, origin_of(location)) is None:
            self.faults.append(f"{location}: real files do not join a lake of demo data, nor the other way round.")
            return
        place = None
        try:
            place = open_place(location, self.settings)
            self.on_step(f"looking at {place.url}")
            self._take(place, look(place))
        except FinopsLakeError as error:
            self.fail(None, place.url if place else location.partition("?")[0], error)
        finally:
            if place is not None:
                place.close()

    def fail(self, table: str | None, scope_id: str, error: FinopsLakeError, metric: str | None = None) -> None:
        """Record that a place, or files of unknown months in it, cannot be read: what the lake holds of it stays.

        Where the table is not known, it is the one that the place filled before, else `cost_exports`.
        """
        now = self._now()
        chunk = Chunk(table or self._table_of(scope_id), scope_id, None, metric)
        reason, step = error.message, error.next_step or NEXT_STEP
        failure = ChunkResult(chunk, error.outcome, now, now, reason=reason, next_step=step, error_code=error.code)
        self.results.append(failure)
        if self._broken.get(chunk) == (failure.outcome.value, failure.reason):
            self.confirmed.append(failure)
        else:
            self.warehouse.record(failure)

    def _table_of(self, scope_id: str) -> str:
        known = sorted({note.table for (scope, _), note in self._known.items() if scope == scope_id and note.table})
        return known[0] if known else "cost_exports"

    def _mend(self, place: Place, found: Found) -> None:
        """Record that places which could not be read before can be read now, or are no longer there."""
        broken = {result.chunk for result in self.results if result.outcome is not Outcome.LOADED}
        scopes = {place.url, *(one.scope_id for one in found.deliveries)}
        for table, scope_id, metric, *_ in self.warehouse.query(_BROKEN_SQL):
            chunk = Chunk(table, scope_id, None, metric)
            if chunk not in broken and (scope_id in scopes or scope_id.startswith(f"{place.url}/")):
                now = self._now()
                self.warehouse.record(ChunkResult(chunk, Outcome.LOADED, now, now, complete=True, row_count=0))
                self._mended += 1

    def _take(self, place: Place, found: Found) -> None:
        loaded_before, unchanged = len(self.results), 0
        for delivery in found.deliveries:
            if delivery.fault is None and not self.force and self._is_unchanged(place, delivery):
                unchanged += len(delivery.parts)
                continue
            with tempfile.TemporaryDirectory(prefix="incoming-", dir=self.warehouse.files.home) as folder:
                DeliveryLoader(self, place, delivery, Path(folder)).load()
        self.unchanged += unchanged
        self._mend(place, found)
        self._note_skipped(place, found.skipped)
        self._forget(place, found)
        self._summarize(place, found, self.results[loaded_before:], unchanged)

    def _is_unchanged(self, place: Place, delivery: Delivery) -> bool:
        entries = files_of(delivery)
        notes = [self._known.get((delivery.scope_id, place.label(entry))) for entry in entries]
        is_same = all(
            note is not None
            and (note.size, note.version) == (entry.size, entry.version)
            and note.outcome in ("loaded", "skipped")
            for note, entry in zip(notes, entries, strict=True)
        )
        if not is_same or delivery.period is not None:
            return is_same
        held = {path for scope, path in self._known if scope == delivery.scope_id}
        return held <= {place.label(entry) for entry in entries}

    def note(
        self, place: Place, delivery: Delivery, entry: Entry, table: str | None, fault: str | None, remark: str | None
    ) -> None:
        """Remember what became of a file; `remark` is what else there is to say of one that was loaded."""
        self._note(
            FileNote(
                delivery.scope_id,
                place.label(entry),
                table,
                entry.size,
                entry.version,
                delivery.run_id,
                "failed" if fault else "loaded",
                fault or remark,
                self._now(),
            )
        )

    def _now(self) -> datetime:
        return self.settings.utc_now()

    def _note_skipped(self, place: Place, skipped: Sequence[Skipped]) -> None:
        scope = _skipped_at(place)
        for one in skipped:
            size, version = (one.entry.size, one.entry.version) if one.entry else (0, "")
            self._note(FileNote(scope, one.label, None, size, version, None, "skipped", one.why, self._now()))

    def _forget(self, place: Place, found: Found) -> None:
        """Drop notes on plain and on skipped files that are no longer there."""
        there = {(_skipped_at(place), one.label) for one in found.skipped}
        for delivery in found.deliveries:
            there |= {(delivery.scope_id, place.label(entry)) for entry in files_of(delivery)}
        scopes = {_skipped_at(place)} | {one.scope_id for one in found.deliveries if one.period is None}
        gone = [key for key in self._known if key[0] in scopes and key not in there]
        self.gone += gone
        for key in gone:
            del self._known[key]

    def _note(self, note: FileNote) -> None:
        before = self._known.get((note.scope_id, note.path))
        if before is None or replace(before, read_at=note.read_at) != note or note.outcome == "loaded":
            self.notes.append(note)
        self._known[note.scope_id, note.path] = note

    def _summarize(self, place: Place, found: Found, results: Sequence[ChunkResult], unchanged: int) -> None:
        files = sum(len(delivery.parts) for delivery in found.deliveries)
        words = [f"{files:,} file counts" if files == 1 else f"{files:,} files count"]
        if unchanged:
            words.append(f"{unchanged:,} of them unchanged")
        self.told.append(f"{place.url}: {', '.join(words)}.")
        for table in sorted({result.chunk.table for result in results if result.outcome is Outcome.LOADED}):
            self.told.append(f"Loaded {_loaded(table, results)}.")
        self.told += [f"Skipped {one.label}: {one.why}." for one in found.skipped[:SHOWN]]
        if len(found.skipped) > SHOWN:
            self.told.append(f"Skipped {len(found.skipped) - SHOWN:,} more; meta.files has them all.")


def _skipped_at(place: Place) -> str:
    """Return the scope under which files that do not count are noted."""
    return f"{place.url} (skipped)"


def _loaded(table: str, results: Sequence[ChunkResult]) -> str:
    mine = [result for result in results if result.chunk.table == table and result.outcome is Outcome.LOADED]
    months = sorted({result.chunk.month for result in mine if result.chunk.month})
    span = f"{months[0]:%Y-%m}" + (f" to {months[-1]:%Y-%m}" if len(months) > 1 else "") if months else ""
    readings = sorted({result.chunk.metric for result in mine if result.chunk.metric})
    words = " and ".join("amortized" if reading == AMORTIZED else "actual" for reading in readings)
    return f"{sum(result.row_count or 0 for result in mine):,} rows of {table} {words} {span}".replace(
        "  ", " "
    ).strip()
