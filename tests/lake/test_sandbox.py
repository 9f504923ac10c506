"""Other people's SQL: one SELECT, over the lake alone, leaving nothing behind."""

from __future__ import annotations

import pytest

from finops_lake.errors import FinopsLakeError, InputError, RetryableError
from finops_lake.lake.reader import LakeReader
from tests.lake.samples import publish_costs


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("lake") / "home"
    publish_costs(home, "1")
    return home


@pytest.fixture(scope="module")
def reader(home):
    reader = LakeReader(home)
    yield reader
    reader.close()


@pytest.fixture
def ask(reader):
    return lambda sql: reader.query_user_sql(sql, max_rows=100, timeout=20)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as x",
        "select 1 as x;",
        "with a as (select 1 as x) select * from a",
        "from marts.cost_by_month",
        "values (1)",
        "show tables",
        "describe marts.cost_by_month",
        "summarize marts.charges",
        "pivot staging.costs on service in ('disk') using sum(cost)",
        "select view_name, comment from duckdb_views() where not internal",
    ],
)
def test_what_only_reads_the_lake_is_answered(ask, sql):
    assert ask(sql).rows


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("", "there is no statement here"),
        ("-- nothing", "there is no statement here"),
        ("select 1; select 2", "here are 2 statements"),
        ("select 1; copy (select 1) to 'x'", "here are 2 statements"),
        ("explain select 1", "EXPLAIN is not available"),
        ("explain analyze copy (select 1) to 'x'", "EXPLAIN is not available"),
        ("pivot staging.costs on service using sum(cost)", "a PIVOT needs its values listed"),
        ("insert into raw.costs (service) values ('x')", "this is INSERT, and the lake can only be read here"),
        ("with a as (select 'x' as service) insert into raw.costs by name from a", "this is INSERT"),
        ("create temp view marts_charges as select 1", "this is CREATE"),
        ("set threads = 1", "this is SET"),
        ("pragma database_list", "this is PRAGMA"),
        ("call enable_logging()", "this is CALL"),
        ("attach ':memory:' as other", "this is ATTACH"),
        ("copy (select 1) to '/dev/stdout'", "this is COPY"),
        ("checkpoint", "this is"),
        ("install httpfs", "this is"),
        ("prepare p as select 1", "this is PREPARE"),
    ],
)
def test_anything_but_one_select_is_refused_with_a_hint(ask, sql, hint):
    with pytest.raises(InputError, match="give one SELECT") as caught:
        ask(sql)
    assert hint in caught.value.allowed
    assert caught.value.field == "sql"


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('{home}/finops.duckdb')",
        "select * from read_blob('{home}/generations/1.duckdb')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('{home}/*')",
        "select * from '{home}/x.csv'",
        "select * from '/etc/passwd'",
        "select * from 'https://example.com/x.parquet'",
        "select * from read_duckdb('{home}/warehouse.duckdb')",
        "select * from query('select * from read_text(''/etc/passwd'')')",
        "select * from enable_logging(storage = 'stdout')",
        "select * from enable_profiling()",
        "select getenv('HOME')",
        "select * from leaked_variable",
    ],
)
def test_nothing_outside_the_lake_can_be_read(ask, home, sql):
    leaked_variable = [1]
    (home / "x.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(FinopsLakeError):
        ask(sql.format(home=home))
    assert leaked_variable == [1]


def test_a_long_statement_is_not_repeated_in_full(ask):
    with pytest.raises(InputError) as caught:
        ask("set threads = " + "1" * 10_000)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "sql", ["select sleep_ms(20000)", "with recursive a(n) as (select 1 union all select n + 1 from a) from a"]
)
def test_what_would_never_end_is_stopped(ask, reader, sql):
    with pytest.raises(FinopsLakeError) as caught:
        reader.query_user_sql(sql + ("" if "sleep" in sql else " where n < 0"), max_rows=10, timeout=0.3)
    assert isinstance(caught.value, RetryableError) or "sleep_ms" in str(caught.value)


def test_secrets_and_settings_cannot_be_changed_by_our_own_statements_either(ask, reader):
    for sql in (
        "set memory_limit = '100GB'",
        "set lock_configuration = false",
        "attach '{home}/other.duckdb' as other",
    ):
        with pytest.raises(FinopsLakeError):
            reader.query(sql)


def test_a_temporary_view_does_not_outlive_its_call(ask, reader):
    reader.query("create temp view charges as select 0 as billed")
    assert reader.query("select billed from charges").rows == [(1,)]
