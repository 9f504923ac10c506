"""Stored marts while a refresh goes on: rebuilt once, when something reads them or at the publication."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from finops_lake.lake import stored
from finops_lake.lake.freshness import mentioned
from tests.lake.samples import NOVEMBER, load_costs, load_disks, warehouse, write_sql

WHOLE = """\
-- What a month costs, kept ready as a whole.
-- stored: whole
-- columns:
--   billed: Actual cost.
select billing_month, billed from marts.cost_by_month
"""
ABOVE = """\
-- The dearest month.
-- columns:
--   billed: Actual cost.
from marts.kept_months order by billed desc limit 1
"""
DISKS = """\
-- How many disks there are.
-- stored: whole
-- columns:
--   disks: How many.
select count(*) as disks from staging.disks
"""


@pytest.fixture
def rebuilt(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each mart is rebuilt."""
    counted: Counter[str] = Counter()
    rebuild = stored._rebuild

    def count(connection, mart, *rest):
        counted[mart.view] += 1
        return rebuild(connection, mart, *rest)

    monkeypatch.setattr(stored, "_rebuild", count)
    return counted


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    return write_sql(
        tmp_path / "sql", {"marts/kept_months.sql": WHOLE, "marts/dearest.sql": ABOVE, "marts/disks.sql": DISKS}
    )


def test_loads_rebuild_nothing_until_it_is_read_and_then_only_that(home, look, sql, rebuilt):
    writer = warehouse(home, sql=sql)
    with writer.lock(0):
        for cost in ("1", "2"):
            with writer.open(is_settled=False):
                load_costs(writer, {"disk": cost})
                load_disks(writer, 10, 20)
        assert not rebuilt
        with writer.open(is_settled=False):
            assert writer.query("select count(*) from staging.costs") == [(1,)]
            assert not rebuilt
            assert writer.query("select billed::int from marts.dearest") == [(2,)]
            assert rebuilt == {"marts.charges": 1, "marts.kept_months": 1}
            assert writer.query("select billed::int from marts.dearest") == [(2,)]
            writer.publish()
        assert rebuilt == {"marts.charges": 1, "marts.kept_months": 1, "marts.disks": 1}
    assert look("from marts.disks") == [(2,)]


def test_what_a_killed_writer_left_stale_is_right_at_the_next_reading(home, sql, rebuilt):
    killed = warehouse(home, sql=sql)
    with killed.lock(0), killed.open(is_settled=False):
        load_costs(killed, {"disk": "1"})
    writer = warehouse(home, sql=sql)
    with writer.lock(0), writer.open(is_settled=False):
        assert not rebuilt
        assert writer.query("select billed::int from Marts.KEPT_MONTHS") == [(1,)]


def test_a_settled_lake_is_up_to_date_when_it_closes(home, look, sql, rebuilt):
    writer = warehouse(home, sql=sql)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1"})
    assert look("select billing_month, billed::int from marts.kept_months") == [(NOVEMBER, 1)]
    assert rebuilt["marts.kept_months"] == 1


def test_what_a_statement_may_read_is_found_by_its_names():
    sql = "-- of charges.b\nselect x.marts, 'marts.c' from Marts.a as x, raw.d, history.e, main.f"
    assert mentioned(sql) == {"charges.b", "marts.c", "marts.a", "charges.e", "marts.e"}
