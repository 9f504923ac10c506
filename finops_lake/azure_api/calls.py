"""What one piece of work may spend on Azure, and what it did spend."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from finops_lake.azure_api.addresses import Address
from finops_lake.journal.records import ApiCall

KEPT_FAILED = 8
KEPT_LAST = 2
TOO_MANY = 429

OnWait = Callable[[float, str], None]


@dataclass
class CallUnderWay:
    """What is known so far of one call, while it is sent, repeated and read; the lists hold one item per request."""

    address: Address
    method: str
    started_at: datetime
    request_id: str | None
    client_request_id: str | None
    operation: str
    statuses: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    waited_seconds: float = 0.0
    duration_seconds: float = 0.0
    reply_bytes: int = 0
    row_count: int | None = None
    outcome: str = ""
    status: int | None = None
    error: str | None = None
    correlation_id: str | None = None

    def as_call(self) -> ApiCall:
        """Return it as it is remembered."""
        return ApiCall(
            started_at=self.started_at,
            operation=self.operation,
            scope_id=self.address.scope_id,
            api=self.address.api,
            api_version=self.address.api_version,
            method=self.method,
            outcome=self.outcome,
            status=self.status,
            attempts=len(self.statuses),
            throttled=self.statuses.count(TOO_MANY),
            statuses=tuple(self.statuses),
            latencies=tuple(self.latencies),
            waited_seconds=self.waited_seconds,
            duration_seconds=self.duration_seconds,
            reply_bytes=self.reply_bytes,
            row_count=self.row_count,
            error=self.error,
            request_id=self.request_id,
            client_request_id=self.client_request_id,
            correlation_id=self.correlation_id,
            request_ids=tuple(self.request_ids),
        )


@dataclass
class Calls:
    """The HTTP requests of one piece of work: how many, retries included, and ids to show Azure support.

    `deadline` is an instant of the clock the clients were given (time.monotonic by default).
    """

    deadline: float | None = None
    on_wait: OnWait | None = None
    count: int = 0
    _under_way: list[CallUnderWay] = field(default_factory=list, init=False, repr=False)
    _failed: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_FAILED), init=False, repr=False)
    _last: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LAST), init=False, repr=False)

    @property
    def request_ids(self) -> tuple[str, ...]:
        """Return the ids of the latest 8 failed replies, then those of the last 2 replies that were fine."""
        return (*self._failed, *self._last)

    def sent(self) -> None:
        """Count a request on its way."""
        self.count += 1

    def answered(self, request_id: str | None, *, failed: bool) -> None:
        """Keep the id of a reply."""
        if request_id:
            (self._failed if failed else self._last).append(request_id)
            if self._under_way:
                self._under_way[-1].request_ids.append(request_id)

    def begun(self, call: CallUnderWay) -> None:
        """Keep a call that begins; what is noted from now on is about it."""
        self._under_way.append(call)

    def tried(self, status: int, seconds: float) -> None:
        """Note one HTTP request of the call: its status (0: no reply came) and how long that took."""
        if self._under_way:
            self._under_way[-1].statuses.append(status)
            self._under_way[-1].latencies.append(seconds)

    def waited(self, seconds: float) -> None:
        """Note a wait before the call's next request."""
        if self._under_way:
            self._under_way[-1].waited_seconds += seconds

    def read(self, rows: int, size: int) -> None:
        """Note what the call's reply held: rows, and bytes of its body."""
        if self._under_way:
            self._under_way[-1].row_count, self._under_way[-1].reply_bytes = rows, size

    @property
    def repeats(self) -> int:
        """Return how often the call was sent already."""
        return len(self._under_way[-1].statuses) if self._under_way else 0

    @property
    def made(self) -> tuple[ApiCall, ...]:
        """Return every call that was made."""
        return tuple(call.as_call() for call in self._under_way)


_CURRENT: ContextVar[Calls | None] = ContextVar("finops_lake_azure_calls", default=None)


def current_calls() -> Calls:
    """Return what this thread counts just now; a count that nobody reads where it counts nothing."""
    return _CURRENT.get() or Calls()


@contextmanager
def counting(deadline: float | None = None, on_wait: OnWait | None = None) -> Iterator[Calls]:
    """Count the requests made inside, in this thread; no wait inside goes past `deadline`."""
    calls = Calls(deadline, on_wait)
    token = _CURRENT.set(calls)
    try:
        yield calls
    finally:
        _CURRENT.reset(token)
