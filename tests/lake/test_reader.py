"""Reading: always the newest generation, rows as Python values, limits that say so."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest

from finops_lake.answers.together import together
from finops_lake.errors import (
    BadRequestError,
    EmptyLakeError,
    LakeError,
    NewerLakeError,
    Outcome,
    RetryableError,
    StorageError,
)
from finops_lake.lake.files import Choice, LakeFiles
from finops_lake.lake.reader import KEPT_ROWS, LakeReader
from finops_lake.lake.results import Column
from finops_lake.source import Chunk, ChunkResult
from tests.lake.samples import NOVEMBER, load_disks, publish_costs, run_python, warehouse

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
COST = "select billed from marts.cost_by_month"
FOREVER = "select count(*) from range(1000000) as a, range(1000000) as b where a.range * b.range % 7 = 3"


def test_an_empty_home_says_how_to_fill_it(home, reader):
    assert not reader.exists()
    assert reader.generation() is None
    reader.warm_up()
    with pytest.raises(
        EmptyLakeError, match=r"There is no lake in .*home yet\. Run finops-lake refresh \(or finops-lake demo"
    ):
        reader.query("select 1")


def test_a_home_that_is_a_file_holds_no_lake(tmp_path):
    (tmp_path / "home").touch()
    with pytest.raises(EmptyLakeError):
        LakeReader(tmp_path / "home").query("select 1")


def test_rows_come_with_names_types_and_python_values(home, reader):
    publish_costs(home, "1.5")
    found = reader.query(
        "select 1.50::decimal(9, 2) as cost, date '2026-11-01' as day, timestamptz '2026-11-01 02:00+02' as since"
    )
    assert found.columns == (
        Column("cost", "DECIMAL(9,2)"),
        Column("day", "DATE"),
        Column("since", "TIMESTAMP WITH TIME ZONE"),
    )
    assert found.rows == [(Decimal("1.50"), date(2026, 11, 1), datetime(2026, 11, 1, tzinfo=UTC))]
    assert not found.truncated


def test_days_are_utc_days_whatever_the_machine_thinks(home):
    publish_costs(home, "1")
    code = """
