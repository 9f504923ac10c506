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
    """All rows of one export and period (or of one plain location), loaded and replaced together.

    `month` is the calendar month that the export's run is about; None takes each row's own, from `dated_by`.
    `metric` is None where the table has one reading, or where the rows themselves have to tell (`is_metric_open`).
    """

    table: str
    scope_id: str
    month: date | None
    metric: str | None
    dated_by: str | None
    parts: tuple[FilePart, ...]
    fallback_month: date
    started_at: datetime
    is_metric_open: bool = False
