"""What one piece of work may spend on Azure, and what it did spend."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

KEPT_FAILED = 8
KEPT_LAST = 2

OnWait = Callable[[float, str], None]


@dataclass
class Calls:
    """The HTTP requests of one piece of work: how many, retries included, and ids to show Azure support.

    `deadline` is an instant of the clock the clients were given (time.monotonic by default).
    """

    deadline: float | None = None
    on_wait: OnWait | None = None
    count: int = 0
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
