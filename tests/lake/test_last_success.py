"""The short view of what was read last (meta.last_success) says what the whole one (meta.chunks) does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from finops_lake.errors import Outcome
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.sqlfiles import sql_folder
from finops_lake.source import Chunk, ChunkResult
from tests.lake.samples import NOVEMBER, NOW, ONE, load_costs, warehouse, write_sql

FAILED_AT = NOW + timedelta(minutes=5)
CHUNK = Chunk("costs", ONE, NOVEMBER, "actual")


@pytest.fixture(params=[False, True], ids=["read", "read-then-failed"])
def published(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bool]:
    """A home whose costs were read, and whether they could not be read once more five minutes later."""
    ours = {f"meta/{name}": (sql_folder() / "meta" / name).read_text() for name in ("chunks.sql", "last_success.sql")}
    writer = warehouse(tmp_path / "home", sql=write_sql(tmp_path / "sql", ours))
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1"})
        if request.param:
            writer.record(ChunkResult(CHUNK, Outcome.FAILED, FAILED_AT, FAILED_AT, reason="Azure was down."))
        writer.publish()
    return tmp_path / "home", request.param


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("minutes", [-30, 1, 10])
def test_both_say_when_it_was_read_last(published: tuple[Path, bool], outcome: Outcome, minutes: int) -> None:
    home, has_failed = published
    at = NOW + timedelta(minutes=minutes)
    reader = LakeReader(home, confirmed=lambda: [ChunkResult(CHUNK, outcome, at, at, True, row_count=1)])
    try:
        whole, short = (
            reader.query(f"select table_name, scope_id, month, metric, last_success_at from {view}").rows
            for view in ("meta.chunks", "meta.last_success")
        )
    finally:
        reader.close()
    is_renewed = outcome in (Outcome.LOADED, Outcome.PARTIAL) and minutes > (5 if has_failed else 0)
    assert whole == short == [("costs", ONE, NOVEMBER, "actual", at if is_renewed else NOW)]
