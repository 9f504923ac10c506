"""A lake that an earlier version wrote: tools that may refresh bring it up to date first, without asking Azure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finops_lake.demo.server import LocalAzure
from finops_lake.errors import OutdatedLakeError
from tests.older import CHANGED, NEW_MART, leave_as_older
from tests.server.calls import app_of, ask, call, refused, text_of

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def left_as_older(filled_from_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was filled this morning, and written by finops-lake 0.0.9 last, to be copied."""
    folder = tmp_path_factory.mktemp("older")
    home = shutil.copytree(filled_from_small, folder / "home")
    leave_as_older(home, folder)
    return home


@pytest.fixture
def older(left_as_older: Path, tmp_path: Path) -> Path:
    return shutil.copytree(left_as_older, tmp_path / "home")


async def test_a_tool_brings_the_lake_up_to_date_and_answers(azure: LocalAzure, older: Path) -> None:
    with app_of(azure, older) as app:
        assert "last written by finops-lake 0.0.9" in await refused(app, "query_lake", sql=f"from marts.{NEW_MART}")
        before = app.lake.generation()
        assert before is not None
        envelope = await ask(app, "get_commitments")
        assert not any("last written" in note for note in envelope["notes"])
        assert app.lake.generation() == before + 1
        app.lake.check_definitions()
        await ask(app, "query_lake", sql=f"from marts.{NEW_MART}")
        await ask(app, "get_commitments")
        assert app.lake.generation() == before + 1
    assert azure.requests == []


async def test_a_lake_of_elsewhere_is_brought_up_to_date_without_its_azure(azure: LocalAzure, older: Path) -> None:
    with app_of(azure, older) as app:
        app.settings = app.settings.model_copy(update={"arm_endpoint": None})
        (note,) = (await ask(app, "get_commitments", max_wait_seconds=60, cache_bypass=True))["notes"][-1:]
        assert "demo data" in note
        app.lake.check_definitions()
    assert azure.requests == []


async def test_where_refreshing_on_demand_is_off_it_says_what_to_do(azure: LocalAzure, older: Path) -> None:
    with app_of(azure, older, FINOPS_LAKE_REFRESH_ON_DEMAND="false") as app:
        before = app.lake.generation()
        told = await refused(app, "get_commitments")
        assert "last written by finops-lake 0.0.9, an earlier version" in told
        assert "finops-lake refresh" in told
        assert "Binder" not in told
        assert app.lake.generation() == before


async def test_while_another_process_writes_it_is_told_and_tried_again(azure: LocalAzure, older: Path) -> None:
    with app_of(azure, older) as app:
        with app_of(azure, older) as other, other._warehouse().lock(0):
            result = await call(app, "get_commitments", max_wait_seconds=0)
            app.on_demand.finish()
        assert result.is_error
        assert "brought up to date" in text_of(result)
        await ask(app, "get_commitments")


async def test_an_answer_that_is_not_waited_for_comes_the_next_time(azure: LocalAzure, older: Path) -> None:
    with app_of(azure, older) as app:
        result = await call(app, "get_commitments", max_wait_seconds=0)
        assert result.is_error
        assert text_of(result).endswith("It is being brought up to date. Ask again in a moment.")
        app.on_demand.finish()
        app.lake.check_definitions()
        await ask(app, "get_commitments")


async def test_a_home_that_cannot_be_written_is_told(azure: LocalAzure, older: Path) -> None:
    with app_of(azure, older) as app:
        app.lake.warm_up()
        (older / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
        told = await refused(app, "get_commitments")
        assert "It could not be brought up to date: " in told
        assert "warehouse.duckdb" in told
        with pytest.raises(OutdatedLakeError):
            app.lake.query(CHANGED)
