"""How far a refresh is, in words for a person who waits for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from finops_lake.source import Chunk

SHORT_SECONDS = 30.0
"""A time left that is not worth telling."""


@dataclass(frozen=True)
class Progress:
    """How far a refresh is: chunks done of those planned so far, and what it just did or waits for.

    `seconds_left` is what Azure's published limits make the rest take at least; None where nothing is paced.
    """

    done: int
    total: int
    message: str
    seconds_left: float | None = None

    @property
    def words(self) -> str:
        """The message, with the time left where it is known."""
        if self.seconds_left is None or self.seconds_left < SHORT_SECONDS:
            return self.message
        minutes = math.ceil(self.seconds_left / 60)
        return f"{self.message} (about {minutes} min left)"


OnProgress = Callable[[Progress], None]
"""Called from the refreshing thread and from its workers."""


def steps_of(on_progress: OnProgress | None) -> Callable[[str], None]:
    """Return what tells a step whose share of the whole is not known."""

    def step(message: str) -> None:
        if on_progress:
            on_progress(Progress(0, 0, message))

    return step


def label_of(chunk: Chunk) -> str:
    """Return a chunk in words, such as "cost daily 2026-11 amortized"."""
    words = [chunk.table.replace("_", " ")]
    if chunk.month is not None:
        words.append(f"{chunk.month:%Y-%m}")
    if chunk.metric is not None:
        words.append("amortized" if chunk.metric == "AmortizedCost" else "actual")
    return " ".join(words)