import sys
from pathlib import Path
from finops_lake.lake.reader import KEPT_ROWS, LakeReader
found = LakeReader(Path(sys.argv[1])).query("select (timestamptz '2026-11-01 01:00+00')::date")
print(found.rows[0][0])
"""
    assert run_python(code, home, env=os.environ | {"TZ": "America/New_York"}).stdout == "2026-11-01\n"


def test_parameters_go_by_position_and_by_name(home, reader):
    publish_costs(home, "1")
    assert reader.query("select ?::int + ?::int", [1, 2]).rows == [(3,)]
    assert reader.query("select $a::date", {"a": NOVEMBER}).rows == [(NOVEMBER,)]


def test_variables_last_for_one_call(home, reader):
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        load_disks(writer, 50, 500)
        writer.publish()
    verdicts = "select verdict from audits.big_disks order by disk_id"
    assert reader.query(verdicts, variables={"big_gb": 10}).rows == [("waste",), ("waste",)]
    assert reader.query(verdicts).rows == [("fine",), ("waste",)]


def test_more_rows_than_asked_for_are_cut_and_the_result_says_so(home, reader):
    publish_costs(home, "1")
    cut = reader.query("from range(10)", max_rows=3)
    assert cut.rows == [(0,), (1,), (2,)]
    assert cut.truncated
    assert not reader.query("from range(3)", max_rows=3).truncated
    assert reader.query("from range(1000000000000)", max_rows=1, timeout=30).rows == [(0,)]


def test_a_query_past_its_time_is_stopped_and_the_next_one_works(home, reader):
    publish_costs(home, "1")
    with pytest.raises(RetryableError, match=r"stopped after 0\.2 s\. Narrow it"):
        reader.query(FOREVER, timeout=0.2)
    assert reader.query(COST).rows == [(1,)]


def test_duckdbs_explanation_is_kept_and_its_copy_of_the_statement_is_not(home, reader):
    publish_costs(home, "1")
    with pytest.raises(BadRequestError) as caught:
        reader.query("select biled from marts.cost_by_month")
    assert 'column "biled" not found' in caught.value.message
    assert "billed" in caught.value.message
    assert "LINE" not in caught.value.message
    with pytest.raises(BadRequestError, match=r"cost_by_month.*SHOW ALL TABLES"):
        reader.query("select * from cost_by_moth")
    assert isinstance(caught.value.__cause__, duckdb.Error)


def test_a_query_that_needs_too_much_memory_is_refused(home, reader):
    publish_costs(home, "1")
    with pytest.raises(BadRequestError, match="more memory than it may use"):
        reader.query("select list(repeat('x', 100000) || range) from range(40000)", timeout=50)


def test_new_calls_see_the_new_generation_and_running_ones_finish_on_the_old(home, reader):
    assert publish_costs(home, "1") == 1
    stream = reader.arrow("select billed from marts.cost_by_month, range(300000)")
    first = stream.read_next_batch()
    assert publish_costs(home, "2") == 2
    assert reader.generation() == 2
    assert reader.query(COST).rows == [(2,)]
    rest = stream.read_all()
    assert first.num_rows + rest.num_rows == 300000
    assert set(rest.column("billed").to_pylist()) == {Decimal(1)}


def test_what_is_recalled_is_asked_once_until_anything_is_known_anew(home):
    confirmed = []
    reader = LakeReader(home, confirmed=lambda: confirmed)
    publish_costs(home, "1.5")
    first = reader.recall(COST)
    assert first.rows == reader.query(COST).rows
    assert reader.recall(COST) is first
    publish_costs(home, "2.5")
    second = reader.recall(COST)
    assert second.rows == reader.query(COST).rows != first.rows
    confirmed.append(ChunkResult(Chunk("costs", "/"), Outcome.LOADED, AT, AT))
    assert reader.recall(COST) is not second
    reader.close()


def test_what_is_recalled_may_rest_on_rows_that_are_kept(home):
    """Rows that were made of the lake are there for the first time that it is asked, and not needed again."""
    reader = LakeReader(home)
    publish_costs(home, "1.5")
    kept = reader.keep("kept", lambda: reader.arrow("select 7 as number").read_all())
    first = reader.recall("select number from kept", tables={"kept": kept})
    assert first.rows == [(7,)]
    assert reader.recall("select number from kept") is first
    reader.close()


def test_all_of_one_answer_rests_on_what_was_known_at_its_start(home):
    publish_costs(home, "1")
    looks, confirmed = [], []

    def look():
        looks.append(len(confirmed))
        return tuple(confirmed)

    reader = LakeReader(home, confirmed=look)
    with reader.steady():
        before = reader.version()
        confirmed.append(ChunkResult(Chunk("sums", "/"), Outcome.LOADED, AT, AT))
        assert together(reader.version, lambda: reader.recall("select 1").rows) == (before, [(1,)])
        assert reader.query("select getvariable('confirmed') is null").rows == [(True,)]
    assert looks == [0]
    assert reader.version() != before
    assert reader.query("select getvariable('confirmed') is null").rows == [(False,)]
    reader.close()


def test_what_is_recalled_is_bounded_by_rows(home):
    reader = LakeReader(home)
    publish_costs(home, "1")
    large = f"select range from range({KEPT_ROWS + 1})"
    half = "select range from range({}, {})"
    first = reader.recall(half.format(0, KEPT_ROWS // 2 + 1))
    assert len(reader.recall(large).rows) == KEPT_ROWS + 1
    assert reader.recall(large) is not reader.recall(large)
    again = reader.recall(half.format(0, KEPT_ROWS // 2 + 1))
    assert again is not first
    assert again.rows == first.rows
    assert reader.recall(half.format(1, KEPT_ROWS)).rows
    assert reader.recall(half.format(0, KEPT_ROWS // 2 + 1)) is not again
    reader.close()


def test_an_arrow_stream_may_be_left_unread(home, reader):
    publish_costs(home, "1")
    stream = reader.arrow("from range(1000000)")
    assert stream.schema.names == ["range"]
    stream.close()
    with pytest.raises(BadRequestError, match="nothing"):
        reader.arrow("from nothing")
    assert reader.arrow("select ?::int as x", [4]).read_all().to_pydict() == {"x": [4]}


def test_two_readers_of_one_process_share_a_lake(home, reader):
    publish_costs(home, "1")
    other = LakeReader(home)
    assert reader.query(COST).rows == other.query(COST).rows == [(1,)]
    publish_costs(home, "2")
    assert other.query(COST).rows == [(2,)]
    other.close()
    assert reader.query(COST).rows == [(2,)]


def test_many_threads_ask_while_generations_change(home, reader):
    publish_costs(home, "1")
    stop = threading.Event()

    def ask() -> set[Decimal]:
        seen = set()
        while not stop.is_set():
            seen.add(reader.query(COST, timeout=30).rows[0][0])
        return seen

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask) for _ in range(4)]
        for amount in range(2, 8):
            publish_costs(home, str(amount))
        stop.set()
        seen = set().union(*(answer.result() for answer in answers))
    assert seen <= {Decimal(amount) for amount in range(1, 8)}
    assert reader.query(COST).rows == [(7,)]


def test_after_close_the_next_query_opens_the_lake_again(home, reader):
    publish_costs(home, "1")
    reader.warm_up()
    reader.close()
    assert reader.query(COST).rows == [(1,)]


def test_an_idle_reader_lets_go_of_the_file(home):
    publish_costs(home, "1")
    reader = LakeReader(home, idle_seconds=0.05)
    assert reader.query(COST).rows == reader.query(COST).rows == [(1,)]
    pool = reader._pool
    let_go = threading.Event()
    while pool._base is not None and not let_go.wait(0.01):
        pass
    assert reader.query(COST).rows == [(1,)]
    reader.close()


def test_making_a_reader_does_not_load_duckdb():
    code = "import sys; from pathlib import Path; from finops_lake.lake.reader import KEPT_ROWS, LakeReader;"
    code += "LakeReader(Path('x')).exists(); print('duckdb' in sys.modules, 'pyarrow' in sys.modules)"
    assert run_python(code).stdout == "False False\n"


def test_a_lake_of_a_newer_version_is_refused(home, reader):
    publish_costs(home, "1")
    shutil.rmtree(home / "generations")
    with duckdb.connect(str(home / "finops.duckdb")) as connection:
        connection.execute("update meta.lake set value = '2' where key = 'schema_version'")
    with pytest.raises(NewerLakeError, match=r"layout 2.*Upgrade finops-lake"):
        reader.query(COST)


def test_a_file_copied_in_from_elsewhere_is_read(home, reader, tmp_path):
    publish_costs(tmp_path / "elsewhere" / "home", "9")
    home.mkdir()
    shutil.copy(tmp_path / "elsewhere" / "home" / "finops.duckdb", home)
    assert reader.exists()
    assert reader.generation() is None
    assert reader.query(COST).rows == [(9,)]
    with duckdb.connect(str(home / "finops.duckdb")) as connection:
        connection.execute("create table mine as select 1 as x")
    assert reader.query("from mine").rows == [(1,)]
    reader.close()
    assert list((home / "generations").iterdir()) == []


def test_a_published_file_that_somebody_changed_is_read_as_it_is_now(home, reader):
    publish_costs(home, "1")
    assert reader.query(COST).rows == [(1,)]
    with duckdb.connect(str(home / "finops.duckdb")) as connection:
        connection.execute("create table mine as select 42 as x")
    assert reader.query("from mine").rows == [(42,)]
    assert publish_costs(home, "2") == 2
    assert reader.query(COST).rows == [(2,)]
    assert [path.name for path in (home / "generations").iterdir()] == ["2.duckdb"]


def test_a_copy_that_is_not_needed_any_more_is_let_go_after_its_last_call(home, reader):
    publish_costs(home, "1")
    for number in (1, 2):
        with duckdb.connect(str(home / "finops.duckdb")) as connection:
            connection.execute(f"create table mine{number} as from range(300000)")
        if number == 1:
            stream = reader.arrow("from mine1")
            stream.read_next_batch()
    assert reader.query("select count(*) from mine2").rows == [(300000,)]
    assert len(list((home / "generations").glob("copy-*"))) == 2
    assert stream.read_all().num_rows < 300000
    assert len(list((home / "generations").glob("copy-*"))) == 1


def test_a_publication_between_two_looks_is_not_mistaken_for_a_changed_file(home):
    publish_costs(home, "1")

    class Interrupted(LakeFiles):
        """Somebody publishes after the published file was looked at, before the generations are."""

        def numbers(self) -> list[int]:
            if LakeFiles(home).numbers() == [1]:
                publish_costs(home, "2")
            return super().numbers()

    assert Interrupted(home).current() == Choice(home / "generations" / "2.duckdb")


def test_a_published_file_that_somebody_broke_does_not_stop_answers(home, reader, caplog):
    publish_costs(home, "1")
    (home / "finops.duckdb").write_bytes(b"not a database" * 1000)
    with caplog.at_level(logging.WARNING):
        assert reader.query(COST).rows == [(1,)]
    assert "answering from generation 1" in caplog.text


def test_a_home_in_which_nothing_can_be_written_is_read_through_the_temporary_folder(home, tmp_path, monkeypatch):
    """A file where the folder of copies should be stands in for a home without write permission."""
    publish_costs(home, "4")
    shutil.rmtree(home / "generations")
    (home / "generations").touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    reader = LakeReader(home)
    assert reader.query(COST).rows == [(4,)]
    assert len(list(temporary.iterdir())) == 1
    reader.close()
    assert list(temporary.iterdir()) == []


def test_a_file_that_is_no_lake_is_named(home, reader):
    home.mkdir()
    (home / "finops.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageError, match=r"is not a DuckDB file.*Move it away"):
        reader.query("select 1")
    (home / "finops.duckdb").unlink()
    duckdb.connect(str(home / "finops.duckdb")).close()
    with pytest.raises(LakeError, match="not one of finops-lake"):
        reader.query("select 1")


def test_the_published_file_may_be_missing(home, reader):
    publish_costs(home, "1")
    (home / "finops.duckdb").unlink()
    assert reader.query(COST).rows == [(1,)]
    writer = warehouse(home)
    with writer.lock(0):
        assert (home / "finops.duckdb").exists()
