"""Views: described for the shell, found by SHOW TABLES, rebuilt when their definition changes and only then."""

from __future__ import annotations

import pytest

from finops_lake.lake.sqlfiles import SqlFileError
from tests.lake.samples import NOVEMBER, SQL, load_costs, publish_costs, warehouse, write_sql


def comments(look, schema):
    tables = look(
        f"select view_name, comment from duckdb_views() where schema_name = '{schema}' union all"
        f" select table_name, comment from duckdb_tables() where schema_name = '{schema}'"
    )
    columns = look(
        f"select table_name || '.' || column_name, comment from duckdb_columns() where schema_name = '{schema}'"
    )
    return dict(tables + columns)


def test_headers_become_comments_and_columns_inherit_their_text(home, look):
    publish_costs(home, "1")
    marts = comments(look, "marts")
    assert marts["cost_by_month"] == "Cost by month, what the month cost in all. Grain: one row per month."
    assert marts["cost_by_month.billed"] == "Actual cost of the month."
    assert marts["cost_by_month.billing_month"] == "Month that was asked."
    assert marts["charges"] == "Both readings side by side."
    assert marts["charges.service"] == "Service on the bill."
    audits = comments(look, "audits")
    assert audits["big_disks.verdict"] == "waste or fine."
    assert audits["big_disks.disk_id"] == "ARM id, lower-cased."


def test_marts_and_audits_also_stand_in_schema_main_with_their_comments(home, look):
    publish_costs(home, "1")
    main = comments(look, "main")
    assert main["charges"] == "Both readings side by side."
    assert main["cost_by_month.billed"] == "Actual cost of the month."
    assert main["big_disks"] == "Big disks cost much."
    assert look("select billed::int from charges") == [(1,)]


def test_an_audit_gives_way_to_a_mart_of_the_same_name(home, look, tmp_path):
    audit = SQL["audits/big_disks.sql"].replace("Big disks cost much", "The audit")
    writer = warehouse(home, sql=write_sql(tmp_path / "sql", {"audits/charges.sql": audit}))
    with writer.lock(0), writer.open():
        pass
    main = comments(look, "main")
    assert main["charges"] == "Both readings side by side."
    assert main["audit_charges"] == "The audit."


def test_headers_and_lineage_can_be_queried(home, look):
    publish_costs(home, "1")
    headers = dict(look("select key, value from meta.headers where view_name = 'audits.big_disks'"))
    assert headers["title"] == "Big disks"
    assert headers["description"] == "Big disks cost much."
    assert look("select view_name, table_name from meta.lineage order by all") == [
        ("audits.big_disks", "disks"),
        ("marts.charges", "costs"),
        ("marts.cost_by_month", "costs"),
        ("staging.costs", "costs"),
        ("staging.disks", "disks"),
    ]


def test_a_changed_definition_replaces_views_and_rebuilds_the_stored_mart(home, look, tmp_path):
    publish_costs(home, "1")
    doubled = SQL["staging/costs.sql"].replace("service, cost", "service, cost * 2 as cost")
    changed = write_sql(
        tmp_path / "changed", {"staging/costs.sql": doubled.replace("--   metric", "--   cost: Twice.\n--   metric")}
    )
    (changed / "audits" / "big_disks.sql").unlink()
    writer = warehouse(home, sql=changed)
    with writer.lock(0), writer.open():
        pass
    assert look("select billing_month, billed::int from marts.cost_by_month") == [(NOVEMBER, 2)]
    assert look("select billed::int from marts.charges") == [(2,)]
    assert look("select count(*) from duckdb_views() where view_name = 'big_disks'") == [(0,)]


