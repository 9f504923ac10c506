"""The warehouse is opened once for all steps of a refresh, since opening it reads its whole catalog."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.lake import opening
from finops_lake.planner.due import Demand
from tests.conftest import settings_for


def test_a_refresh_with_nothing_due_opens_the_warehouse_once_and_closes_it(
    azure: LocalAzure, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    connect = opening.connect_writer

    def count(path):
        opened.append(path)
        return connect(path)

    monkeypatch.setattr(opening, "connect_writer", count)
    app = App(settings_for(azure, filled))
    report = app.refresher().refresh(Demand())
    assert (report.results, report.generation) == ((), None)
    assert opened == [filled / "warehouse.duckdb"]
    duckdb.connect(filled / "warehouse.duckdb", read_only=True).close()  # refused where it is open for writing
    app.close()
