"""A small real lake of disks and their charges, for questions about waste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from finops_lake.errors import Outcome
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched
from tests.sql.test_cases import BY_TABLE, to_arrow

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
Row = Mapping[str, Any]
_LISTED: Row = {"id": SUBSCRIPTION, "subscription_id": SUBSCRIPTION.rpartition("/")[2], "display_name": "Prod"}


def disk(name: str, *, group: str = "app", location: str = "westeurope", tags: Row | None = None, **more: Any) -> Row:
    """Return a disk that nothing uses, as Azure lists it."""
    return {
        "id": f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/disks/{name}",
        "name": name,
        "location": location,
        "sku_name": "Premium_LRS",
        "disk_state": "Unattached",
        "disk_size_gb": 128,
        "time_created": "2026-01-01T00:00:00Z",
        "tags": dict(tags or {}),
        **more,
    }


def charge(of: Row, cost: str, *, day: date = date(2026, 11, 10), currency: str = "EUR") -> Row:
    """Return a day's cost of a resource."""
    return {
        "usage_date": day.isoformat(),
        "resource_id": of["id"].lower(),
        "service_name": "Storage",
        "currency": currency,
        "cost": cost,
    }


class Lake:
    """A home that is loaded and published step by step; each step may have its own instant."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.now = NOW
        self.warehouse = Warehouse(home, SOURCES, origin="case", clock=lambda: self.now)

    def load(
        self,
        table: str,
        rows: Sequence[Row],
        *,
        scope: str = SUBSCRIPTION,
        month: date | None = None,
        metric: str | None = None,
        outcome: Outcome = Outcome.LOADED,
        reason: str | None = None,
    ) -> None:
        """Load rows of a table, or note that it could not be read; used inside `open`."""
        source = BY_TABLE[table]
        chunk = Chunk(table, scope, month, metric)
        complete = outcome is Outcome.LOADED
        result = ChunkResult(chunk, outcome, self.now, self.now, complete, reason=reason, row_count=len(rows))
        if outcome in (Outcome.LOADED, Outcome.PARTIAL):
            arrow = to_arrow(source, [dict(row) for row in rows])
            self.warehouse.load(source, Fetched(arrow, complete, None), result)
        else:
            self.warehouse.record(result)

    def charge(self, rows: Sequence[Row]) -> None:
        """Load the charges of all months that they name, as actual and as amortized cost."""
        for month in sorted({date.fromisoformat(row["usage_date"]).replace(day=1) for row in rows}):
            of_month = [row for row in rows if row["usage_date"].startswith(f"{month:%Y-%m}")]
            for metric in ("ActualCost", "AmortizedCost"):
                self.load("cost_daily", of_month, month=month, metric=metric)

    def fill(
        self,
        disks: Sequence[Row],
        charges: Sequence[Row],
        *,
        later: timedelta = timedelta(),
        outcome: Outcome = Outcome.LOADED,
        audited: bool = False,
    ) -> LakeReader:
        """Load disks and charges, so much later than before, publish them and return a reader."""
        self.now += later
        with self.warehouse.lock(0):
            with self.warehouse.open():
                self.load("subscriptions", [_LISTED], scope="/")
                self.load("disks", disks, outcome=outcome)
                self.charge(charges)
            self.warehouse.publish(audited=audited)
        return LakeReader(self.home)
