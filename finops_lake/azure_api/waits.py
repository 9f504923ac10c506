"""How long Azure asks us to wait, and gates that hold every thread back until then.

Nothing of azure.* is imported here.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

COST_FLOOR = 30.0
"""Seconds to wait when Cost Management says "too many" and names no time: its buckets fill by the minute."""

BACKOFF = 2.0
LONGEST_BACKOFF = 60.0

_RATE_LIMIT = re.compile(r"x-ms-ratelimit-microsoft\.(?P<service_and_bucket>.+)-retry-after$")
_SHARED_BUCKETS = frozenset({"tenant", "clienttype", "client", "qpu", "user"})
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)$")


def named_waits(headers: Mapping[str, str], now: datetime) -> dict[str, float]:
    """Return the seconds Azure's headers name, by what they hold back.

    "scope": only calls like this one. "all": every call of this kind, because the bucket of the tenant, the
    client type or the query units is empty. `now` is taken for HTTP dates when the reply carries no Date.
    """
    waits: dict[str, float] = {}
    for name, value in headers.items():
        lowered = name.lower()
        rate_limit = _RATE_LIMIT.match(lowered)
        if rate_limit:
            words = rate_limit["service_and_bucket"].split("-")[1:]
            holds, seconds = ("scope" if _SHARED_BUCKETS.isdisjoint(words) else "all"), _seconds(value)
        elif lowered == "retry-after":
            holds, seconds = "scope", _seconds(value, _date(headers) or now)
        elif lowered in ("retry-after-ms", "x-ms-retry-after-ms"):
            holds, seconds = "scope", _thousandth(_seconds(value))
        elif lowered == "x-ms-user-quota-resets-after":
            holds, seconds = "all", _seconds(value)
        else:
            continue
        if seconds is not None:
            waits[holds] = max(seconds, waits.get(holds, 0.0))
    return waits


def clock_skew(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return by how many seconds our clock is ahead of Azure's; None where a reply does not tell the time."""
    date = _date(headers)
    return None if date is None else (now - date).total_seconds()


def backoff(repeat: int) -> float:
    """Return seconds to wait before the `repeat`-th repetition (1 is the first): 2, 4, 8 ... at most 60."""
    return float(min(BACKOFF * 2 ** (repeat - 1), LONGEST_BACKOFF))


def _seconds(value: str, now: datetime | None = None) -> float | None:
    value = value.strip()
    clock = _CLOCK.match(value)
    if clock:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
    try:
        seconds = float(value)
    except ValueError:
        date = _parsed_date(value) if now else None
        return max(0.0, (date - now).total_seconds()) if date and now else None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _thousandth(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _date(headers: Mapping[str, str]) -> datetime | None:
    return next((_parsed_date(value) for name, value in headers.items() if name.lower() == "date"), None)


def _parsed_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


Bucket = tuple[str, str, str]


def buckets_of(url: str) -> tuple[Bucket, Bucket]:
    """Return what a call draws on: the bucket of its scope, and the one it shares with all calls of its kind.

    Cost Management counts by scope and by tenant; the rest of Azure by subscription.
    """
    parts = urlsplit(url)
    path = parts.path.lower()
    scope, marker, _ = path.partition("/providers/microsoft.costmanagement/")
    if not marker:
        scope, marker, _ = path.partition("/providers/microsoft.consumption/")
    if marker:
        kind = marker.split("/")[2]
        return (parts.netloc.lower(), kind, scope), (parts.netloc.lower(), kind, "*")
    subscription = "/".join(path.split("/")[:3]) if path.startswith("/subscriptions/") else ""
    return (parts.netloc.lower(), "arm", subscription), (parts.netloc.lower(), "arm", "*")


def is_cost_management(url: str) -> bool:
    """Return whether a call goes to one of the two cost services."""
    return buckets_of(url)[0][1] != "arm"


class Gates:
    """For each bucket, the instant until which no call may be made; shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opens_at: dict[Bucket, float] = {}

    def close(self, bucket: Bucket, until: float) -> None:
        """Hold every call on `bucket` until an instant; never shortens an earlier hold."""
        with self._lock:
            self._opens_at[bucket] = max(until, self._opens_at.get(bucket, until))

    def opens_at(self, buckets: Iterable[Bucket]) -> float | None:
        """Return the instant at which all of `buckets` are open, None if no hold was ever named."""
        with self._lock:
            found = [self._opens_at[bucket] for bucket in buckets if bucket in self._opens_at]
        return max(found, default=None)
