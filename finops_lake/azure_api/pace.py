"""Waiting: for a gate to open, between repetitions, never past the deadline. Nothing of azure.* here."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from finops_lake.azure_api.advice import wait_step
from finops_lake.azure_api.calls import current_calls
from finops_lake.azure_api.throttle import Booking, Throttle
from finops_lake.azure_api.waits import Bucket, Gates
from finops_lake.errors import OutOfTimeError, ThrottledError, UnreachableError
from finops_lake.limits import Draw, limit_in_words

LOG = logging.getLogger("finops_lake.azure")

JITTER = 0.1
"""Part of a wait by which threads spread out, so that they do not all come back in the same instant."""


class Pace:
    """The clock, the sleep and the gates that all calls of one AzureClients share.

    `longest_wait` bounds a single wait where the caller set no deadline. Without a `throttle` nothing is paced
    ahead of Azure's own refusals.
    """

    def __init__(
        self,
        *,
        longest_wait: float,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
        throttle: Throttle | None = None,
    ) -> None:
        self._throttle = throttle
        self._closing = threading.Event()
        self._sleep = sleep or self._closing.wait
        self._longest_wait = longest_wait
        self._rng = rng
        self.clock = clock
        self.gates = Gates()
        self.skew: float | None = None

    def close(self) -> None:
        """End every wait in progress; the calls that wait then fail."""
        self._closing.set()

    def remaining(self) -> float | None:
        """Return the seconds until this thread's deadline, None where there is none."""
        deadline = current_calls().deadline
        return None if deadline is None else deadline - self.clock()

    def fits(self, seconds: float) -> bool:
        """Return whether a wait of `seconds` ends before the deadline."""
        remaining = self.remaining()
        return seconds <= self._longest_wait if remaining is None else seconds < remaining

    def spread(self, seconds: float) -> float:
        """Return a wait with jitter added; never less than what was asked for."""
        return seconds + self._rng() * max(1.0, JITTER * seconds)

    def hold(self, buckets: Iterable[Bucket], what: str, request_id: str | None = None) -> None:
        """Wait until the gates of `buckets` are open.

        Raises ThrottledError at once, with the time to wait, when that lies past the deadline. `request_id`
        is that of the reply that closed the gate, if this very call got it.
        """
        buckets = tuple(buckets)
        while True:
            opens_at = self.gates.opens_at(buckets)
            seconds = 0.0 if opens_at is None else opens_at - self.clock()
            if seconds <= 0:
                return
            if not self.fits(seconds):
                raise ThrottledError(
                    f"Azure asks to wait before {what}, longer than there is time for.",  # alike each time: no seconds
                    retry_after=seconds,
                    next_step=wait_step(seconds),
                    code="429",
                    request_id=request_id,
                )
            wait = self.spread(seconds)
            self.wait(wait if self.fits(wait) else seconds, f"Azure asks to wait before {what}")

    def turn(self, draws: tuple[Draw, ...], what: str) -> Booking | None:
        """Wait until the published limits allow a call, and return its booking; None where nothing is paced.

        Raises OutOfTimeError at once when that lies past the deadline.
        """
        if self._throttle is None or not draws:
            return None
        booking = self._throttle.book(draws)
        try:
            while (seconds := booking.leaves_at - self._throttle.clock()) > 0:
                why = limit_in_words(booking.waits_for) if booking.waits_for else "Azure asks to wait"
                if not self.fits(seconds):
                    raise OutOfTimeError(
                        f"{what} may leave in {seconds:.0f} s ({why}), which is more time than there is.",
                        retry_after=seconds,
                        next_step=wait_step(seconds),
                    )
                self.wait(seconds, why)
                booking = self._throttle.settle(booking)
        except BaseException:
            self._throttle.cancel(booking)
            raise
        return booking

    def answered(self, booking: Booking | None, headers: Mapping[str, str]) -> None:
        """Note the reply to a call that had its turn, and what it says is left."""
        if self._throttle is not None and booking is not None:
            self._throttle.answered(booking, dict(headers))

    def refused(self, draws: tuple[Draw, ...], seconds: float) -> None:
        """Hold back the calls of all processes on these buckets."""
        if self._throttle is not None and draws:
            self._throttle.hold(draws, seconds)

    def wait(self, seconds: float, why: str) -> None:
        """Sleep, after telling whoever counts the calls of this thread."""
        LOG.info("waiting %.1f s: %s", seconds, why)
        calls = current_calls()
        calls.waited(seconds)
        if calls.on_wait is not None:
            calls.on_wait(seconds, why)
        self._sleep(seconds)
        if self._closing.is_set():
            raise UnreachableError("The connection to Azure was closed while waiting.")
