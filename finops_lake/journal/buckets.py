"""The throttle's buckets in the journal: what was spent and booked, how much Azure allows, what it holds back.

Instants are seconds of the wall clock (since 1970, UTC), which all processes of a machine share.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Mapping

from finops_lake.journal.records import Spend


class Buckets:
    """The buckets inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def spent(self, bucket: str) -> list[Spend]:
        """Return what is spent and booked of a bucket, the earliest first."""
        rows = self._connection.execute("select booking, at, units from spends where bucket = ? order by at", [bucket])
        return [Spend(*row) for row in rows.fetchall()]

    def book(self, units: Mapping[str, int], at: float) -> int:
        """Spend units of buckets at an instant, which may lie ahead; return the number of the booking."""
        booking = secrets.randbits(62)
        rows = [(booking, bucket, at, count) for bucket, count in units.items()]
        self._connection.executemany("insert into spends values (?, ?, ?, ?)", rows)
        return booking

    def move(self, booking: int, at: float) -> None:
        """Have a booking spend its units at another instant."""
        self._connection.execute("update spends set at = ? where booking = ?", [at, booking])

    def cancel(self, booking: int) -> None:
        """Give back what a booking would have spent."""
        self._connection.execute("delete from spends where booking = ?", [booking])

    def others(self, bucket: str, units: int, at: float) -> None:
        """Keep, as booking 0, what others have spent of a bucket, in place of what was known of that before."""
        self._connection.execute("delete from spends where booking = 0 and bucket = ?", [bucket])
        if units:
            self._connection.execute("insert into spends values (0, ?, ?, ?)", [bucket, at, units])

    def forget(self, bucket: str, before: float, after: float) -> None:
        """Forget spends of a bucket that no longer count, and ones that a clock since set back has left ahead."""
        self._connection.execute("delete from spends where bucket = ? and (at < ? or at > ?)", [bucket, before, after])

    def allowed(self, bucket: str, since: float) -> int | None:
        """Return the limit that Azure's own headers have shown for a bucket since an instant."""
        sql = "select allowed from limits where bucket = ? and learned_at >= ?"
        rows = self._connection.execute(sql, [bucket, since]).fetchall()
        return int(rows[0][0]) if rows else None

    def allow(self, bucket: str, count: int, at: float) -> None:
        """Remember the limit that Azure's headers show for a bucket."""
        self._connection.execute("insert or replace into limits values (?, ?, ?)", [bucket, count, at])

    def held_until(self, buckets: Iterable[str]) -> float | None:
        """Return the instant until which Azure wants none of these buckets to be used; None without any."""
        names = list(buckets)
        marks = ", ".join("?" * len(names))
        sql = f"select max(until) from holds where bucket in ({marks})"
        ((until,),) = self._connection.execute(sql, names).fetchall()
        return None if until is None else float(until)

    def hold(self, bucket: str, until: float) -> None:
        """Hold every call on a bucket until an instant; never shortens an earlier hold."""
        self._connection.execute(
            "insert into holds values (?, ?) on conflict (bucket) do update set until = max(until, excluded.until)",
            [bucket, until],
        )
