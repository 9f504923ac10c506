"""Publication: whole or not at all, whatever happens to the publisher and whoever is reading."""

from __future__ import annotations

import os
import sys

import duckdb
import pytest

from finops_lake.errors import StorageError
from finops_lake.lake.files import LakeFiles, stamp
from finops_lake.lake.reader import LakeReader
from tests.lake.samples import ONE, TWO, load_costs, publish_costs, run_python, start_python, warehouse

COST = "select billed::int from marts.cost_by_month"


def published(home, sql=COST):
    with duckdb.connect(str(home / "finops.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def names(home):
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_people_and_readers_get_the_same_file_under_two_names(home, reader):
    assert publish_costs(home, "1") == 1
    assert names(home) == ["finops.duckdb", "generations/1.duckdb", "warehouse.duckdb", "writer.lock"]
    assert (home / "finops.duckdb").read_bytes() == (home / "generations" / "1.duckdb").read_bytes()
    assert stamp(home / "finops.duckdb") == stamp(home / "generations" / "1.duckdb")
    assert published(home) == reader.query(COST).rows == [(1,)]


def test_the_next_publication_deletes_the_generation_before(home):
    publish_costs(home, "1")
    assert publish_costs(home, "2") == 2
    assert names(home) == ["finops.duckdb", "generations/2.duckdb", "warehouse.duckdb", "writer.lock"]
    assert published(home) == [(2,)]


def test_a_generation_number_is_never_used_twice(home):
    publish_costs(home, "1")
    (home / "generations" / "1.duckdb").unlink()
    assert publish_costs(home, "2") == 2
    facts = dict(published(home, "select key, value from meta.lake"))
    assert facts["generation"] == "2"
    assert facts["published_at"] == "2026-11-20T12:00:00+00:00"


def test_publishing_with_the_warehouse_closed_works(home):
    writer = warehouse(home)
    with writer.lock(0):
        with writer.open():
            load_costs(writer, {"disk": "3"})
        assert writer.publish() == 1
    assert published(home) == [(3,)]


def test_loads_are_not_visible_before_they_are_published(home, reader):
    publish_costs(home, "1")
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "2"})
    assert reader.query(COST).rows == published(home) == [(1,)]


def test_a_reader_in_another_process_only_ever_sees_whole_states(home):
    """Both scopes are loaded with the same amount each time, so a torn state would show two amounts."""
    code = """
import sys
from pathlib import Path
from finops_lake.lake.reader import LakeReader
reader = LakeReader(Path(sys.argv[1]))
seen = []
while not seen or seen[-1] != 8:
    (row,) = reader.query("select min(billed)::int, max(billed)::int, count(*) from marts.charges").rows
    assert row[0] == row[1] and row[2] == 2, row
    if row[0] not in seen:
        seen.append(row[0])
        print(row[0], flush=True)
"""
    writer = warehouse(home)

    def publish(amount: int) -> None:
        with writer.lock(0), writer.open():
            for scope in (ONE, TWO):
                load_costs(writer, {"disk": str(amount)}, scope=scope)
            writer.publish()

    publish(1)
    with start_python(code, home) as process:
        assert process.stdout.readline() == "1\n"
        for amount in range(2, 9):
            publish(amount)
        seen = process.stdout.read().split()
    assert process.returncode == 0
    assert seen[-1] == "8"
    assert seen == sorted(seen)


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from tests.lake.samples import load_costs, warehouse

home, step = Path(sys.argv[1]), int(sys.argv[2])
writer = warehouse(home)
count = 0
def kill_at(event, arguments):
    global count
    if event in {"shutil.copyfile", "os.utime", "os.rename", "os.remove"} and str(home) in str(arguments[0]):
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL) if hasattr(signal, "SIGKILL") else os._exit(9)
with writer.lock(0), writer.open():
    load_costs(writer, {"disk": "2"})
    sys.addaudithook(kill_at)
    writer.publish()
