"""Which cost details reports were ordered, so that none is ordered twice: kept across processes and kills.

Azure allows one report per scope, month, metric and day, and takes minutes to make it. Nothing of azure.* here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from finops_lake.journal import FILE_NAME
from finops_lake.journal.store import Store

LASTS = timedelta(hours=24)
"""How long an order stands: within it the same report is asked for again, not another one ordered."""

ORDERS_PER_DAY = 2
"""A report, and one in its place when the links of the first expired before all was read."""

_CREATE = """
create table if not exists report_orders (
    scope text not null, month text not null, metric text not null,
    location text not null, ordered_at text not null, number integer not null, failure text,
    primary key (scope, month, metric)
)"""
_READ = """
select location, ordered_at, number, failure from report_orders where scope = ? and month = ? and metric = ?"""
_WRITE = "insert or replace into report_orders values (?, ?, ?, ?, ?, ?, ?)"
_DROP = "delete from report_orders where scope = ? and month = ? and metric = ?"
_DROP_OLD = "delete from report_orders where ordered_at < ?"


@dataclass(frozen=True)
class ReportKey:
    """What a report is about: a scope, the days of a calendar month (both inclusive), and a metric."""

    scope: str
    first: date
    last: date
    metric: str

    @property
    def values(self) -> tuple[str, str, str]:
        """Return the key as the table has it."""
        return self.scope, self.first.isoformat(), self.metric


@dataclass(frozen=True)
class Order:
    """One order: where Azure is asked for the report, when it was ordered (UTC), the how-manieth of its day.

    `failure` is what Azure said when it could not make the report; None while it may still come.
    """

    location: str
    ordered_at: datetime
    number: int = 1
    failure: str | None = None


class Orders:
    """The orders of one home, in its journal; safe for several threads and processes."""

    def __init__(self, home: Path, clock: Callable[[], datetime]) -> None:
        self._store = Store(home / FILE_NAME)
        self._clock = clock

    def standing(self, key: ReportKey) -> Order | None:
        """Return the order of the last 24 hours for a report, None where there is none."""
        rows = self._run(_READ, key.values)
        if not rows:
            return None
        order = Order(rows[0][0], datetime.fromisoformat(rows[0][1]), rows[0][2], rows[0][3])
        return order if abs(self._clock() - order.ordered_at) < LASTS else None

    def note(self, key: ReportKey, location: str, number: int) -> Order:
        """Write an order down, and forget those that no longer stand."""
        order = Order(location, self._clock(), number)
        self._run(_DROP_OLD, ((order.ordered_at - LASTS).isoformat(),))
        self._run(_WRITE, (*key.values, order.location, order.ordered_at.isoformat(), order.number, None))
        return order

    def fail(self, key: ReportKey, order: Order, failure: str) -> Order:
        """Write down that no report came of an order."""
        failed = replace(order, failure=failure)
        self._run(_WRITE, (*key.values, order.location, order.ordered_at.isoformat(), order.number, failure))
        return failed

    def forget(self, key: ReportKey) -> None:
        """Forget an order of which Azure knows nothing."""
        self._run(_DROP, key.values)

    def _run(self, sql: str, values: tuple[object, ...]) -> list[tuple[str, str, int, str | None]]:
        with self._store.transaction() as connection:
            connection.execute(_CREATE)
            return connection.execute(sql, values).fetchall()
