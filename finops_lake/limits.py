"""What Azure's published limits allow: when a call may leave, and how long many calls take at least.

Each bucket allows so many units within any window of so many seconds. The limits are those of the documentation and
of practice: Cost Management counts query units (QPU: one for each month of data; "Manage costs with automation") and
requests by scope and tenant; Resource Graph and Resource Manager count requests ("Guidance for throttled requests",
"Request limits and throttling"); of Azure Monitor's batches it allows 360,000 an hour for a subscription ("Azure
Monitor service limits"). A window that may begin at any instant is stricter than Azure's own counting.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from finops_lake.source import Api

MARGIN_SECONDS = 0.001
"""A call leaves so much after the instant at which an older one no longer counts."""


@dataclass(frozen=True)
class Draw:
    """What one call takes: `units` of a bucket that allows `allowed` of them in any `seconds`."""

    bucket: str
    units: int
    seconds: float
    allowed: int

    def as_learned(self, allowed: int | None) -> Draw:
        """Return the draw on a bucket that Azure's headers have shown to allow so many; never fewer than published."""
        return self if allowed is None or allowed <= self.allowed else replace(self, allowed=allowed)


def draws_of(api: Api, scope_id: str, months: int = 1) -> tuple[Draw, ...]:
    """Return what one call draws on; `months` is the data a cost query covers, begun months counting as whole."""
    scope = scope_id.strip("/").lower()
    if api in (Api.COST_QUERY, Api.COST_REPORT):
        requests = (
            Draw(f"cost/entity/{scope}", 1, 60, 4),
            Draw("cost/tenant", 1, 60, 20),
            Draw("cost/clienttype", 1, 60, 2000),
        )
        units = max(months, 1)
        query_units = (
            Draw("cost/qpu/10s", units, 10, 12),
            Draw("cost/qpu/minute", units, 60, 60),
            Draw("cost/qpu/hour", units, 3600, 600),
        )
        return requests + query_units if api is Api.COST_QUERY else requests
    if api is Api.USAGE_DETAILS:
        return Draw(f"consumption/usage/{scope}", 1, 60, _usage_details_per_minute(scope)), *_consumption(scope)
    if api is Api.CONSUMPTION:
        return _consumption(scope)
    if api is Api.RESOURCE_GRAPH:
        return (Draw("resource_graph", 1, 5, 15),)
    if api is Api.METRICS:
        return (Draw(f"metrics/{_subscription(scope)}", 1, 60, 6000),)
    return () if api is Api.UNLIMITED else (Draw(f"arm/{_subscription(scope)}", 1, 10, 250),)


def limit_in_words(draw: Draw) -> str:
    """Return what a limit allows, in words for a person who waits for it."""
    span = {60: "a minute", 3600: "an hour"}.get(int(draw.seconds), f"in {draw.seconds:.0f} s")
    words = next((words for start, words in _WORDS.items() if draw.bucket.startswith(start)), "requests")
    return f"Azure allows {draw.allowed} {words} {span}"


_WORDS = {
    "cost/entity/": "cost requests for one scope",
    "cost/qpu/": "months of cost data",
    "cost/": "cost requests for one sign-in",
    "consumption/usage/": "usage requests for one scope",
    "consumption/": "consumption requests",
    "resource_graph": "Resource Graph requests",
    "metrics/": "metrics requests for one subscription",
}


def _consumption(scope: str) -> tuple[Draw, ...]:
    return Draw(f"consumption/{scope}", 1, 60, 30), Draw("consumption/tenant", 1, 60, 200)


def _usage_details_per_minute(scope: str) -> int:
    """Return what Azure's support names: 10 for a subscription, 2 for the widest scopes, 6 for others."""
    if scope.startswith("subscriptions/"):
        return 10
    wide = ("microsoft.management/", "/enrollmentaccounts/", "/departments/")
    return 2 if any(word in scope for word in wide) else 6


def _subscription(scope: str) -> str:
    parts = scope.split("/")
    return parts[1] if parts[0] == "subscriptions" and len(parts) > 1 else "tenant"


