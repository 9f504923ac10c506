"""Two parts of an answer asked at the same time: planning a question keeps one core busy, and there are more."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


def together(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """Return what both give; `second` runs in a thread of its own. Raises what either raises, after both have ended."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        other = pool.submit(contextvars.copy_context().run, second)
        return first(), other.result()
