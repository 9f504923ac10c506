"""Results that are too large for one answer, kept for a while so that they can be read on by their id."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from finops_lake.answers.answer import Answer
from finops_lake.errors import InputError

KEPT_RESULTS = 16
KEPT_SECONDS = 1800.0


class Shelf:
    """Keeps the newest results in memory. Thread-safe; ids cannot be guessed, and belong to no session.

    So the same id works for a tool call and for a resource, over either protocol era.
    """

    def __init__(
        self,
        *,
        count: int = KEPT_RESULTS,
        seconds: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, answer: Answer) -> str:
        """Keep a result with all its rows, and return its id; the oldest goes when there are too many."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._kept[name] = (self._clock() + self._seconds, answer)
            while len(self._kept) > self._count:
                self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> Answer:
        """Return a kept result; InputError when there is none of that id any more."""
        with self._lock:
            now = self._clock()
            for expired in [key for key, (until, _) in self._kept.items() if until <= now]:
                del self._kept[expired]
            found = self._kept.get(name)
        if found is None:
            minutes = f"{self._seconds / 60:g}"
            raise InputError(
                "result_id",
                name,
                f"no result of that id is kept (the newest {self._count} are, for {minutes} minutes);"
                " run its sql again to get a new one",
            )
        return found[1]
