"""Loading: a chunk replaces what it held before, all of it or nothing."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from finops_lake.errors import ForeignLakeError, LakeError, LockedError, NewerLakeError, Outcome
from finops_lake.lake import stored
from finops_lake.source import Chunk, Fetched
from tests.lake.samples import (
    COSTS,
    DISKS,
    NOVEMBER,
    OCTOBER,
    ONE,
    SQL,
    TWO,
    cost_rows,
    load_costs,
    load_disks,
    publish_costs,
    result_of,
    warehouse,
    write_sql,
)


def test_raw_tables_exist_empty_before_the_first_load_so_that_every_view_binds(home, look):
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        pass
    assert look("select count(*) from raw.costs") == [(0,)]
    assert look("select * from marts.cost_by_month") == []
    assert look("select * from audits.big_disks") == []


def test_a_chunk_replaces_its_own_rows_and_no_others(home, look):
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1", "vm": "2"})
        load_costs(writer, {"disk": "10"}, scope=TWO)
        load_costs(writer, {"disk": "20"}, month=OCTOBER)
        load_costs(writer, {"disk": "30"}, metric="amortized")
        load_costs(writer, {"disk": "5"})
    rows = look("select _scope_id, _month, _metric, service, cost::int from raw.costs order by all")
    assert rows == [
        (ONE, OCTOBER, "actual", "disk", 20),
        (ONE, NOVEMBER, "actual", "disk", 5),
        (ONE, NOVEMBER, "amortized", "disk", 30),
        (TWO, NOVEMBER, "actual", "disk", 10),
    ]


def test_an_empty_answer_empties_the_chunk(home, look):
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        load_disks(writer, 5, 6)
        load_disks(writer, 7, scope=TWO)
        load_disks(writer)
    assert look("select _scope_id, size_gb from raw.disks") == [(TWO, 7)]


def test_every_attempt_leaves_a_row_with_all_it_knows(home, look):
    writer = warehouse(home)
    chunk = Chunk("costs", TWO, NOVEMBER, "actual")
    failed = result_of(
        chunk,
        Outcome.DENIED,
        reason="no role",
        next_step="ask for it",
        error_code="AuthorizationFailed",
        calls=2,
        request_ids=("a", "b"),
    )
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1"})
        writer.record(failed)
    rows = look("select load_id, table_name, scope_id, month, metric, outcome, complete, row_count from meta.loads")
    assert rows == [
        (1, "costs", ONE, NOVEMBER, "actual", "loaded", True, 1),
        (2, "costs", TWO, NOVEMBER, "actual", "denied", False, None),
    ]
    details = look(
        "select reason, next_step, error_code, calls, request_ids, inexact_amounts from meta.loads where load_id = 2"
    )
    assert details == [("no role", "ask for it", "AuthorizationFailed", 2, ["a", "b"], 0)]


def test_a_failed_attempt_leaves_the_rows_of_before(home, look):
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1"})
        writer.record(result_of(Chunk("costs", ONE, NOVEMBER, "actual"), Outcome.THROTTLED))
    assert look("select cost::int from raw.costs") == [(1,)]


def test_load_numbers_go_on_after_reopening(home, look):
    publish_costs(home, "1")
    publish_costs(home, "2")
    assert look("select _load_id, cost::int from raw.costs") == [(2, 2)]
    assert look("select load_id from meta.loads order by 1") == [(1,), (2,)]


def test_amounts_keep_all_24_decimals_and_instants_are_utc(home, reader):
    publish_costs(home, "0.123456789012345678901234")
    row = reader.query("select cost, day, _loaded_at, _month from raw.costs").rows[0]
    assert row == (
        Decimal("0.123456789012345678901234"),
        date(2026, 11, 1),
        datetime(2026, 11, 20, 12, tzinfo=UTC),
        NOVEMBER,
    )
    assert row[2].utcoffset().total_seconds() == 0


def test_rows_that_would_lose_decimals_are_refused_and_nothing_of_the_chunk_changes(home, look):
    writer = warehouse(home)
    finer = pa.table(
        {"day": [NOVEMBER], "service": ["disk"], "cost": pa.array([Decimal("0.5")], pa.decimal256(60, 40))}
    )
    too_fine = finer.set_column(2, "cost", pa.array([Decimal("0." + "1" * 40)], pa.decimal256(60, 40)))
    chunk = Chunk("costs", ONE, NOVEMBER, "actual")
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1"})
        with pytest.raises(pa.ArrowInvalid):
            writer.load(COSTS, Fetched(too_fine), result_of(chunk, rows=1))
        assert writer.publish() == 1
    assert look("select cost::int from raw.costs") == [(1,)]
    assert look("select count(*) from meta.loads") == [(1,)]


def test_columns_come_by_name_and_a_missing_one_is_an_error(home, look):
    writer = warehouse(home)
    rows = cost_rows(NOVEMBER, {"disk": "3"})
    chunk = Chunk("costs", ONE, NOVEMBER, "actual")
    with writer.lock(0), writer.open():
        writer.load(COSTS, Fetched(rows.select(["cost", "service", "day"])), result_of(chunk, rows=1))
        with pytest.raises(KeyError, match="service"):
            writer.load(COSTS, Fetched(rows.select(["cost", "day"])), result_of(chunk, rows=1))
    assert look("select service, cost::int from raw.costs") == [("disk", 3)]


def test_a_stored_mart_follows_each_load_of_its_scope_and_month(home, look):
    writer = warehouse(home)
    charges = "select x_scope_id, billing_month, billed::int, effective::int from marts.charges order by all"
    with writer.lock(0):
        with writer.open():
            load_costs(writer, {"disk": "1"})
            load_costs(writer, {"disk": "2"}, metric="amortized")
            load_costs(writer, {"disk": "3"}, scope=TWO, month=OCTOBER)
        assert look(charges) == [(ONE, NOVEMBER, 1, 2), (TWO, OCTOBER, 3, None)]
        with writer.open():
            load_costs(writer, {"disk": "7"})
        assert look(charges) == [(ONE, NOVEMBER, 7, 2), (TWO, OCTOBER, 3, None)]
    assert look("select count(*) from meta.stale_partitions") == [(0,)]


@pytest.mark.parametrize(("small", "statements"), [(0, 3), (100_000, 1)])
def test_small_months_are_rebuilt_by_one_statement_with_the_same_result(home, look, monkeypatch, small, statements):
    rebuilt: list[int] = []
    rebuild = stored._rebuild
    monkeypatch.setattr(stored, "_SMALL", small)
    monkeypatch.setattr(stored, "_rebuild", lambda *given: rebuilt.append(1) or rebuild(*given))
    writer = warehouse(home)
    charges = "select x_scope_id, billing_month, billed::int, effective::int from marts.charges order by all"
    september = date(2026, 9, 1)
    with writer.lock(0):
        with writer.open():
            for scope in (ONE, TWO):
                load_costs(writer, {"disk": "1"}, scope=scope)
                load_costs(writer, {"disk": "3"}, scope=scope, month=OCTOBER)
                load_costs(writer, {"disk": "4"}, scope=scope, month=september)
        assert len(rebuilt) == statements
        first = [(ONE, september, 4, None), (ONE, OCTOBER, 3, None), (ONE, NOVEMBER, 1, None)]
        assert look(charges) == [*first, *((TWO, *row[1:]) for row in first)]
        with writer.open():
            load_costs(writer, {"disk": "7"})
            load_costs(writer, {"disk": "5"}, month=september)
        assert look(charges)[:3] == [(ONE, september, 5, None), (ONE, OCTOBER, 3, None), (ONE, NOVEMBER, 7, None)]
        assert look(charges)[3:] == [(TWO, *row[1:]) for row in first]


def test_a_stored_mart_follows_a_table_without_months_when_it_brings_something_new(home, look, tmp_path):
    joined = SQL["marts/charges.sql"].replace(
        "sum(cost) f", "(select max(size_gb) from staging.disks) as biggest, sum(cost) f", 1
    )
    joined = joined.replace("--   billed", "--   biggest: Size of the biggest disk.\n--   billed")
    writer = warehouse(home, sql=write_sql(tmp_path / "sql", {"marts/charges.sql": joined}))
    biggest = "select distinct billing_month, biggest from marts.charges order by all"
    with writer.lock(0):
        with writer.open():
            load_costs(writer, {"disk": "1"})
            load_costs(writer, {"disk": "1"}, month=OCTOBER)
            load_disks(writer, 5)
        assert look(biggest) == [(OCTOBER, 5), (NOVEMBER, 5)]
        with writer.open():
            load_disks(writer, 5)
            assert writer.publish() == 1
        with writer.open():
            load_disks(writer, 5, 50)
        assert look(biggest) == [(OCTOBER, 50), (NOVEMBER, 50)]


def test_a_stored_mart_that_cannot_be_computed_is_named_and_keeps_the_published_file(home, look, reader, tmp_path):
    publish_costs(home, "1")
    failing = SQL["marts/charges.sql"].replace("sum(cost) f", "sum(if(cost > 5, service, '1')::int) f", 1)
    writer = warehouse(home, sql=write_sql(tmp_path / "sql", {"marts/charges.sql": failing}))
    with (
        writer.lock(0),
        pytest.raises(LakeError, match=r"marts/charges\.sql cannot be computed: .*'disk'"),
        writer.open(),
    ):
        load_costs(writer, {"disk": "6"})
    assert reader.query("select billed::int from marts.charges").rows == [(1,)]
    assert publish_costs(home, "7", month=OCTOBER) == 2
    assert reader.query("select billed::int from marts.charges order by all").rows == [(6,), (7,)]


def test_a_source_that_gained_a_column_keeps_its_rows_with_nulls_there(home, look):
    publish_costs(home, "1")
    wider = replace(
        COSTS,
        schema=COSTS.schema.append(pa.field("region", pa.string())),
        columns={**COSTS.columns, "region": "Where it ran."},
    )
    writer = warehouse(home, sources=(wider, DISKS))
    rows = cost_rows(OCTOBER, {"disk": "2"}).append_column("region", pa.array(["westeurope"]))
    with writer.lock(0), writer.open():
        writer.load(wider, Fetched(rows), result_of(Chunk("costs", ONE, OCTOBER, "actual"), rows=1))
    assert look("select cost::int, region from raw.costs order by all") == [(1, None), (2, "westeurope")]
    comment = "select comment from duckdb_columns() where table_name = 'costs' and column_name = 'region'"
    assert look(comment) == [("Where it ran.",)]


def test_raw_and_meta_tables_say_what_every_column_holds(home, look):
    publish_costs(home, "1")
    bare = look(
        "select schema_name, table_name, column_name from duckdb_columns()"
        " where schema_name in ('raw', 'meta') and comment is null"
    )
    assert bare == []
    assert look("select table_name from duckdb_tables() where comment is null and schema_name <> 'marts'") == []
    tables = look("select table_name, comment, max_age_seconds, monthly from meta.tables order by 1")
    assert tables == [("costs", "Cost by day and service.", 14400.0, True), ("disks", "Managed disks.", 3600.0, False)]


def test_rows_of_another_origin_are_kept_out(home):
    publish_costs(home, "1")
    writer = warehouse(home, origin="demo")
    with (
        writer.lock(0),
        pytest.raises(ForeignLakeError, match="filled from azure; these rows come from demo") as caught,
        writer.open(),
    ):
        pass
    assert "FINOPS_LAKE_HOME" in (caught.value.next_step or "")


def test_a_lake_of_a_newer_version_is_left_alone(home, reader):
    publish_costs(home, "1")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("update meta.lake set value = '99' where key = 'schema_version'")
        connection.execute("update meta.lake set value = '9.9.9' where key = 'package_version'")
    writer = warehouse(home)
    with writer.lock(0), pytest.raises(NewerLakeError, match=r"finops-lake 9\.9\.9 \(layout 99\)"), writer.open():
        pass
    assert reader.query("select cost::int from raw.costs").rows == [(1,)]


def test_only_one_writer_at_a_time(home):
    first, second = warehouse(home), warehouse(home)
    with first.lock(0), pytest.raises(LockedError, match="Another process is refreshing"), second.lock(0):
        pass
    with second.lock(0), second.open():
        pass


def test_nothing_loads_into_a_warehouse_that_is_not_open(home):
    writer = warehouse(home)
    with writer.lock(0), pytest.raises(RuntimeError, match="not open"):
        load_disks(writer, 5)


def test_chunks_that_arrive_together_are_loaded_together_and_one_that_does_not_fit_fails_alone(home, look):
    writer = warehouse(home)
    fine, broken = Chunk("costs", ONE, NOVEMBER, "actual"), Chunk("costs", TWO, NOVEMBER, "actual")
    too_fine = pa.table(
        {"day": [NOVEMBER], "service": ["vm"], "cost": pa.array([Decimal("0." + "1" * 40)], pa.decimal256(60, 40))}
    )
    denied = result_of(Chunk("disks", ONE), Outcome.DENIED)
    with writer.lock(0), writer.open():
        results = writer.load_all(
            [
                (result_of(fine, rows=1), Fetched(cost_rows(NOVEMBER, {"disk": "7"}))),
                (result_of(broken, rows=1), Fetched(too_fine)),
                (denied, None),
            ]
        )
    assert [result.outcome for result in results] == [Outcome.LOADED, Outcome.FAILED, Outcome.DENIED]
    assert results[1].row_count is None
    assert look("select _scope_id, cost::int from raw.costs") == [(ONE, 7)]
    assert look("select scope_id, outcome from meta.loads order by load_id") == [
        (ONE, "loaded"),
        (TWO, "failed"),
        (ONE, "denied"),
    ]


@pytest.mark.parametrize("is_encoded", [(True, True), (True, False), (False, False)])
def test_texts_that_are_held_once_are_loaded_as_others_are_also_together_with_them(home, look, is_encoded):
    writer = warehouse(home)
    arrived = []
    for scope, encoded in zip((ONE, TWO), is_encoded, strict=True):
        rows = cost_rows(NOVEMBER, {"disk": "1", "vm": "2"}, days=2)
        if encoded:
            rows = rows.set_column(1, "service", rows["service"].dictionary_encode())
        arrived.append((result_of(Chunk("costs", scope, NOVEMBER, "actual"), rows=4), Fetched(rows)))
    with writer.lock(0), writer.open():
        assert [result.changed for result in writer.load_all(arrived)] == [True, True]
        assert [result.changed for result in writer.load_all(arrived)] == [False, False]
    counted = look("select _scope_id, service, count(*), sum(cost)::int from raw.costs group by all order by all")
    assert counted == [(scope, *row) for scope in (ONE, TWO) for row in (("disk", 2, 2), ("vm", 2, 4))]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_a_new_home_is_private_because_bills_are(home):
    with warehouse(home).lock(0):
        pass
    assert home.stat().st_mode & 0o777 == 0o700
