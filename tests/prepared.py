"""Lakes without rows: their tables and views are made once per definition and then copied, since it takes seconds.

What is copied is what the product itself made of the same SQL files, and the product checks that before it uses it.
Where creating a lake is what is tested, programs do it in processes of their own, and tests/lake with SQL files of
its own.
"""

from __future__ import annotations

import getpass
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from finops_lake.lake.facts import fingerprint
from finops_lake.lake.files import LakeFiles
from finops_lake.lake.schema import source_fingerprint
from finops_lake.lake.writer import Warehouse

FOLDER = Path(tempfile.gettempdir()) / f"finops-lake-tests-{getpass.getuser()}"


@contextmanager
def copied_where_alike() -> Iterator[None]:
    """Begin every new lake of the package's own SQL files in this process with a copy, made when it is first needed."""
    opened = Warehouse._open

    def begin(warehouse: Warehouse) -> None:
        if (
            warehouse.definitions._sql is None
            and not warehouse.definitions.own_checks
            and not warehouse.files.warehouse.exists()
        ):
            kept = _kept(warehouse)
            if not kept.exists():
                _make(warehouse, kept, opened)
            shutil.copyfile(kept, warehouse.files.warehouse)
        opened(warehouse)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Warehouse, "_open", begin)
        yield


def _kept(warehouse: Warehouse) -> Path:
    sources = {name: source_fingerprint(source) for name, source in warehouse.definitions.sources.items()}
    return FOLDER / f"{fingerprint(warehouse.definitions.files(), sources, [])}-{duckdb.__version__}.duckdb"


def _make(warehouse: Warehouse, kept: Path, opened: Callable[[Warehouse], None]) -> None:
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        made = Warehouse(
            Path(folder), list(warehouse.definitions.sources.values()), origin=warehouse.origin, clock=warehouse._clock
        )
        made.add_views(warehouse.definitions._own_views)
        path = LakeFiles(Path(folder)).warehouse
        with made.lock(0):
            opened(made)
        with duckdb.connect(str(path)) as connection:
            connection.execute("delete from meta.lake where key in ('origin', 'created_at')")
            connection.execute("checkpoint")
        path.replace(kept)
