"""SQL files: path is name, the header describes, one SELECT; every fault names its file and line."""

from __future__ import annotations

import duckdb
import pytest

from finops_lake.lake.freshness import lineage, raw_tables_beneath, views_beneath
from finops_lake.lake.graph import build_graph
from finops_lake.lake.sqlfiles import SqlFileError, parse, read_sql_files, sql_folder
from tests.lake.samples import SQL, warehouse, write_sql

TABLES = {"raw.costs", "raw.disks", "meta.loads"}


def test_path_is_name_and_the_header_is_read(tmp_path):
    files = {file.view: file for file in read_sql_files(write_sql(tmp_path))}
    assert list(files) == [
        "audits.big_disks",
        "marts.charges",
        "marts.cost_by_month",
        "staging.costs",
        "staging.disks",
    ]
    by_month = files["marts.cost_by_month"]
    assert by_month.path == "marts/cost_by_month.sql"
    assert by_month.description == "Cost by month, what the month cost in all."
    assert by_month.headers == {"grain": "one row per month"}
    assert by_month.columns == {"billed": "Actual cost of the month."}
    assert by_month.select.startswith("select billing_month")
    assert by_month.line == 7
    assert files["audits.big_disks"].headers["title"] == "Big disks"
    assert files["audits.big_disks"].folder_columns == {"verdict": "waste or fine."}
    assert files["marts.charges"].is_stored
    assert not by_month.is_stored


def test_the_folder_of_this_checkout_is_found():
    assert (sql_folder() / "marts").is_dir()


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("marts/a.sql", "select 1 as one", r"marts/a\.sql:1: the header must begin with a sentence"),
        ("marts/a.sql", "-- grain: one row\nselect 1 as one", r"marts/a\.sql:1: the header must begin with a sentence"),
        ("marts/a.sql", "-- Ones.\n-- grain:\nselect 1 as one", r"marts/a\.sql:2: grain: has no value"),
        (
            "marts/a.sql",
            "-- Ones.\n-- grain: a\n-- grain: b\nselect 1",
            r"marts/a\.sql:3: the header says grain: twice",
        ),
        (
            "marts/a.sql",
            "-- Ones.\n-- columns:\n--   one: a\n--   one: b\nselect 1",
            r"marts/a\.sql:4: column one is described twice",
        ),
        (
            "marts/a.sql",
            "-- Ones.\n-- columns:\n--   no text\nselect 1",
            r"marts/a\.sql:3: 'no text' is not a column's",
        ),
        ("marts/a.sql", "-- Ones.\n-- grain: a\n-- More.\nselect 1", r"marts/a\.sql:3: 'More\.' is neither"),
        ("marts/a.sql", "-- Ones.\n", r"marts/a\.sql:1: there is no SELECT under the header"),
        ("marts/A-b.sql", "-- Ones.\nselect 1", r"marts/A-b\.sql:1: the file name must be lower-case"),
        (
            "views/a.sql",
            "-- Ones.\nselect 1",
            r"views/a\.sql:1: the folder must be one of staging, charges, meta, marts, audits",
        ),
        (
            "marts/a.sql",
            "-- Ones.\n-- stored: day\nselect 1",
            r"marts/a\.sql:2: only a view of charges or marts can be stored, by x_scope_id",
        ),
        (
            "staging/a.sql",
            "-- Ones.\n-- stored: x_scope_id, billing_month\nselect 1",
            r"staging/a\.sql:2: only a view of charges or marts can be stored",
        ),
    ],
)
def test_a_bad_header_names_its_line(tmp_path, name, text, fault):
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SqlFileError, match=fault):
        read_sql_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "select", "fault"),
    [
        (
            "marts/a.sql",
            "select 1 as one;\nselect 2 as two",
            r"marts/a\.sql:2: a view is one SELECT, and here are 2 statements",
        ),
        ("marts/a.sql", "create table x (i int)", r"marts/a\.sql:2: a view is one bare SELECT"),
        ("marts/a.sql", "select 1 as one\nfrom where", r'marts/a\.sql:3: syntax error at or near "where"'),
        ("marts/a.sql", "select *\nfrom staging.nothing", r"marts/a\.sql:3: there is no staging\.nothing"),
        ("marts/a.sql", "select *\n\nfrom costs", r"marts/a\.sql:4: costs is read without its schema"),
        (
            "marts/a.sql",
            "select *\nfrom raw.costs",
            r"marts/a\.sql:3: raw\.costs is read, but marts may only read staging, charges, history",
        ),
        (
            "staging/a.sql",
            "select * from staging.costs",
            r"staging/a\.sql:2: staging\.costs is read, but staging may only read raw, history, meta",
        ),
        (
            "audits/a.sql",
            "select 1 where 1 in (select 1 from audits.big_disks)",
            r"audits/a\.sql:2: audits\.big_disks is read, but audits",
        ),
        (
            "marts/a.sql",
            "select * from marts.a",
            r"marts/a\.sql:2: views read each other in a circle: marts\.a <- marts\.a",
        ),
    ],
)
def test_a_bad_select_names_its_line(tmp_path, name, select, fault):
    files = read_sql_files(write_sql(tmp_path, {name: f"-- A view.\n{select}\n"}))
    with duckdb.connect() as connection, pytest.raises(SqlFileError, match=fault):
        build_graph(connection, files, TABLES)


