"""The past of the project's own cost views: as of any moment, and what changed since, to the last digit."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_lake.errors import Outcome
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched
from tests.lake.test_shell import SHELL

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = date(2026, 11, 1)
ONE = "/subscriptions/one"
BY_TABLE = {source.table: source for source in SOURCES}
Rows = list[dict[str, Any]]
Totals = dict[tuple[str, date, str], Decimal]


class Lake:
    """A lake with the project's views; every load comes a minute after the one before."""

    def __init__(self, home: Path) -> None:
        self.now = START
        self.home = home
        self.writer = Warehouse(home, SOURCES, origin="memory", clock=lambda: self.now)

    def load(self, chunk: Chunk, rows: Rows) -> None:
        self.now += timedelta(minutes=1)
        schema = BY_TABLE[chunk.table].schema
        table = pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema)
        result = ChunkResult(chunk, Outcome.LOADED, self.now, self.now, True, len(rows))
        with self.writer.lock(0), self.writer.open():
            self.writer.load(BY_TABLE[chunk.table], Fetched(table), result)

    def reader(self) -> LakeReader:
        with self.writer.lock(0):
            self.writer.publish()
        return LakeReader(self.home)


def focus(*charges: tuple[int, str, str]) -> Rows:
    return [
        {
            "charge_period_start": date(2026, 11, day),
            "service_name": service,
            "billed_cost": Decimal(cost),
            "billing_currency": "EUR",
            "provider_name": "Microsoft",
            "sub_account_id": ONE,
        }
        for day, service, cost in charges
    ]


def queried(*charges: tuple[int, str, str]) -> Rows:
    return [
        {
            "usage_date": date(2026, 11, day),
            "service_name": service,
            "cost": Decimal(cost),
            "currency": "EUR",
        }
        for day, service, cost in charges
    ]


def totals(rows: Iterable[tuple[Any, ...]]) -> Totals:
    found: Totals = defaultdict(Decimal)
    for source, day, service, cost in rows:
        found[source, day, service] += cost
    return {key: cost for key, cost in found.items() if cost}


TOTALS = "select x_source, charge_period_start, service_name, billed_cost from"
LOADS = st.lists(
    st.tuples(
        st.sampled_from(["cost_daily", "focus_charges"]),
        st.lists(
            st.tuples(
                st.integers(1, 2),
                st.sampled_from(["disk", "vm"]),
                st.sampled_from(["1", "-2.5", "0.000000000000000000000001"]),
            ),
            max_size=4,
        ),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(loads=LOADS)
def test_every_cost_view_shows_the_past_exactly_and_restatements_add_up(tmp_path_factory: Any, loads: Any) -> None:
    lake = Lake(tmp_path_factory.mktemp("as_of") / "home")
    held: dict[str, Totals] = {}
    first: dict[tuple[str, date], Totals] = {}
    moments = []
    has_rows: dict[str, bool] = {}
    for table, charges in loads:
        source = "query" if table == "cost_daily" else "focus"
        rows = queried(*charges) if source == "query" else focus(*charges)
        lake.load(Chunk(table, ONE, MONTH, "ActualCost" if source == "query" else None), rows)
        held[source] = totals((source, date(2026, 11, day), service, Decimal(cost)) for day, service, cost in charges)
        for day in {date(2026, 11, day) for day, _, _ in charges}:
            first.setdefault((source, day), {key: cost for key, cost in held[source].items() if key[1] == day})
        has_rows[source] = bool(charges)  # a file without rows is no source of the month
        moments.append((lake.now, held["focus"] if has_rows.get("focus") else held.get("query", {})))
    reader = lake.reader()
    for at, expected in moments:
        asked = reader.query(f"{TOTALS} marts.charges", variables={"as_of": at}).rows
        assert totals(asked) == expected
        assert totals(reader.query(f"{TOTALS} marts.charges_as_of($at)", {"at": at}).rows) == expected
        monthly = "select sum(billed_cost) from marts.cost_by_service_monthly"
        assert (reader.query(monthly, variables={"as_of": at}).rows[0][0] or 0) == sum(expected.values())
    moved = "select x_source, charge_date, service_name, billed_cost_change from marts.cost_restatements"
    changed = totals(
        [*reader.query(moved).rows, *((*key, cost) for day in first.values() for key, cost in day.items())]
    )
    assert changed == {key: cost for one in held.values() for key, cost in one.items()}
    summed = reader.query("select sum(billed_cost_change) from marts.cost_restatements_monthly").rows
    assert summed == reader.query("select sum(billed_cost_change) from marts.cost_restatements").rows
    reader.close()


def test_a_restated_day_says_what_moved_and_when_it_was_learned(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    chunk = Chunk("cost_daily", ONE, MONTH, "ActualCost")
    lake.load(chunk, queried((5, "disk", "10"), (5, "vm", "3"), (6, "disk", "1")))
    lake.load(chunk, queried((5, "disk", "10"), (5, "vm", "4.5"), (5, "ip", "2"), (7, "disk", "8")))
    reader = lake.reader()
    rows = reader.query(
        "select charge_date, service_name, kind, old_billed_cost, new_billed_cost, billed_cost_change, learned_at"
        " from marts.cost_restatements order by all"
    ).rows
    assert rows == [
        (date(2026, 11, 5), "ip", "came", 0, 2, 2, lake.now),
        (date(2026, 11, 5), "vm", "changed", 3, Decimal("4.5"), Decimal("1.5"), lake.now),
        (date(2026, 11, 6), "disk", "vanished", 1, 0, -1, lake.now),
    ]  # the seventh was not known before: a new day is no restatement
    summed = "select charges_changed, billed_cost_change, first_date, last_date from marts.cost_restatements_monthly"
    assert reader.query(summed).rows == [(3, Decimal("2.5"), date(2026, 11, 5), date(2026, 11, 6))]
    reader.close()


@pytest.mark.skipif(SHELL is None, reason="the DuckDB 1.5 shell (duckdb-cli) is not installed")
def test_the_shell_reads_the_past_too(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    chunk = Chunk("cost_daily", ONE, MONTH, "ActualCost")
    lake.load(chunk, queried((5, "disk", "10")))
    then = lake.now.isoformat()
    lake.load(chunk, queried((5, "disk", "12")))
    lake.reader().close()
    for sql in (
        f"set variable as_of = timestamptz '{then}'; select sum(billed_cost)::int as cost from charges",
        f"select sum(billed_cost)::int as cost from marts.charges_as_of(timestamptz '{then}')",
    ):
        done = subprocess.run(
            [str(SHELL), "-json", str(lake.home / "finops.duckdb"), sql],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert json.loads(done.stdout) == [{"cost": 10}]
