"""A statement ends when its time is over, or when nobody waits for it any more."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from finops_lake.errors import RetryableError
from finops_lake.lake.limits import Stop
from finops_lake.lake.reader import LakeReader
from tests.lake.samples import publish_costs

ENDLESS = "select count(*) from range(10000000000) as t(i), range(1000)"


@pytest.fixture
def reader(tmp_path: Path):
    publish_costs(tmp_path / "home", "1")
    reader = LakeReader(tmp_path / "home")
    yield reader
    reader.close()


def test_a_stop_from_another_thread_ends_a_statement_that_has_no_time_limit(reader: LakeReader) -> None:
    stop = Stop()
    timer = threading.Timer(0.2, stop.now)
    timer.start()
    with pytest.raises(RetryableError, match="The query was stopped"):
        reader.query_user_sql(ENDLESS, max_rows=1, timeout=None, stop=stop)
    timer.join()


def test_a_stop_before_its_start_is_heeded(reader: LakeReader) -> None:
    stop = Stop()
    stop.now()
    with pytest.raises(RetryableError, match="The query was stopped"):
        reader.query_user_sql("select 1", max_rows=1, timeout=None, stop=stop)


def test_time_and_stop_are_told_apart_and_a_stop_after_the_end_does_nothing(reader: LakeReader) -> None:
    with pytest.raises(RetryableError, match=r"stopped after 0\.1 s"):
        reader.query_user_sql(ENDLESS, max_rows=1, timeout=0.1, stop=Stop())
    stop = Stop()
    assert reader.query_user_sql("select 1 as x", max_rows=1, timeout=20, stop=stop).rows == [(1,)]
    stop.now()
    assert reader.query("select 2 as x").rows == [(2,)]


def test_bytes_end_a_result_as_rows_do(reader: LakeReader) -> None:
    sql = "select repeat('x', 1000) as x from range(500)"
    assert len(reader.query_user_sql(sql, max_rows=1000, timeout=20, max_bytes=10_000).rows) == 10
    whole = reader.query_user_sql(sql, max_rows=1000, timeout=20, max_bytes=1_000_000)
    assert (len(whole.rows), whole.truncated) == (500, False)
    one = reader.query_user_sql("select repeat('x', 100000) as x", max_rows=9, timeout=20, max_bytes=10)
    assert (len(one.rows), one.truncated) == (1, False)
