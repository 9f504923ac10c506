"""Medians of repeated runs, and how they are printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median_ms(work: Callable[[], object], runs: int = 15) -> float:
    """Return the median time of `work` in milliseconds, after one run that is not counted."""
    work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def show(name: str, figure: float, unit: str, *, aim: str = "", baseline: str = "") -> None:
    """Print one figure, what it should be, and what it is compared with."""
    notes = ", ".join(note for note in (f"aim {aim}" if aim else "", baseline) if note)
    print(f"  {name:<58} {figure:>10,.1f} {unit:<8} {notes}", flush=True)
