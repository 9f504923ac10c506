"""A changed file costs its own view and those that rest on it; what comes out is what a new lake would have."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest

from finops_lake.lake import facts, views
from tests.lake.samples import COSTS, DISKS, SQL, content, warehouse, write_sql

MACRO = """\
-- Cost by anything.
-- parameters:
--   dimension: Expression to group by.
-- example: marts.cost_by(service)
-- columns:
--   place: What was grouped by.
--   billed: Actual cost.
select dimension as place, sum(billed) as billed from marts.charges group by all
"""
PAST = """\
-- What is billed, and was before.
-- columns:
--   service: Service on the bill.
--   billed: Actual cost.
select service, billed from marts.charges
union all
select service, billed from history.charges
"""
FILES = {
    "marts/cost_by.sql": MACRO,
    "marts/charges.sql": SQL["marts/charges.sql"].replace("-- stored", "-- remembers: billing_month\n-- stored"),
    "marts/was_billed.sql": PAST,
}
ABOVE_COSTS = {"marts.charges", "marts.cost_by_month", "marts.cost_by", "marts.was_billed"}
CHANGES = {
    "nothing": ({}, set()),
    "a check alone": ({"audits/big_disks.sql": ("100)", "200)")}, {"audits.big_disks"}),
    "words alone": ({"audits/big_disks.sql": ("cost much", "cost more")}, {"audits.big_disks"}),
    "words that others take over": (
        {"marts/charges.sql": ("Actual cost", "Actual cost, before tax")},
        ABOVE_COSTS,
    ),
    "words of a folder": ({"audits/_columns.sql": ("or fine", "or ok")}, {"audits.big_disks"}),
    "what is beneath": (
        {"staging/costs.sql": ("service, cost", "service, cost + 1 as cost")},
        {"staging.costs", *ABOVE_COSTS},
    ),
    "a new file": ({"audits/small_disks.sql": SQL["audits/big_disks.sql"]}, {"audits.small_disks"}),
    "a mart that takes an audit's second name": (
        {"marts/big_disks.sql": "-- Big.\n-- columns:\n--   size_gb: Size.\nselect size_gb from staging.disks"},
        {"marts.big_disks"},
    ),
    "a file that goes": ({"marts/cost_by.sql": None}, set()),
}


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Names of the views that are made."""
    names: list[str] = []
    create = views._create

    def noted(connection, file, *rest):
        names.append(file.view)
        create(connection, file, *rest)

    monkeypatch.setattr(views, "_create", noted)
    return names


def open_and_close(writer) -> list[object]:
    with writer.lock(0), writer.open():
        pass
    return content(writer)


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_rests_on_a_change_is_made_anew(tmp_path, made, name):
    changes, anew = CHANGES[name]
    folder = write_sql(tmp_path / "sql", FILES)
    open_and_close(warehouse(tmp_path / "home", sql=folder))
    made.clear()
    for path, change in changes.items():
        if change is None:
            (folder / path).unlink()
        elif isinstance(change, tuple):
            text = (folder / path).read_text()
            assert change[0] in text
            (folder / path).write_text(text.replace(*change))
        else:
            (folder / path).write_text(change)
    changed = open_and_close(warehouse(tmp_path / "home", sql=folder))
    assert set(made) == anew
    assert changed == open_and_close(warehouse(tmp_path / "fresh", sql=folder))


def test_a_wider_raw_table_makes_anew_what_rests_on_it(tmp_path, made):
    folder = write_sql(tmp_path / "sql", FILES)
    open_and_close(warehouse(tmp_path / "home", sql=folder))
    made.clear()
    wider = replace(
        DISKS, schema=DISKS.schema.append(pa.field("zone", pa.string())), columns=DISKS.columns | {"zone": "Zone."}
    )
    open_and_close(warehouse(tmp_path / "home", sql=folder, sources=(COSTS, wider)))
    assert set(made) == {"staging.disks", "audits.big_disks"}


def test_what_a_mart_remembers_changes_what_reads_the_past_of_it(tmp_path, made):
    folder = write_sql(tmp_path / "sql", FILES)
    open_and_close(warehouse(tmp_path / "home", sql=folder))
    made.clear()
    charges = folder / "marts" / "charges.sql"
    charges.write_text(charges.read_text().replace("where metric = 'actual'", "where metric <> 'amortized'"))
    open_and_close(warehouse(tmp_path / "home", sql=folder))
    assert set(made) == ABOVE_COSTS


def test_other_code_makes_all_anew(tmp_path, made, monkeypatch):
    folder = write_sql(tmp_path / "sql", FILES)
    open_and_close(warehouse(tmp_path / "home", sql=folder))
    every = set(made)
    made.clear()
    monkeypatch.setattr(facts, "_VIEWS_MADE_BY", facts._VIEWS_MADE_BY + 1)
    open_and_close(warehouse(tmp_path / "home", sql=folder))
    assert set(made) == every
    assert len(every) >= len(FILES) + 4


def test_a_view_that_somebody_dropped_is_made_again_with_the_next_change(tmp_path, made):
    folder = write_sql(tmp_path / "sql", FILES)
    writer = warehouse(tmp_path / "home", sql=folder)
    open_and_close(writer)
    with duckdb.connect(str(writer.files.warehouse)) as connection:
        connection.execute("drop view staging.disks")
    made.clear()
    (folder / "marts" / "cost_by.sql").unlink()
    open_and_close(warehouse(tmp_path / "home", sql=folder))
    assert set(made) == {"staging.disks"}
