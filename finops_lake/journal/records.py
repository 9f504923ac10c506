"""What the journal keeps: values only. Instants are aware and UTC, unless a field says seconds of the wall clock."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
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


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class ApiCall:
    """One call of Azure, repetitions included: a row of `meta.api_calls` that waits for the next real write.

    No query string, no body, no token. `statuses` and `latencies` (seconds) hold one item per HTTP request, status
    0 where no reply came; `waited_seconds` is the time held back by throttles and before repetitions. `request_id`
    is ours and ties it to the tool call or run that caused it; `client_request_id` is the call's own, `request_ids`
    are Azure's.
    """

    started_at: datetime
    operation: str
    scope_id: str
    api: str
    api_version: str | None
    method: str
    outcome: str
    status: int | None
    attempts: int
    throttled: int
    statuses: tuple[int, ...]
    latencies: tuple[float, ...]
    waited_seconds: float
    duration_seconds: float
    reply_bytes: int
    row_count: int | None = None
    error: str | None = None
    request_id: str | None = None
    client_request_id: str | None = None
    correlation_id: str | None = None
    request_ids: tuple[str, ...] = ()
    call_id: str = field(default_factory=_new_id)


@dataclass(frozen=True)
class AnswerGiven:
    """One call of a tool, the names of its arguments without their values: a row of `meta.answers` that waits.

    `freshness` is fresh (nothing was due), refreshed (a refresh ended before the answer), stale (something was due
    and is not refreshed yet) or None where the tool asks for no refresh.
    """

    started_at: datetime
    tool: str
    arguments: tuple[str, ...]
    outcome: str
    freshness: str | None
    duration_seconds: float
    row_count: int | None
    answer_bytes: int
    request_id: str | None
    answer_id: str = field(default_factory=_new_id)


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
