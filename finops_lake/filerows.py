"""What a file offers to the lake: rows of one raw table that the database reads straight from the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path


@dataclass(frozen=True)
class Field:
    """A column inside a file: its name there (CSV: `c<place>`), as a person reads it, and its type in Parquet.

    `kind` is text, amount, day, instant, flag or nested: how the value has to be turned into ours. `decimals` is the
    scale of a decimal column, None where each value has its own.
    """

    name: str
    header: str
    kind: str = "text"
    decimals: int | None = None


@dataclass(frozen=True)
class FilePart:
    """One file of this machine: where it lies, what the user calls it, and which of its fields fill which column.

    `rows` is what a manifest promises, None where nobody did.
    """

    path: Path
    label: str
    is_parquet: bool
    fields: Mapping[str, Field]
    width: int = 0
    delimiter: str = ","
    is_gzip: bool = False
    rows: int | None = None


@dataclass(frozen=True)
class FileRows:
    """All rows of one export and period (or of some plain files), loaded and replaced together.

    `months` are the first and the last calendar month that the export's run is about: rows of an earlier or a later
    day count with them, as on the invoice. None takes each row's own month, from the column `dated_by`. `metric` is
    None where the table has one reading.
    """

    table: str
    scope_id: str
    months: tuple[date, date] | None
    metric: str | None
    dated_by: str | None
    parts: tuple[FilePart, ...]
    started_at: datetime

    @property
    def month(self) -> date | None:
        """The one month it is about; None where rows tell."""
        return self.months[0] if self.months and self.months[0] == self.months[1] else None


@dataclass(frozen=True)
class FileNote:
    """What became of one file: a row of `meta.files`. `version` changes whenever the file does."""

    scope_id: str
    path: str
    table: str | None
    size: int
    version: str
    run_id: str | None
    outcome: str
    reason: str | None
    read_at: datetime