def test_two_views_that_read_each_other_are_a_circle(tmp_path):
    extra = {"marts/a.sql": "-- A.\nselect * from marts.b", "marts/b.sql": "-- B.\nselect * from marts.a"}
    with duckdb.connect() as connection, pytest.raises(SqlFileError, match="in a circle: marts"):
        build_graph(connection, read_sql_files(write_sql(tmp_path, extra)), TABLES)


def test_a_stored_mart_must_not_depend_on_the_moment_it_is_read(tmp_path):
    changing = SQL["staging/costs.sql"].replace("from raw.costs", "from raw.costs where day < current_date")
    files = read_sql_files(write_sql(tmp_path, {"staging/costs.sql": changing}))
    with (
        duckdb.connect() as connection,
        pytest.raises(SqlFileError, match=r"marts/charges\.sql:6: .*current_date.* \(staging\.costs\)"),
    ):
        build_graph(connection, files, TABLES)


def test_names_in_ctes_strings_and_comments_are_no_references(tmp_path):
    text = "-- A.\nwith costs as (select * from staging.costs) -- not raw.costs\nselect 'raw.disks' as t from costs"
    with duckdb.connect() as connection:
        graph = build_graph(connection, read_sql_files(write_sql(tmp_path, {"marts/a.sql": text})), TABLES)
    assert graph.reads["marts.a"] == {"staging.costs"}


def test_views_come_after_what_they_read(tmp_path):
    with duckdb.connect() as connection:
        graph = build_graph(connection, read_sql_files(write_sql(tmp_path)), TABLES)
    order = [file.view for file in graph.files]
    assert all(order.index(name) < order.index(view) for view in order for name in graph.reads[view] if name in order)


def test_lineage_goes_through_views_and_stored_marts_down_to_raw_tables():
    reads = {
        "marts.a": frozenset({"marts.b", "meta.loads"}),
        "marts.b": frozenset({"staging.c", "staging.d"}),
        "staging.c": frozenset({"raw.c"}),
        "staging.d": frozenset({"raw.d", "raw.c"}),
    }
    assert raw_tables_beneath("marts.a", reads) == {"c", "d"}
    assert views_beneath("marts.b", reads) == {"marts.b", "staging.c", "staging.d"}
    assert list(lineage(["staging.c", "marts.a"], reads)) == [("staging.c", "c"), ("marts.a", "c"), ("marts.a", "d")]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (
            "marts/a.sql",
            "-- A.\n-- columns:\n--   two: x\nselect 1 as one",
            r"marts/a\.sql:3: the result has no column two",
        ),
        ("marts/a.sql", "-- A.\n\nselect 1 as one", r"marts/a\.sql:3: column one is not described under columns:"),
        ("marts/a.sql", "-- A.\nselect\n    nothing\nfrom staging.costs", r'marts/a\.sql:3: .*"nothing" not found'),
        (
            "marts/a.sql",
            "-- A.\n-- stored: x_scope_id, billing_month\nselect x_scope_id from staging.costs",
            r"marts/a\.sql:3: a stored mart needs the column billing_month",
        ),
    ],
)
def test_a_view_that_does_not_hold_what_it_says_is_refused_and_the_lake_stays_as_it_was(home, look, name, text, fault):
    writer = warehouse(home)
    with writer.lock(0):
        with writer.open():
            pass
        bad = warehouse(home, sql=write_sql(home.parent / "bad", {name: text}))
        with pytest.raises(SqlFileError, match=fault), bad.open():
            pass
    assert look("select count(*) from duckdb_views() where view_name = 'a'") == [(0,)]
    assert look("select * from marts.cost_by_month") == []


def test_a_trailing_semicolon_is_no_second_statement():
    assert parse("marts", "a.sql", "-- A.\nselect 1 as one;\n\n").select == "select 1 as one"
