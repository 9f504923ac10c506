"""What a raw table is, and the pieces of work a refresh is made of."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from finops_lake.errors import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

AMOUNT_PRECISION = 38
AMOUNT_SCALE = 24
"""Amounts are decimal(38, 24): the smallest real export values seen need 23 decimals."""


class Api(StrEnum):
    """Which of Azure's services answers, since each has limits of its own (see limits.py)."""

    ARM = "arm"
    COST_QUERY = "cost_query"
    COST_REPORT = "cost_report"
    USAGE_DETAILS = "usage_details"
    CONSUMPTION = "consumption"
    RESOURCE_GRAPH = "resource_graph"
    METRICS = "metrics"
    UNLIMITED = "unlimited"


class ScopeKind(StrEnum):
    """Kinds of scopes a table is asked for: the whole sign-in ("/"), each subscription, or others configured.

    BILLING are those of the others that lie beneath a billing account.
    """

    TENANT = "tenant"
    SUBSCRIPTION = "subscription"
    OTHER = "other"
    BILLING = "billing"


@dataclass(frozen=True)
class Source:
    """A raw table: its name in schema `raw`, its columns, and how long a load of it stays fresh.

    `key` names the columns that identify a row within one chunk. `monthly` tables are loaded one calendar
    month (UTC) at a time, the others whole. `metrics` are the readings a monthly table is loaded in, each on
    its own; empty where there is one. `columns` describes every column in one line. `api` answers for it, with
    about `calls` requests for a chunk that was never loaded; `scope_kinds` are the scopes it is asked for. Where Azure
    answers for many scopes at once, up to `batch` chunks are asked for together, and `calls` are those of all of them.
    A cost query of it covers `query_months` months of data, each of which counts against the limits.
    `remembers` says that rows which go are kept in `history.<table>`, with the instant until which they held.
    """

    table: str
    comment: str
    schema: pa.Schema
    key: tuple[str, ...]
    max_age: timedelta
    columns: Mapping[str, str]
    monthly: bool = False
    metrics: tuple[str, ...] = ()
    api: Api = Api.ARM
    calls: int = 1
    scope_kinds: frozenset[ScopeKind] = frozenset({ScopeKind.SUBSCRIPTION})
    query_months: int = 1
    batch: int = 1
    remembers: bool = False


@dataclass(frozen=True, order=True)
class Chunk:
    """The smallest piece that is fetched, loaded and replaced as a whole.

    `scope_id` is an ARM scope without a trailing slash, lower-cased (`/subscriptions/<guid>`), or "/" for what
    belongs to the whole sign-in. `month` is the first day of a UTC calendar month, None for tables that are
    not monthly.
    """

    table: str
    scope_id: str
    month: date | None = None
    metric: str | None = None


class StoredRows:
    """Rows that are too many for the memory, in a Parquet file of this machine; it vanishes when they are let go of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.num_rows = 0
        self._finalizer = weakref.finalize(self, _delete, path)

    def of(self, count: int) -> StoredRows:
        """Say how many rows there are, and return it."""
        self.num_rows = count
        return self

    def discard(self) -> None:
        """Delete the file."""
        self._finalizer()


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):  # held by somebody: the next writer of the home clears it away
        path.unlink()


@dataclass(frozen=True)
class Fetched:
    """What Azure answered for one chunk; rows as in `Source.schema`.

    `complete` is False when something is missing from the rows (then `reason` says what): nothing may be
    concluded from the absence of a row. `calls` counts HTTP requests; `inexact_amounts` the amounts that had
    more than 24 decimals and were rounded half-even to 24.
    """

    rows: pa.Table | StoredRows
    complete: bool = True
    reason: str | None = None
    calls: int = 1
    request_ids: tuple[str, ...] = ()
    inexact_amounts: int = 0

    def discard(self) -> None:
        """Let go of the rows, which are loaded now or never."""
        if isinstance(self.rows, StoredRows):
            self.rows.discard()


@dataclass(frozen=True)
class ChunkResult:
    """One row of `meta.loads`: what became of one chunk. Instants are UTC; `request_id` is ours.

    `changed` is False when the rows that came are those the lake held already: then no data table was touched.
    """

    chunk: Chunk
    outcome: Outcome
    started_at: datetime
    finished_at: datetime
    complete: bool = False
    row_count: int | None = None
    reason: str | None = None
    next_step: str | None = None
    error_code: str | None = None
    calls: int = 0
    request_ids: tuple[str, ...] = field(default=())
    inexact_amounts: int = 0
    request_id: str | None = None
    changed: bool = True


Arrived = tuple[ChunkResult, Fetched | None]
"""What became of a chunk, and its rows if there are any."""


def first_of_month(day: date) -> date:
    """Return the first day of the month that `day` lies in."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after `month`."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def months_back(day: date, count: int) -> list[date]:
    """Return the first days of the `count` months that end with the month of `day`, newest first."""
    months = [first_of_month(day)]
    while len(months) < count:
        months.append(first_of_month(months[-1] - timedelta(days=1)))
    return months
