"""Memory: a reload writes down what changed and nothing else, and any moment of the past can be read exactly."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_lake.errors import Outcome
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, Fetched
from tests.lake.samples import COSTS, DISKS, NOVEMBER, OCTOBER, ONE, TWO, cost_rows, result_of, write_sql

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
REMEMBERED_DISKS = replace(DISKS, remembers=True)
CHARGES = {
    "marts/charges.sql": """\
-- Both readings side by side.
-- stored: x_scope_id, billing_month
-- remembers: x_loaded_at
-- columns:
--   billed: Actual cost.
--   effective: Amortized cost.
--   x_loaded_at: Since when it is known.
select
    x_scope_id, billing_month, service,
    sum(cost) filter (where metric = 'actual') as billed,
    sum(cost) filter (where metric = 'amortized') as effective,
    max(loaded_at) as x_loaded_at,
from staging.costs
group by all
""",
    "staging/costs.sql": """\
-- Cost with our names.
-- columns:
--   x_scope_id: Scope that was asked.
--   billing_month: Month that was asked.
--   metric: actual or amortized.
--   loaded_at: Instant of the load.
select
    _scope_id as x_scope_id, _month as billing_month, _metric as metric, day, service, cost,
    _loaded_at as loaded_at
from raw.costs
""",
}
KNOWN = {
    "disks": """select _scope_id, id, size_gb from (
        select *, null::timestamptz as _valid_to from raw.disks union all by name select * from history.disks)
        where _loaded_at <= $at and (_valid_to is null or _valid_to > $at)""",
    "charges": """select x_scope_id, billing_month, service, billed, effective from (
        select *, null::timestamptz as _valid_to from marts.charges union all by name select * from history.charges)
        where x_loaded_at <= $at and (_valid_to is null or _valid_to > $at)""",
}


class Clocked:
    """A warehouse with a clock that the test moves, and a look at its file between loads."""

    def __init__(self, home: Path, sql: Path) -> None:
        self.now = START
        self.file = home / "warehouse.duckdb"
        self.writer = Warehouse(home, (COSTS, REMEMBERED_DISKS), sql, origin="azure", clock=lambda: self.now)

    def load(self, chunk: Chunk, rows: pa.Table) -> bool:
        """Load a chunk a minute later, and return whether anything changed."""
        self.now += timedelta(minutes=1)
        source = COSTS if chunk.table == "costs" else REMEMBERED_DISKS
        with self.writer.lock(0), self.writer.open():
            result = replace(result_of(chunk, rows=rows.num_rows), finished_at=self.now)
            return self.writer.load(source, Fetched(rows), result).changed

    def look(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(sql, parameters).fetchall()

    def known(self, what: str, at: datetime) -> Counter[tuple[Any, ...]]:
        return Counter(self.look(KNOWN[what], {"at": at}))


@pytest.fixture
def clocked(home: Path, tmp_path: Path) -> Clocked:
    return Clocked(home, write_sql(tmp_path / "sql", CHARGES))


def disks(*named: tuple[str, int]) -> pa.Table:
    return pa.table(
        [[name for name, _ in named], [size for _, size in named], [None] * len(named)], schema=DISKS.schema
    )


def test_a_row_that_changes_goes_to_the_history_and_others_stay_as_they_were(clocked: Clocked) -> None:
    chunk = Chunk("disks", ONE)
    clocked.load(chunk, disks(("a", 1), ("b", 2), ("c", 3)))
    first = clocked.now
    assert clocked.load(chunk, disks(("a", 1), ("b", 20))) is True
    rows = clocked.look("select id, size_gb, _loaded_at, _load_id from raw.disks order by id")
    assert rows == [("a", 1, first, 1), ("b", 20, clocked.now, 2)]
    gone = clocked.look("select id, size_gb, _loaded_at, _valid_to from history.disks order by id")
    assert gone == [("b", 2, first, clocked.now), ("c", 3, first, clocked.now)]


def test_the_same_rows_again_touch_no_table_but_the_note_of_the_load(clocked: Clocked) -> None:
    chunk, costs = Chunk("disks", ONE), Chunk("costs", ONE, NOVEMBER, "actual")
    clocked.load(chunk, disks(("a", 1), ("b", 2)))
    clocked.load(costs, cost_rows(NOVEMBER, {"disk": "1", "vm": "2"}, days=3))
    tables = ("raw.disks", "raw.costs", "history.disks", "marts.charges", "history.charges", "meta.stale_partitions")
    before = {table: clocked.look(f"select *, rowid from {table} order by all") for table in tables}
    assert clocked.load(chunk, disks(("b", 2), ("a", 1))) is False
    assert clocked.load(costs, cost_rows(NOVEMBER, {"vm": "2", "disk": "1"}, days=3)) is False
    assert {table: clocked.look(f"select *, rowid from {table} order by all") for table in tables} == before
    assert clocked.look("select count(*) from meta.loads") == [(4,)]


def test_an_unchanged_load_that_is_not_noted_leaves_the_file_as_it_was(clocked: Clocked) -> None:
    chunk = Chunk("disks", ONE)
    clocked.load(chunk, disks(("a", 1)))
    with clocked.writer.lock(0):
        with clocked.writer.open():
            pass
        before = clocked.file.read_bytes()
        with clocked.writer.open():
            (result,) = clocked.writer.load_all(
                [(result_of(chunk, rows=1), Fetched(disks(("a", 1))))], note_unchanged=False
            )
        assert result.changed is False
        assert clocked.file.read_bytes() == before
        assert not clocked.file.with_name("warehouse.duckdb.wal").exists()
    assert clocked.look("select count(*) from meta.loads") == [(1,)]


def test_an_unchanged_load_is_noted_after_a_failure_because_it_ends_it(clocked: Clocked) -> None:
    chunk = Chunk("disks", ONE)
    clocked.load(chunk, disks(("a", 1)))
    with clocked.writer.lock(0), clocked.writer.open():
        clocked.writer.record(result_of(chunk, Outcome.THROTTLED))
        (result,) = clocked.writer.load_all(
            [(result_of(chunk, rows=1), Fetched(disks(("a", 1))))], note_unchanged=False
        )
    assert result.changed is False
    assert [row[0] for row in clocked.look("select outcome from meta.loads order by load_id")] == [
        "loaded",
        "throttled",
        "loaded",
    ]


def test_equal_rows_count_each(clocked: Clocked) -> None:
    chunk = Chunk("disks", ONE)
    clocked.load(chunk, disks(("a", 1), ("a", 1), ("a", 1)))
    assert clocked.load(chunk, disks(("a", 1))) is True
    assert clocked.look("select count(*) from raw.disks") == [(1,)]
    assert clocked.look("select count(*) from history.disks") == [(2,)]
    assert clocked.load(chunk, disks(("a", 1), ("a", 1))) is True
    assert clocked.look("select count(*) from raw.disks") == [(2,)]


def test_a_new_definition_of_a_mart_keeps_its_past(clocked: Clocked, home: Path, tmp_path: Path) -> None:
    chunk = Chunk("costs", ONE, NOVEMBER, "actual")
    clocked.load(chunk, cost_rows(NOVEMBER, {"disk": "1", "vm": "5"}))
    first = clocked.now
    clocked.load(chunk, cost_rows(NOVEMBER, {"disk": "2", "vm": "5"}))
    then = clocked.known("charges", first)
    changed = CHARGES["marts/charges.sql"].replace("--   billed:", "--   days: Days.\n--   billed:")
    changed = changed.replace("    max(loaded_at)", "    count(distinct day)::int as days,\n    max(loaded_at)")
    later = Clocked(home, write_sql(tmp_path / "sql2", CHARGES | {"marts/charges.sql": changed}))
    later.now = clocked.now + timedelta(minutes=1)
    with later.writer.lock(0), later.writer.open():
        pass
    assert later.look("select service, days from marts.charges order by all") == [("disk", 1), ("vm", 1)]
    assert later.known("charges", first) == then


SERVICES = ("disk", "vm", "ip")
AMOUNTS = st.sampled_from(["0", "1", "1.000000000000000000000001", "-2"])
COST_LOADS = st.tuples(
    st.just("costs"),
    st.sampled_from([ONE, TWO]),
    st.sampled_from([OCTOBER, NOVEMBER]),
    st.sampled_from(["actual", "amortized"]),
    st.dictionaries(st.sampled_from(SERVICES), AMOUNTS, max_size=3),
)
DISK_LOADS = st.tuples(
    st.just("disks"),
    st.sampled_from([ONE, TWO]),
    st.none(),
    st.none(),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(1, 3)), max_size=4),
)


def charges_of(held: dict[Chunk, pa.Table]) -> Counter[tuple[Any, ...]]:
    """Return what the mart must show, by plain Python."""
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for chunk, rows in held.items():
        for row in rows.to_pylist() if chunk.table == "costs" else ():
            key = (chunk.scope_id, chunk.month, row["service"])
            found = sums.setdefault(key, {"actual": None, "amortized": None})
            found[chunk.metric or ""] = (found[chunk.metric or ""] or 0) + row["cost"]
    return Counter((*key, found["actual"], found["amortized"]) for key, found in sums.items())


def disks_of(held: dict[Chunk, pa.Table]) -> Counter[tuple[Any, ...]]:
    """Return the disks that must be known, by plain Python."""
    return Counter(
        (chunk.scope_id, row["id"], row["size_gb"])
        for chunk, rows in held.items()
        if chunk.table == "disks"
        for row in rows.to_pylist()
    )


def changed_rows(before: Counter[Any], after: Counter[Any]) -> int:
    return (before - after).total()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(loads=st.lists(st.one_of(COST_LOADS, DISK_LOADS), min_size=1, max_size=9))
def test_any_moment_shows_what_a_plain_model_remembers(tmp_path_factory: Any, loads: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("model")
    clocked = Clocked(folder / "home", write_sql(folder / "sql", CHARGES))
    held: dict[Chunk, pa.Table] = {}
    moments: list[tuple[datetime, Counter[Any], Counter[Any]]] = []
    gone = {"disks": 0, "charges": 0}
    for table, scope, month, metric, content in loads:
        chunk = Chunk(table, scope, month, metric)
        rows = cost_rows(month, content) if table == "costs" else disks(*content)
        before = charges_of(held), disks_of(held)
        was = Counter(map(str, held[chunk].to_pylist())) if chunk in held else None
        held[chunk] = rows
        assert clocked.load(chunk, rows) is (was is None or was != Counter(map(str, rows.to_pylist())))
        after = charges_of(held), disks_of(held)
        gone["charges"] += changed_rows(before[0], after[0])
        gone["disks"] += changed_rows(before[1], after[1])
        moments.append((clocked.now, *after))
    for at, charges, listed in moments:
        assert clocked.known("charges", at) == charges
        assert clocked.known("disks", at) == listed
    assert _counts(clocked) == gone  # what went is kept once, and nothing else


def _counts(clocked: Clocked) -> dict[str, int]:
    return {table: clocked.look(f"select count(*) from history.{table}")[0][0] for table in ("disks", "charges")}


def test_what_is_kept_grows_with_what_changed_not_with_the_number_of_loads(clocked: Clocked) -> None:
    chunk = Chunk("costs", ONE, NOVEMBER, "actual")

    def services(changed: int) -> dict[str, str]:
        return {f"service {number}": "1" for number in range(500)} | {
            f"service {number}": "2" for number in range(changed)
        }

    for changed in (0, 1, 1, 2, 2):
        clocked.load(chunk, cost_rows(NOVEMBER, services(changed)))
    assert clocked.look("select service, billed::int from history.charges order by all") == [
        ("service 0", 1),
        ("service 1", 1),
    ]
