"""What the journal keeps: values only. Instants are aware and UTC, unless a field says seconds of the wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from finops_lake.source import Chunk


@dataclass(frozen=True)
class Spend:
    """Units that one booked call takes from one bucket at an instant (seconds of the wall clock)."""

    booking: int
    at: float
    units: int


@dataclass(frozen=True)
class Operation:
    """Work that Azure does in the background for a chunk, such as a cost details report.

    `location` is the address or id to ask at, never one that holds a secret. While `finished_at` is None the
    operation is pending, and whoever comes next goes on asking there instead of starting another one.
    """

    chunk: Chunk
    location: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class ApiCall:
    """One call of Azure, repetitions included: a row of `meta.api_calls` that waits for the next real write.

    `status` is that of the last reply (None: there was none), `waited_seconds` the time held back by throttles,
    `latency_seconds` the time on the wire, `trace_id` what ties it to the tool call or run that caused it.
    """

    started_at: datetime
    scope_id: str
    operation: str
    status: int | None
    attempts: int
    waited_seconds: float
    latency_seconds: float
    reply_bytes: int
    row_count: int | None = None
    error_type: str | None = None
    request_ids: tuple[str, ...] = ()
    trace_id: str | None = None


@dataclass(frozen=True)
class Run:
    """One run of a schedule; `finished_at` None: it still runs, or its process died."""

    run_id: int
    name: str
    due_at: datetime
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    detail: str | None = None
