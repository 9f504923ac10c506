"""Marts as Parquet: the same rows, exact decimals, described columns; whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_lake.app import App
from finops_lake.errors import InputError, StorageError
from finops_lake.export.marts import marts_of
from finops_lake.export.parquet import export_parquet
from tests.conftest import Refreshed


def differing(app: App, mart: str, files: str) -> int:
    """Return how many rows of the lake and of Parquet files have no twin in the other."""
    lake = pa.table(app.lake.arrow(f"from marts.{mart}").read_all())
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("lake", lake)
        columns = ", ".join(lake.column_names)
        exported = f"select {columns} from read_parquet('{files}', hive_partitioning = true)"
        return connection.execute(
            f"select count(*) from ((select {columns} from lake except all {exported})"
            f" union all ({exported} except all select {columns} from lake))"
        ).fetchall()[0][0]


def test_every_mart_is_exported_with_the_same_rows(app: App, tmp_path: Path) -> None:
    written = export_parquet(app.lake, [], tmp_path / "new" / "folder")
    assert [one.mart for one in written] == [mart.name for mart in marts_of(app.lake)]
    assert len(written) >= 14
    assert sum(one.row_count > 0 for one in written) >= 20
    for one in written:
        assert one.row_count == app.lake.query(f"select count(*) from marts.{one.mart}").rows[0][0]
        assert differing(app, one.mart, str(one.path)) == 0
    assert {path.suffix for path in (tmp_path / "new" / "folder").iterdir()} == {".parquet"}, "nothing is left behind"


def test_hive_folders_are_partitioned_by_month_where_there_is_one(app: App, tmp_path: Path) -> None:
    written = {one.mart: one for one in export_parquet(app.lake, [], tmp_path, hive=True)}
    months = sorted(path.name for path in (tmp_path / "charges").iterdir())
    assert months == ["billing_month=2026-09-01", "billing_month=2026-10-01", "billing_month=2026-11-01"]
    assert written["charges"].file_count == 3
    assert [path.name for path in (tmp_path / "resources").iterdir()] == ["part-0.parquet"]
    for mart, one in written.items():
        assert differing(app, mart, f"{one.path}/**/*.parquet") == 0


def test_decimals_stay_decimals_and_columns_are_described(app: App, tmp_path: Path) -> None:
    (one,) = export_parquet(app.lake, ["marts.charges"], tmp_path)
    schema = pq.read_schema(one.path)
    assert schema.field("billed_cost").type == pa.decimal128(38, 24)
    assert b"Actual cost" in schema.field("billed_cost").metadata[b"description"]
    assert schema.metadata[b"finops_lake.mart"] == b"charges"
    assert schema.metadata[b"finops_lake.generation"] == b"1"
    assert schema.metadata[b"finops_lake.description"].startswith(b"Every charge in the lake")
    assert pq.ParquetFile(one.path).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("hive", [False, True])
def test_target_that_exists_is_refused_unless_it_may_be_replaced(app: App, tmp_path: Path, hive: bool) -> None:
    (first,) = export_parquet(app.lake, ["subscriptions"], tmp_path, hive=hive)
    with pytest.raises(InputError, match=r"subscriptions.* exists there already; --overwrite replaces it"):
        export_parquet(app.lake, ["charges", "subscriptions"], tmp_path, hive=hive)
    assert [path.name for path in tmp_path.iterdir()] == [first.path.name]
    (again,) = export_parquet(app.lake, ["subscriptions"], tmp_path, hive=hive, overwrite=True)
    assert (again.path, again.row_count) == (first.path, first.row_count)
    assert [path.name for path in tmp_path.iterdir()] == [first.path.name]


def test_unknown_mart_is_named_with_the_nearest(app: App, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mart: 'budget_state' cannot be used; did you mean budget_status\?"):
        export_parquet(app.lake, ["charges", "budget_state"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_is_named(app: App, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--to: .*it is a file"):
        export_parquet(app.lake, ["charges"], tmp_path / "file")
    with pytest.raises(StorageError, match="Exporting failed"):
        export_parquet(app.lake, ["charges"], tmp_path / "file" / "folder")


@pytest.mark.parametrize("hive", [False, True])
def test_mart_without_rows_is_exported_with_its_columns(app: App, tmp_path: Path, hive: bool) -> None:
    class Emptied:
        def query(self, *arguments: object) -> object:
            return app.lake.query(*arguments)  # type: ignore[arg-type]

        def arrow(self, sql: str) -> pa.RecordBatchReader:
            return app.lake.arrow(f"{sql} where false")

    (one,) = export_parquet(Emptied(), ["charges"], tmp_path, hive=hive)  # type: ignore[arg-type]
    files = list(tmp_path.rglob("*.parquet"))
    assert (one.row_count, one.file_count, len(files)) == (0, 1, 1)
    assert "billed_cost" in pq.read_schema(files[0]).names


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files, which POSIX can")
def test_full_disk_leaves_the_export_of_before(app: App, refreshed: Refreshed, tmp_path: Path) -> None:
    (before,) = export_parquet(app.lake, ["charges"], tmp_path)
    content = before.path.read_bytes()
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from finops_lake.errors import StorageError; from finops_lake.lake.reader import LakeReader\n"
        "from finops_lake.export.parquet import export_parquet\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try:\n    export_parquet(LakeReader(Path(sys.argv[1])), ['charges'], Path(sys.argv[2]), overwrite=True)\n"
        "except StorageError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(refreshed.settings.home), str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.startswith("Exporting failed: "), done.stderr
    assert "What was there before is unharmed." in done.stdout
    assert before.path.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["charges.parquet"]
