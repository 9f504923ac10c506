"""How much resources are used that could be smaller: levels of Azure Monitor's metrics, by way of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """What an hour of a metric looks like: its mean (or, of counted units, its sum), its peak, and the nightly peak."""

    mean: float
    peak: float
    night: float | None = None


def _disk(operations: float, megabytes: float, night: float | None = None) -> Mapping[str, Level]:
    """Return the levels of a disk by the peaks of what is read and written together, in a second."""
    return {
        **{
            f"Composite Disk {way} Operations/sec": Level(20 * operations, operations / 2, night and night / 2)
            for way in ("Read", "Write")
        },
        **{
            f"Composite Disk {way} Bytes/sec": Level(2e7 * megabytes, 5e5 * megabytes, night and 1e4 * night)
            for way in ("Read", "Write")
        },
    }


SIZES: Mapping[str, Mapping[str, Level]] = {
    "disk_quiet": _disk(20, 3),
    "disk_backed_up": _disk(20, 3, night=400),
    "disk_restored": _disk(20, 3, night=1200),
    "disk_scanned": _disk(20, 40),
    "disk_asked": _disk(60, 3),
}
"""Ways of use by name, of a disk that allows 500 operations and 100 megabytes a second."""