@dataclass
class Spent:
    """What was taken from one bucket: instants in ascending order, and the units up to each.

    `allowed` is what Azure's headers have shown it to allow, None where nothing was learned; `held_until` the instant
    until which a 429 closed it.
    """

    at: list[float] = field(default_factory=list)
    allowed: int | None = None
    held_until: float = 0.0
    _pairs: list[tuple[float, int]] = field(default_factory=list)
    _sums: list[int] = field(default_factory=lambda: [0])
    _found: tuple[float, Draw, float] | None = None

    def add(self, at: float, units: int) -> None:
        """Take units at an instant."""
        place = bisect_right(self.at, at)
        self.at.insert(place, at)
        self._pairs.insert(place, (at, units))
        del self._sums[place + 1 :]
        for _, count in self._pairs[place:]:
            self._sums.append(self._sums[-1] + count)

    def units(self, after: float, up_to: float) -> int:
        """Return the units taken in a span; its start does not count, its end does."""
        return self._sums[bisect_right(self.at, up_to)] - self._sums[bisect_right(self.at, after)]

    def earliest(self, draw: Draw, not_before: float) -> float:
        """Return the first instant at which the draw fits, with what is booked ahead still fitting, too.

        What is larger than its bucket fits where the bucket is full. Asked the same again, it goes on from where it
        was, since a bucket only fills: a plan of thousands of calls asks thousands of times.
        """
        draw, not_before = draw.as_learned(self.allowed), max(not_before, self.held_until)
        instant = not_before
        if self._found is not None and self._found[:2] == (not_before, draw):
            instant = self._found[2]
        while True:
            later = self._past_full(draw, instant)
            later = self._past_booked(draw, later)
            if later == instant:
                self._found = (not_before, draw, instant) if self._is_kept(not_before, draw) else self._found
                return instant
            instant = later

    def _is_kept(self, not_before: float, draw: Draw) -> bool:
        """Return whether an answer is worth keeping: the first question's, which is the one that comes again."""
        return self._found is None or self._found[:2] == (not_before, draw)

    def _past_full(self, draw: Draw, instant: float) -> float:
        """Return the instant at which enough of what counts at `instant` no longer does."""
        used = self.units(instant - draw.seconds, instant)
        excess = min(used, used + draw.units - draw.allowed)
        if excess <= 0:
            return instant
        first = bisect_right(self.at, instant - draw.seconds)
        place = bisect_left(self._sums, self._sums[first] + excess, lo=first + 1) - 1
        return max(self.at[place] + draw.seconds + MARGIN_SECONDS, math.nextafter(instant, math.inf))

    def _past_booked(self, draw: Draw, instant: float) -> float:
        """Return the last booking ahead whose window the draw would overfill, else the instant itself."""
        ahead = self.at[bisect_right(self.at, instant) : bisect_right(self.at, instant + draw.seconds)]
        for booked in reversed(ahead):
            within = self.units(booked - draw.seconds, booked) + draw.units
            if booked - draw.seconds < instant and within > draw.allowed:
                return booked
        return instant


def first_fit(draws: Sequence[Draw], spent: Callable[[str], Spent], not_before: float) -> float:
    """Return the first instant at which a call may leave whose draws must all fit."""
    instant = not_before
    while True:
        later = max((spent(draw.bucket).earliest(draw, instant) for draw in draws), default=instant)
        if later == instant:
            return instant
        instant = later


def least_seconds(draws: Iterable[Draw]) -> float:
    """Return the time that calls take at least from full buckets, whatever their order: the bound of the limits.

    A bucket lets its allowance go at once, and the same again at the end of each window.
    """
    totals: dict[tuple[str, float, int], int] = {}
    for draw in draws:
        key = (draw.bucket, draw.seconds, draw.allowed)
        totals[key] = totals.get(key, 0) + draw.units
    return max(
        ((math.ceil(units / allowed) - 1) * seconds for (_, seconds, allowed), units in totals.items()), default=0.0
    )
