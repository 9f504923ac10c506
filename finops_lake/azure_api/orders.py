"""Which cost details reports were ordered, so that none is ordered twice: kept in the journal, over kills.

Azure allows one report per scope, month, metric and day, and takes minutes to make it. Nothing of azure.* here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from finops_lake.journal import Journal, Operation
from finops_lake.source import Chunk

LASTS = timedelta(hours=24)
"""How long an order stands: within it the same report is asked for again, not another one ordered."""

IN_PLACE = "in place of a report whose links had expired"
"""Marks the second order of a day, which is the last."""


@dataclass(frozen=True)
class Order:
    """One order: where Azure is asked for the report ("": there are no charges), and when it was ordered (UTC).

    `failure` is what Azure said when it could not make the report; None while it may still come.
    """

    location: str
    ordered_at: datetime
    failure: str | None = None
    is_last_of_day: bool = False


class Orders:
    """The orders of one home; safe for several threads and processes."""

    def __init__(self, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._journal = journal
        self._clock = clock

    def standing(self, chunk: Chunk) -> Order | None:
        """Return the order of the last 24 hours for a report, None where there is none."""
        kept = self._journal.operation(chunk)
        if kept is None or abs(self._clock() - kept.started_at) >= LASTS:
            return None
        failure = kept.outcome if kept.finished_at is not None else None
        return Order(kept.location, kept.started_at, failure, kept.outcome == IN_PLACE)

    def note(self, chunk: Chunk, location: str, *, in_place: bool = False) -> Order:
        """Write an order down."""
        order = Order(location, self._clock(), is_last_of_day=in_place)
        self._journal.remember_operation(
            Operation(chunk, location, order.ordered_at, outcome=IN_PLACE if in_place else None)
        )
        return order

    def fail(self, chunk: Chunk, order: Order, failure: str) -> None:
        """Write down that no report came of an order."""
        self._journal.finish_operation(Operation(chunk, order.location, order.ordered_at), self._clock(), failure)

    def forget(self, chunk: Chunk) -> None:
        """Forget an order of which Azure knows nothing."""
        self._journal.forget_operation(chunk)
