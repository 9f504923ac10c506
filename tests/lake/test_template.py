"""Empty lakes kept ready: a new home begins with a copy of one made of the same definitions, and of nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from finops_lake.lake.sqlfiles import parse
from finops_lake.lake.template import AT_MOST, begin_from_template
from finops_lake.lake.writer import Warehouse
from tests.lake.samples import NOW, SOURCES, content, load_costs, write_sql


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """Where empty lakes are kept."""
    return tmp_path / "cache" / "empty-lakes"


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A folder of views."""
    return write_sql(tmp_path / "sql")


def begin(home: Path, sql: Path, templates: Path | None, origin: str = "azure") -> Warehouse:
    """Open a new home, and close it."""
    warehouse = Warehouse(home, SOURCES, sql, origin=origin, clock=lambda: NOW, templates=templates)
    with warehouse.lock(0), warehouse.open():
        pass
    return warehouse


def kept(templates: Path) -> list[str]:
    """Return the names of what is kept."""
    return sorted(path.name for path in templates.iterdir())


def test_a_copy_is_what_would_have_been_made(tmp_path, sql, templates):
    made = begin(tmp_path / "made", sql, None)
    first, second = (begin(tmp_path / name, sql, templates) for name in ("first", "second"))
    assert len(kept(templates)) == 1
    assert content(first) == content(second) == content(made)
    assert dict(content(second)[2])["created_at"] == NOW.isoformat()


def test_the_second_home_makes_no_view(tmp_path, sql, templates, monkeypatch):
    begin(tmp_path / "first", sql, templates)
    monkeypatch.setattr("finops_lake.lake.definitions.create_views", lambda *_: pytest.fail("views are made again"))
    second = begin(tmp_path / "second", sql, templates, origin="another azure")
    assert dict(content(second)[2])["origin"] == "another azure"
    with second.lock(0), second.open():
        load_costs(second, {"disk": "1"})
        assert second.query("select billed::int from marts.cost_by_month") == [(1,)]
        second.publish()
    with duckdb.connect(str(second.files.published), read_only=True) as connection:
        assert connection.execute("select billed::int from marts.cost_by_month").fetchall() == [(1,)]


def test_other_sql_files_have_a_template_of_their_own(tmp_path, sql, templates):
    begin(tmp_path / "first", sql, templates)
    changed = write_sql(
        tmp_path / "changed", {"audits/small_disks.sql": (sql / "audits" / "big_disks.sql").read_text()}
    )
    second = begin(tmp_path / "second", changed, templates)
    assert len(kept(templates)) == 2
    assert any(name == "small_disks" for _, name, *_ in content(second)[1])


def test_what_is_the_users_own_is_not_kept(tmp_path, sql, templates):
    warehouse = Warehouse(tmp_path / "home", SOURCES, sql, origin="azure", clock=lambda: NOW, templates=templates)
    warehouse.add_views([parse("marts", "secret.sql", "-- Mine.\n-- columns:\n--   tag: Mine.\nselect 'x' as tag")])
    with warehouse.lock(0), warehouse.open():
        assert warehouse.query("select tag from marts.secret") == [("x",)]
    (path,) = templates.iterdir()
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("select 1 from duckdb_views() where view_name = 'secret'").fetchall() == []
        assert connection.execute("select 1 from duckdb_views() where view_name = 'cost_by_month'").fetchall()


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-4096], lambda data: data.replace(b"cost", b"c0st"), lambda _: b""]
)
def test_a_damaged_template_is_made_anew(tmp_path, sql, templates, damage):
    first = begin(tmp_path / "first", sql, templates)
    (path,) = templates.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    second = begin(tmp_path / "second", sql, templates)
    assert content(second) == content(first)
    (again,) = kept(templates)
    assert again != path.name
    assert again.split("-")[0] == path.name.split("-")[0]


def test_where_nothing_can_be_kept_the_lake_is_made_as_ever(tmp_path, sql):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert content(begin(tmp_path / "home", sql, blocked / "x")) == content(begin(tmp_path / "other", sql, None))


def test_only_the_newest_are_kept_and_what_killed_makers_left_goes(tmp_path, templates):
    def make(folder: Path) -> Path:
        path = folder / "empty"
        path.write_bytes(b"made")
        return path

    for number in range(AT_MOST + 2):
        assert begin_from_template(templates, f"definitions {number}", tmp_path / "lake", make)
        for path in templates.iterdir():
            os.utime(path, (path.stat().st_mtime - 60,) * 2)
    newest = set(kept(templates))
    left = templates / "killed"
    left.mkdir()
    os.utime(left, (0, 0))
    assert begin_from_template(templates, "one more", tmp_path / "lake", make)
    assert len(kept(templates)) == AT_MOST == len(newest)
    assert len(newest - set(kept(templates))) == 1
    assert not left.exists()


MEASURED = """
import resource, sys
from pathlib import Path
from finops_lake.lake.writer import Warehouse
from tests.lake.samples import NOW, SOURCES
home, sql, templates = map(Path, sys.argv[1:])
warehouse = Warehouse(home, SOURCES, sql, origin="azure", clock=lambda: NOW, templates=templates)
with warehouse.lock(0), warehouse.open():
    pass
status = Path("/proc/self/status")
if status.exists():  # what the process that began this one had held counts in ru_maxrss there
    print(int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no module resource")
def test_an_empty_lake_is_made_without_holding_a_copy_of_each_view_for_each_of_its_comments(tmp_path, sql, templates):
    cases = " ".join(f"when {number} then 'case {number}'" for number in range(100))
    columns = [f"column_{number}" for number in range(40)]
    said = "".join(f"--   {name}: A column.\n" for name in columns)
    chosen = "".join(f"    case size_gb {cases} end as {name},\n" for name in columns[:10])
    chosen += "".join(f"    size_gb as {name},\n" for name in columns[10:])
    for number in range(40):
        header = f"-- A view with much text.\n-- grain: one row per disk\n-- columns:\n{said}"
        text = f"{header}select\n{chosen}from staging.disks\n"
        (sql / "marts" / f"long_{number}.sql").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", MEASURED, *map(str, (tmp_path / "home", sql, templates))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-600:]
    assert len(kept(templates)) == 1
    assert int(done.stdout) < 600  # MB: 370 measured, 950 where all of it is one transaction