def test_a_mart_may_become_stored_or_stop_being_so(home, look, tmp_path):
    publish_costs(home, "1")
    plain = SQL["marts/charges.sql"].replace("-- stored: x_scope_id, billing_month\n", "")
    for text, kind in ((plain, "VIEW"), (SQL["marts/charges.sql"], "BASE TABLE")):
        writer = warehouse(home, sql=write_sql(tmp_path / "changed", {"marts/charges.sql": text}))
        with writer.lock(0), writer.open():
            pass
        assert look(
            "select table_type from information_schema.tables where table_schema = 'marts' and table_name = 'charges'"
        ) == [(kind,)]
        assert look("select billed::int from marts.charges") == [(1,)]


def test_nothing_is_rewritten_when_no_definition_changed(home, look):
    publish_costs(home, "1")
    oids = "select view_oid from duckdb_views() where not internal order by all"
    before = look(oids)
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "2"})
    assert look(oids) == before


MACRO = """\
-- Cost by anything.
-- parameters:
--   dimension: Expression to group by.
--   keep := true: Condition on charges,
--     any of them.
-- example: marts.cost_by(service, keep := billing_month = date '2026-11-01')
-- columns:
--   place: What was grouped by.
--   billed: Actual cost.
select dimension as place, sum(billed) as billed from marts.charges where keep group by all
"""


def test_a_file_with_parameters_is_a_table_macro(home, look, tmp_path):
    writer = warehouse(home, sql=write_sql(tmp_path / "macros", {"marts/cost_by.sql": MACRO}))
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1", "vm": "2"})
        writer.publish()
    assert look("select place, billed::int from marts.cost_by(service) order by all") == [("disk", 1), ("vm", 2)]
    assert look("select billed::int from marts.cost_by(x_scope_id, keep := service = 'vm')") == [(2,)]
    assert (
        look("select billed::int from marts.cost_by(service || '!', keep := billing_month < date '2026-01-01')") == []
    )
    assert look("select comment from duckdb_functions() where function_name = 'cost_by'") == [("Cost by anything.",)]
    assert ("marts.cost_by", "costs") in look("select view_name, table_name from meta.lineage")
    headers = dict(look("select key, value from meta.headers where view_name = 'marts.cost_by'"))
    assert headers["parameters"] == "dimension: Expression to group by.; keep: Condition on charges, any of them."
    assert headers["columns"] == "place: What was grouped by.; billed: Actual cost."


def test_a_macro_can_be_read_by_views_and_goes_when_its_file_goes(home, look, tmp_path):
    reading = "-- A.\n-- columns:\n--   place: Service.\n--   billed: Cost.\nselect * from marts.cost_by(service)\n"
    folder = write_sql(tmp_path / "macros", {"marts/cost_by.sql": MACRO, "marts/a.sql": reading})
    writer = warehouse(home, sql=folder)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1"})
    assert look("select place from marts.a") == [("disk",)]
    assert ("marts.a", "costs") in look("select view_name, table_name from meta.lineage")
    for name in ("cost_by", "a"):
        (folder / "marts" / f"{name}.sql").unlink()
    with writer.lock(0), writer.open():
        pass
    assert look("select count(*) from duckdb_functions() where function_name = 'cost_by'") == [(0,)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            MACRO.replace("-- example: marts.cost_by", "-- example: marts.other"),
            r"cost_by\.sql:2: a macro .* has an example",
        ),
        (MACRO.replace("--   place: What was grouped by.\n", ""), r"cost_by\.sql:9: column place is not described"),
        (MACRO.replace("sum(billed)", "sum(nothing)"), r'cost_by\.sql:10: .*"nothing" not found'),
        (MACRO.replace("--   keep", "--   dimension"), r"cost_by\.sql:4: parameter dimension is described twice"),
        (MACRO.replace("marts.charges where", "marts.nothing where"), r"cost_by\.sql:10: there is no marts\.nothing"),
    ],
)
def test_a_macro_that_cannot_be_used_is_refused(home, tmp_path, text, fault):
    folder = write_sql(tmp_path / "bad", {"marts/cost_by.sql": text})
    writer = warehouse(home, sql=folder)
    with writer.lock(0), pytest.raises(SqlFileError, match=fault), writer.open():
        pass
