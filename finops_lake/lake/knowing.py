"""What the lake's processes know that no published file has yet, looked up once for all that one answer asks."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from finops_lake.source import ChunkResult

Confirmed = Callable[[], Sequence[ChunkResult]]
"""Gives the attempts that changed nothing and are not in `meta.loads` yet."""

Alerted = Callable[[], Sequence[Mapping[str, Any]]]
"""Gives the rows of `marts.alerts` that are not in `meta.alerts` yet, or otherwise there."""

Version = tuple[int | None, datetime | None]
"""The generation, and the last confirmation's instant: changes whenever anything is known anew."""


@dataclass(frozen=True)
class Known:
    """What was known at one moment."""

    version: Version
    confirmed: Sequence[ChunkResult]
    alerted: Sequence[Mapping[str, Any]]


class Knowing:
    """Looks up what is known: the journal is opened and a folder listed each time, unless inside `steady`."""

    def __init__(
        self, generation: Callable[[], int | None], confirmed: Confirmed | None, alerted: Alerted | None
    ) -> None:
        self._generation = generation
        self._confirmed = confirmed or (lambda: ())
        self._alerted = alerted or (lambda: ())
        self._steady: contextvars.ContextVar[Known | None] = contextvars.ContextVar("finops_lake_known", default=None)

    def now(self) -> Known:
        """Return what is known now; inside `steady` what was known when it began."""
        return self._steady.get() or self._look()

    @contextlib.contextmanager
    def steady(self) -> Iterator[None]:
        """Have all that is asked inside (by this thread, and those that copy its context) rest on what is known now."""
        token = self._steady.set(self._look())
        try:
            yield
        finally:
            self._steady.reset(token)

    def _look(self) -> Known:
        confirmed = self._confirmed()
        newest = max((one.finished_at for one in confirmed), default=None)
        return Known((self._generation(), newest), confirmed, self._alerted())
