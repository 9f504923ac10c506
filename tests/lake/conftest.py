"""A home in a folder of the test's own, and a way to look into the warehouse between loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops_lake.lake.reader import LakeReader


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def reader(home: Path):
    reader = LakeReader(home)
    yield reader
    reader.close()


@pytest.fixture
def look(home: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Query the writer's own file, which must not be open."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return query