print("published")
"""


def test_a_publisher_killed_at_any_step_leaves_the_old_state_or_the_new_one(home):
    """An audit hook of Python sees every file the publisher copies, stamps, renames and deletes: each is a step."""
    publish_costs(home, "1")
    steps = 0
    done = None
    states = set()
    while done is None or "published" not in done.stdout:
        steps += 1
        done = run_python(KILLED_AT, home, steps)
        assert done.stderr == ""
        seen_by_people, reader = published(home), LakeReader(home)
        seen_by_us = reader.query(COST).rows
        reader.close()
        assert seen_by_people in ([(1,)], [(2,)])
        assert seen_by_us in ([(1,)], [(2,)])
        assert seen_by_us >= seen_by_people
        states.add((seen_by_people[0][0], seen_by_us[0][0]))
        number = publish_costs(home, "1")
        assert names(home) == ["finops.duckdb", f"generations/{number}.duckdb", "warehouse.duckdb", "writer.lock"]
        assert published(home) == [(1,)]
    assert steps > 8
    assert states == {(1, 1), (1, 2), (2, 2)}


def test_a_publication_cut_short_is_finished_by_the_next_writer(home):
    publish_costs(home, "1")
    files = LakeFiles(home)
    old = files.published.read_bytes()
    times = files.published.stat()
    first = files.generation(1).read_bytes()
    publish_costs(home, "2")
    files.published.write_bytes(old)
    files.generation(1).write_bytes(first)
    for path in (files.published, files.generation(1)):
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert published(home) == [(1,)]
    writer = warehouse(home)
    with writer.lock(0):
        assert published(home) == [(2,)]


def test_what_killed_publishers_and_readers_left_half_made_is_cleared_away(home):
    publish_costs(home, "1")
    for name in ("finops.duckdb.part", "generations/7.duckdb.part"):
        (home / name).write_bytes(b"half")
    (home / "warehouse.duckdb.tmp").mkdir()
    writer = warehouse(home)
    with writer.lock(0):
        assert names(home) == ["finops.duckdb", "generations/1.duckdb", "warehouse.duckdb", "writer.lock"]
        assert not (home / "warehouse.duckdb.tmp").exists()


LOADS_FOREVER = """
import itertools, sys
from pathlib import Path
from tests.lake.samples import NOVEMBER, OCTOBER, ONE, TWO, load_costs, warehouse

writer = warehouse(Path(sys.argv[1]))
with writer.lock(10), writer.open():
    for amount in itertools.count(1):
        for scope in (ONE, TWO):
            for month in (OCTOBER, NOVEMBER):
                load_costs(writer, {f"service {n}": str(amount) for n in range(200)}, scope=scope, month=month, days=28)
        print(amount, flush=True)
"""


def test_a_writer_killed_while_loading_leaves_whole_chunks_and_the_published_file_as_it_was(home, look):
    publish_costs(home, "1")
    before = (home / "finops.duckdb").read_bytes()
    for rounds in range(1, 4):
        with start_python(LOADS_FOREVER, home) as process:
            for _ in range(rounds):
                process.stdout.readline()
            process.kill()
        chunks = look(
            "select _scope_id, _month, count(distinct _load_id), count(distinct cost), count(*), max(_load_id)"
            " from raw.costs group by all"
        )
        assert len(chunks) == 4
        noted = {row[0]: row[1] for row in look("select load_id, row_count from meta.loads")}
        for _, _, loads, amounts, rows, load_id in chunks:
            assert (loads, amounts, rows) == (1, 1, 5600)
            assert noted[load_id] == rows
        assert (home / "finops.duckdb").read_bytes() == before
        assert published(home) == [(1,)]
    publish_costs(home, "5")
    raw = look("select _scope_id, _month, sum(cost) from raw.costs group by all order by all")
    assert (
        published(home, "select x_scope_id, billing_month, sum(billed) from marts.charges group by all order by all")
        == raw
    )


FULL_DISK = """
import resource, sys
from pathlib import Path
from finops_lake.errors import StorageError
from tests.lake.samples import load_costs, warehouse

home, size, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
writer = warehouse(home)
try:
    with writer.lock(0), writer.open():
        if what == "load":
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for n in range(8):
            amounts = {f"service {k} {k * n * 7919}": f"{k}.{n}" for k in range(2000)}
            load_costs(writer, amounts, scope=f"/s/{n}", days=28)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        writer.publish()
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file sizes, which stands in for a full disk, is POSIX")
@pytest.mark.parametrize("what", ["load", "publish"])
def test_a_full_disk_is_named_and_harms_nothing(home, what, reader):
    publish_costs(home, "1")
    before = (home / "finops.duckdb").read_bytes()
    done = run_python(FULL_DISK, home, len(before) + 1_000_000, what)
    assert "no space is left for" in done.stdout, done
    assert "Free some space" in done.stdout
    assert not [name for name in names(home) if name.endswith(".part")]
    assert (home / "finops.duckdb").read_bytes() == before
    assert reader.query(COST).rows == published(home) == [(1,)]
    publish_costs(home, "2", scope=TWO)
    of_both = "select billed::int from marts.charges where x_scope_id like '/subscriptions/%' order by all"
    assert reader.query(of_both).rows == [(1,), (2,)]


@pytest.mark.parametrize("place", ["home", "home/deeper"])
def test_a_home_that_cannot_be_made_is_named_with_the_next_step(tmp_path, place):
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    writer = warehouse(tmp_path / place, sql=tmp_path / "sql")
    with pytest.raises(StorageError, match=r"Preparing the lake failed: .*home.*FINOPS_LAKE_HOME"), writer.lock(0):
        pass


def test_a_warehouse_that_is_no_database_is_named(home):
    home.mkdir()
    (home / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    writer = warehouse(home)
    with writer.lock(0), pytest.raises(StorageError, match=r"warehouse\.duckdb is not a DuckDB file"), writer.open():
        pass
