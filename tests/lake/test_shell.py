"""The DuckDB shell of the line before ours opens the published file, beside servers and refreshes, in either order."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from finops_lake.lake.reader import LakeReader
from finops_lake.lake.sqlfiles import read_sql_files, sql_folder
from finops_lake.lake.writer import Warehouse
from tests.lake.samples import NOW, publish_costs, warehouse

COST = "select billed::int as billed from marts.cost_by_month"


def shell_program() -> Path | None:
    """Return the shell itself: the script of the same name would only start it, and survive its death."""
    spec = importlib.util.find_spec("duckdb_cli")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).with_name("duckdb.exe" if sys.platform == "win32" else "duckdb")
    return program if program.exists() else None


SHELL = shell_program()
pytestmark = pytest.mark.skipif(SHELL is None, reason="the DuckDB 1.5 shell (duckdb-cli) is not installed")


def ask_shell(path: Path, sql: str) -> list[dict[str, object]]:
    """Return the rows that a shell of its own gives."""
    done = subprocess.run(
        [str(SHELL), "-json", str(path), sql], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout or "[]")


class OpenShell:
    """A shell that somebody keeps open, read-write as it comes."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [str(SHELL), "-csv", "-noheader", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.say("select 1;")

    def say(self, sql: str) -> str:
        """Return what the shell prints for a statement."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{sql}\nselect 'en' || 'd';\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.strip() == "end":
                break
            lines.append(line.strip())
        return "\n".join(lines)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def open_shell(home):
    shells = []

    def start() -> OpenShell:
        shells.append(OpenShell(home / "finops.duckdb"))
        return shells[-1]

    yield start
    for shell in shells:
        if shell.process.poll() is None:
            shell.kill()
        for pipe in (shell.process.stdin, shell.process.stdout):
            pipe.close()


def test_the_shell_is_of_the_line_before_ours():
    version = subprocess.run([str(SHELL), "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("v1.5.")
    assert duckdb.__version__.startswith("2.")


def test_show_tables_describe_and_comments_work_in_the_shell(home):
    publish_costs(home, "1")
    path = home / "finops.duckdb"
    assert [row["name"] for row in ask_shell(path, "show tables")] == ["big_disks", "charges", "cost_by_month"]
    assert [row["column_name"] for row in ask_shell(path, "describe cost_by_month")] == ["billing_month", "billed"]
    (comment,) = ask_shell(
        path, "select comment from duckdb_views() where view_name = 'cost_by_month' and schema_name = 'main'"
    )
    assert comment["comment"] == "Cost by month, what the month cost in all. Grain: one row per month."
    columns = ask_shell(
        path,
        "select comment from duckdb_columns()"
        " where table_name = 'cost_by_month' and schema_name = 'main' and column_name = 'billed'",
    )
    assert columns == [{"comment": "Actual cost of the month."}]
    assert ask_shell(path, "select billed::int as billed from cost_by_month") == [{"billed": 1}]


def test_a_shell_can_open_what_a_server_is_reading(home, reader):
    publish_costs(home, "1")
    assert reader.query(COST).rows == [(1,)]
    assert ask_shell(home / "finops.duckdb", COST) == [{"billed": 1}]
    assert reader.query(COST).rows == [(1,)]


def test_an_open_shell_hinders_neither_readers_nor_publication(home, reader, open_shell):
    publish_costs(home, "1")
    shell = open_shell()
    assert reader.query(COST).rows == [(1,)]
    shell.say("create table mine as select 7 as x;")
    assert reader.query(COST).rows == [(1,)]
    publish_costs(home, "2")
    assert reader.query(COST).rows == [(2,)]
    assert shell.say(f"{COST};") == "1"
    assert ask_shell(home / "finops.duckdb", COST) == [{"billed": 2}]


def test_a_file_without_generations_is_read_while_a_shell_holds_it(home, reader, open_shell):
    publish_costs(home, "1")
    (home / "generations" / "1.duckdb").unlink()
    shell = open_shell()
    with pytest.raises(duckdb.IOException, match="Could not set lock"):
        duckdb.connect(str(home / "finops.duckdb"), read_only=True)
    assert reader.query(COST).rows == [(1,)]
    shell.say("create table mine as select 7 as x; checkpoint;")
    assert reader.query("from mine").rows == [(7,)]
    assert shell.say("from mine;") == "7"


def test_a_shell_that_wrote_and_died_keeps_nobody_from_the_next_file(home, reader, open_shell):
    publish_costs(home, "1")
    shell = open_shell()
    shell.say("create table mine as select 7 as x;")
    shell.kill()
    assert (home / "finops.duckdb.wal").exists()
    assert reader.query(COST).rows == [(1,)]
    publish_costs(home, "2")
    assert not (home / "finops.duckdb.wal").exists()
    assert ask_shell(home / "finops.duckdb", COST) == [{"billed": 2}]
    assert reader.query(COST).rows == [(2,)]


def test_what_a_dead_shell_wrote_is_kept_until_the_next_file_comes(home, open_shell):
    publish_costs(home, "1")
    shell = open_shell()
    shell.say("create table mine as select 7 as x;")
    shell.kill()
    writer = warehouse(home)
    with writer.lock(0):
        assert (home / "finops.duckdb.wal").exists()
    assert ask_shell(home / "finops.duckdb", "from mine") == [{"x": 7}]


def test_a_shell_that_held_the_old_file_and_dies_late_is_cleaned_up_after(home, reader, open_shell):
    """It has the replaced file open, and writes its log beside the new one, which no shell can then open."""
    publish_costs(home, "1")
    shell = open_shell()
    publish_costs(home, "2")
    shell.say("create table mine as select 7 as x;")
    shell.kill()
    assert (home / "finops.duckdb.wal").exists()
    with pytest.raises(AssertionError, match="WAL"):
        ask_shell(home / "finops.duckdb", COST)
    assert reader.query(COST).rows == [(2,)]
    writer = warehouse(home)
    with writer.lock(0):
        assert not (home / "finops.duckdb.wal").exists()
    assert ask_shell(home / "finops.duckdb", COST) == [{"billed": 2}]


def test_every_view_of_the_project_opens_in_both_lines(home):
    """Views over empty raw tables: what is tested is that each binds and runs, and carries its comments."""
    catalog = pytest.importorskip("finops_lake.extract.catalog", reason="the sources are not there yet")
    files = read_sql_files(sql_folder())
    views = [file.view for file in files if not file.is_macro]
    macros = [file.example for file in files if file.is_macro]
    assert views
    writer = Warehouse(home, catalog.SOURCES, origin="azure", clock=lambda: NOW)
    with writer.lock(0), writer.open():
        writer.publish()
    reader = LakeReader(home)
    aliases = [
        name
        for (name,) in reader.query("select table_name from information_schema.tables where table_schema = 'main'").rows
    ]
    assert len(aliases) == len([view for view in views if view.startswith(("marts.", "audits."))])
    everything = [*views, *macros, *(f"main.{alias}" for alias in aliases)]
    for view in everything:
        reader.query(f"from {view}", timeout=30)
    bare = reader.query(
        "select table_schema, table_name from information_schema.tables where TABLE_COMMENT is null"
    ).rows
    reader.close()
    assert bare == []
    opened = ask_shell(
        home / "finops.duckdb", " ".join(f"create temp table t as from {view}; drop table t;" for view in everything)
    )
    assert opened == []
    shown = ask_shell(home / "finops.duckdb", "show tables")
    assert sorted(str(row["name"]) for row in shown) == sorted(aliases)
