"""A lake that another version wrote: what it lacks is told with what to do, and only when it is missed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from finops_lake import __version__
from finops_lake.allocation.views import rule_views
from finops_lake.errors import BadRequestError, NewerLakeError, OutdatedLakeError
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.definitions import Definitions
from finops_lake.lake.facts import PACKAGE_DEFINITIONS
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from tests.conftest import NOW
from tests.older import CHANGED, ITS_MART, NEW_COLUMN, NEW_MART, leave_as_older


def warehouse_of(home: Path) -> Warehouse:
    return Warehouse(home, SOURCES, origin="public", clock=lambda: NOW)


def fill(home: Path) -> Path:
    warehouse = warehouse_of(home)
    with warehouse.lock(0):
        warehouse.publish()
    return home


def expected() -> Definitions:
    return Definitions(SOURCES, None)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of this version without rows, to be copied."""
    return fill(tmp_path_factory.mktemp("now") / "home")


@pytest.fixture(scope="module")
def older(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that finops-lake 0.0.9 wrote last, to be read or copied."""
    folder = tmp_path_factory.mktemp("older")
    home = shutil.copytree(empty, folder / "home")
    leave_as_older(home, folder, origin="public")
    return home


@pytest.fixture
def own(older: Path, tmp_path: Path) -> Path:
    """The same lake, to be changed at will."""
    return shutil.copytree(older, tmp_path / "home")


@pytest.fixture
def reader(older: Path) -> Iterator[LakeReader]:
    reader = LakeReader(older, definitions=expected)
    yield reader
    reader.close()


def refusal(home: Path, sql: str = CHANGED) -> Exception:
    """Return what a statement of ours raises."""
    reader = LakeReader(home, definitions=expected)
    with pytest.raises((BadRequestError, OutdatedLakeError, NewerLakeError)) as caught:
        reader.query(sql)
    reader.close()
    return caught.value


def refused(reader: LakeReader, sql: str) -> Exception:
    """Return what somebody else's statement raises."""
    with pytest.raises((BadRequestError, OutdatedLakeError)) as caught:
        reader.query_user_sql(sql, max_rows=10, timeout=20)
    return caught.value


def test_a_statement_of_ours_says_who_wrote_the_lake_and_what_to_do(reader: LakeReader) -> None:
    with pytest.raises(OutdatedLakeError) as caught:
        reader.query(CHANGED)
    assert str(caught.value) == (
        f"The lake was last written by finops-lake 0.0.9, an earlier version than this one ({__version__}): its tables"
        " and views are not those that this one reads. Run finops-lake refresh (or the tool refresh_lake) once: it"
        " brings them up to date, even without a sign-in, and asks Azure only for what is due."
    )
    with pytest.raises(OutdatedLakeError):
        reader.recall(CHANGED)
    with pytest.raises(OutdatedLakeError):
        reader.arrow(f"from marts.{NEW_MART}")
    with pytest.raises(OutdatedLakeError):
        reader.check_definitions()


def test_a_macro_that_took_something_else_in_the_same_place_is_told_as_such(empty: Path, older: Path) -> None:
    """Where it took a day and is given a name, DuckDB misses nothing: it cannot convert."""
    taken = "from marts.charges_within('within', current_date)"
    assert isinstance(refusal(older, taken), OutdatedLakeError)
    assert isinstance(refusal(empty, taken), BadRequestError)
    reader = LakeReader(older, definitions=expected)
    assert isinstance(refused(reader, taken), BadRequestError)
    reader.close()


def test_a_mart_that_only_this_version_has_is_told_as_such(reader: LakeReader) -> None:
    for sql in (f"from marts.{NEW_MART}", f"select count(*) from {NEW_MART} group by all"):
        error = refused(reader, sql)
        assert isinstance(error, OutdatedLakeError)
        assert str(error).startswith(
            f"There is no {NEW_MART} in the lake yet. The lake was last written by finops-lake 0"
        )
        assert "Run finops-lake refresh" in str(error)


def test_a_column_or_parameter_of_this_version_is_told_beside_what_is_there(reader: LakeReader) -> None:
    column = refused(reader, f"select {NEW_COLUMN} from marts.{ITS_MART}")
    assert isinstance(column, BadRequestError)
    assert f"There is no column '{NEW_COLUMN}' in marts.{ITS_MART}." in str(column)
    assert "last written by finops-lake 0.0.9" in str(column)
    parameter = refused(reader, CHANGED)
    assert isinstance(parameter, BadRequestError)
    assert "commitment_status" in str(parameter)
    assert "last written by finops-lake 0.0.9" in str(parameter)


@pytest.mark.parametrize(
    "sql", ["from marts.chargs", "select billed_cst from charges", "select sumx(1)", "from no_such()"]
)
def test_what_no_version_has_is_a_mistake_and_nothing_else(reader: LakeReader, sql: str) -> None:
    error = refused(reader, sql)
    assert isinstance(error, BadRequestError)
    assert "last written" not in str(error)


def test_nothing_is_looked_up_for_what_works(older: Path) -> None:
    looked_up: list[bool] = []

    def definitions() -> Definitions:
        looked_up.append(True)
        return expected()

    reader = LakeReader(older, definitions=definitions)
    assert reader.query("select count(*) from marts.charges").rows == [(0,)]
    assert reader.query_user_sql("from marts.charges", max_rows=1, timeout=20).rows == []
    assert looked_up == []
    with pytest.raises(OutdatedLakeError):
        reader.query(CHANGED)
    assert looked_up
    reader.close()


@pytest.mark.parametrize(
    ("version", "has_fact", "told"),
    [
        ("0.0.9", False, "by finops-lake 0.0.9, an earlier version than this one"),
        (__version__, False, f"by an earlier build of finops-lake {__version__} than this one"),
        (__version__, True, f"by another build of finops-lake {__version__} than this one"),
    ],
)
def test_versions_are_named(own: Path, tmp_path: Path, version: str, has_fact: bool, told: str) -> None:
    leave_as_older(own, tmp_path, version, origin="public", has_fact=has_fact)
    error = refusal(own)
    assert isinstance(error, OutdatedLakeError)
    assert told in str(error)


def test_of_a_later_version_the_remedy_is_an_upgrade(own: Path, tmp_path: Path) -> None:
    leave_as_older(own, tmp_path, "0.10.0", origin="public")
    error = refusal(own)
    assert isinstance(error, NewerLakeError)
    assert "finops-lake 0.10.0, a later version than this one" in str(error)
    assert error.next_step == "Upgrade finops-lake."


def test_a_demo_is_brought_up_to_date_by_the_demo(empty: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    warehouse = Warehouse(home, SOURCES, origin="loopback", clock=lambda: NOW)
    with warehouse.lock(0):
        warehouse.publish()
    leave_as_older(home, tmp_path)
    assert "Run finops-lake demo" in str(refusal(home))


def test_the_next_writer_brings_the_lake_up_to_date(own: Path) -> None:
    warehouse = warehouse_of(own)
    with warehouse.lock(0):
        with warehouse.open():
            assert warehouse.has_new_views
        warehouse.publish()
    check(own)


def test_a_lake_of_today_without_the_fact_is_published_with_it(empty: Path, tmp_path: Path) -> None:
    home = shutil.copytree(empty, tmp_path / "home")
    warehouse = warehouse_of(home)
    with warehouse.lock(0), warehouse.open(is_settled=False):
        warehouse.query(f"delete from meta.lake where key = '{PACKAGE_DEFINITIONS}'")
        warehouse.publish()
    with warehouse.lock(0):
        with warehouse.open():
            assert warehouse.has_new_views
        warehouse.publish()
        with warehouse.open():
            assert not warehouse.has_new_views
    check(home)


def test_views_of_the_users_own_are_no_other_version(empty: Path, tmp_path: Path) -> None:
    home = shutil.copytree(empty, tmp_path / "home")
    rules = tmp_path / "allocation.toml"
    rules.write_text('[[virtual_tag]]\nname = "team"\ndefault = "nobody"\n')
    warehouse = warehouse_of(home)
    views, faults = rule_views(rules, ())
    assert views
    warehouse.add_views(views, faults)
    with warehouse.lock(0):
        warehouse.publish()
    check(home)
    assert isinstance(refusal(home, "from marts.no_such"), BadRequestError)


def check(home: Path) -> None:
    """Assert that this version made the lake."""
    reader = LakeReader(home, definitions=expected)
    reader.check_definitions()
    reader.query(CHANGED)
    reader.query(f"select {NEW_COLUMN} from marts.{ITS_MART}, marts.{NEW_MART}")
    reader.close()
