"""The one throttle of a home: every process books its calls in the journal before it makes them.

A call leaves when the published limits allow it, so that Azure seldom has to refuse one; and what Azure says of its
own count (remaining, retry-after) corrects ours, since others draw on the same limits. Nothing of azure.* here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from finops_lake.journal import Buckets, Journal
from finops_lake.limits import Draw, Spent, first_fit

LONGEST_QUEUE_SECONDS = 7_200.0
"""Places further ahead than that were booked by a clock that has since been set back."""

LEARNED_FOR_SECONDS = 86_400.0
"""How long a limit larger than the published one is believed after Azure's headers showed it."""

OTHERS = 0
"""The booking under which the calls of others are kept, that only Azure's own count tells of."""

_QUOTA = re.compile(r"x-ms-ratelimit-remaining-microsoft\.costmanagement-(?P<name>entity|tenant|clienttype)-requests$")
_QUERY_UNITS = "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining"
_QUERY_WINDOWS = {
    "queriesperhour": "cost/qpu/hour",
    "queriespermin": "cost/qpu/minute",
    "queriesper10sec": "cost/qpu/10s",
}
_USER_QUOTA = "x-ms-user-quota-remaining"


@dataclass(frozen=True)
class Booking:
    """A place in the queue: its number, what it draws, and the instant it may leave (seconds of the wall clock).

    `waits_for` is the limit that makes it wait; None where it need not, or where a 429 holds it back.
    """

    number: int
    draws: tuple[Draw, ...]
    leaves_at: float
    waits_for: Draw | None = None


class Throttle:
    """Books calls; shared by all threads, and through the journal by all processes of a home."""

    def __init__(self, journal: Journal, clock: Callable[[], float] = time.time) -> None:
        self._journal = journal
        self.clock = clock

    def book(self, draws: Sequence[Draw]) -> Booking:
        """Take the first place in which a call fits; it is taken from everybody else from now on."""
        now = self.clock()
        with self._journal.buckets() as buckets:
            known = [_learned(draw, buckets, now) for draw in draws]
            return _booked(buckets, tuple(known), now)

    def settle(self, booking: Booking) -> Booking:
        """Return the booking as of now: later than it was, where Azure or slow calls have spent more meanwhile."""
        now = self.clock()
        with self._journal.buckets() as buckets:
            buckets.cancel(booking.number)
            return _booked(buckets, booking.draws, now)

    def cancel(self, booking: Booking) -> None:
        """Give a place back that is not used."""
        with self._journal.buckets() as buckets:
            buckets.cancel(booking.number)

    def answered(self, booking: Booking, headers: Mapping[str, str]) -> None:
        """Note that a call has its reply: Azure counted it at the latest now, and says what is left."""
        now = self.clock()
        with self._journal.buckets() as buckets:
            buckets.move(booking.number, now)
            for draw, left in remaining(booking.draws, headers):
                _learn(buckets, draw, left, now)

    def hold(self, draws: Sequence[Draw], seconds: float) -> None:
        """Hold every call on the buckets of these draws, in all processes, as a 429 asked for."""
        until = self.clock() + seconds
        with self._journal.buckets() as buckets:
            for draw in draws:
                buckets.hold(draw.bucket, until)


def spent_of(journal: Journal, names: Iterable[str], now: float) -> dict[str, Spent]:
    """Return what is spent and booked of buckets, learned of them and held back, for a plan to go on from."""
    with journal.buckets() as buckets:
        found = {name: _spent(buckets, name, now) for name in names}
        for name, spent in found.items():
            spent.allowed = buckets.allowed(name, now - LEARNED_FOR_SECONDS)
            spent.held_until = buckets.held_until([name]) or 0.0
    return found


def remaining(draws: Sequence[Draw], headers: Mapping[str, str]) -> Iterator[tuple[Draw, int]]:
    """Yield what Azure's headers say is left of each bucket a call drew on."""
    told: dict[str, int] = {}
    for name, value in headers.items():
        lowered = name.lower()
        quota = _QUOTA.match(lowered)
        if quota:
            told[f"cost/{quota['name']}"] = _number(value.rpartition(":")[2])
        elif lowered == _QUERY_UNITS:
            for part in value.split(","):
                window, _, count = part.partition(":")
                told[_QUERY_WINDOWS.get(window.strip().lower(), "")] = _number(count)
        elif lowered == _USER_QUOTA:
            told["resource_graph"] = _number(value)
    for draw in draws:
        left = told.get("cost/entity" if draw.bucket.startswith("cost/entity/") else draw.bucket, -1)
        if left >= 0:
            yield draw, left


def _booked(buckets: Buckets, draws: tuple[Draw, ...], now: float) -> Booking:
    for draw in draws:
        buckets.forget(draw.bucket, now - draw.seconds, now + LONGEST_QUEUE_SECONDS)
    spent = {draw.bucket: _spent(buckets, draw.bucket, now) for draw in draws}
    held_until = max(now, buckets.held_until(spent) or now)
    leaves_at = first_fit(draws, spent.__getitem__, held_until)
    slowest = max(draws, key=lambda draw: spent[draw.bucket].earliest(draw, held_until))
    number = buckets.book({draw.bucket: draw.units for draw in draws}, leaves_at)
    return Booking(number, draws, leaves_at, slowest if leaves_at > held_until else None)


def _spent(buckets: Buckets, bucket: str, now: float) -> Spent:
    spent = Spent()
    for one in buckets.spent(bucket):
        if one.at <= now + LONGEST_QUEUE_SECONDS:
            spent.add(one.at, one.units)
    return spent


def _learned(draw: Draw, buckets: Buckets, now: float) -> Draw:
    return draw.as_learned(buckets.allowed(draw.bucket, now - LEARNED_FOR_SECONDS))


def _learn(buckets: Buckets, draw: Draw, left: int, now: float) -> None:
    """Correct our count of a bucket by Azure's own.

    More left than we thought there is in all proves a larger limit. Less left than our own calls explain was spent
    by others (a portal, another machine); nobody says when, so it counts from now.
    """
    if left > draw.allowed:
        buckets.allow(draw.bucket, left, now)
    own = sum(
        one.units for one in buckets.spent(draw.bucket) if one.booking != OTHERS and now - draw.seconds < one.at <= now
    )
    buckets.others(draw.bucket, max(draw.allowed - left - own, 0), now)


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() else -1
