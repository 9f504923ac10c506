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


def _plan(processor: float, memory: float | None, night: float | None = None) -> Mapping[str, Level]:
    """Return the levels of an App Service plan by the peaks of its processor and its memory, in percent."""
    levels = {
        "CpuPercentage": Level(processor / 2, processor, night),
        "BytesReceived": Level(4e7, 4e6),
        "BytesSent": Level(9e7, 8e6),
    }
    return levels if memory is None else {**levels, "MemoryPercentage": Level(memory - 4, memory)}


def _sql(processor: float, reading: float, night: float | None = None) -> Mapping[str, Level]:
    """Return the levels of a SQL database or pool by the peaks of its processor and of what it reads, in percent."""
    return {
        "cpu_percent": Level(processor / 3, processor, night),
        "physical_data_read_percent": Level(reading / 3, reading),
        "log_write_percent": Level(2, 5),
        "dtu_consumption_percent": Level(max(processor, reading) / 3, max(processor, reading), night),
        "connection_successful": Level(40, 5),
    }


SIZES: Mapping[str, Mapping[str, Level]] = {
    "disk_quiet": _disk(20, 3),
    "disk_backed_up": _disk(20, 3, night=400),
    "disk_restored": _disk(20, 3, night=1200),
    "disk_scanned": _disk(20, 40),
    "disk_asked": _disk(60, 3),
    "plan_low": _plan(24, 36),
    "plan_deployed_to": _plan(24, 36, night=48),
    "plan_spiky": _plan(24, 36, night=56),
    "plan_asked": _plan(34, 36),
    "plan_half_full": _plan(24, 46),
    "plan_full": _plan(24, 72),
    "plan_blind": _plan(24, None),
    "sql_low": _sql(36, 22),
    "sql_nightly": _sql(36, 22, night=48),
    "sql_throttled": _sql(36, 22, night=56),
    "sql_reading": _sql(12, 44),
    "functions_unused": {"FunctionExecutionCount": Level(0, 0)},
    "functions_rare": {"FunctionExecutionCount": Level(0.05, 1)},
}
"""Ways of use by name; disks allow 500 operations and 100 megabytes a second."""
