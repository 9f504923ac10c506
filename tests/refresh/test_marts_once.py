"""Stored marts that are replaced whole are rebuilt once in a refresh, however many of its steps load something."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.lake import stored
from finops_lake.planner.due import Demand
from tests.conftest import settings_for


def test_a_first_fill_rebuilds_each_whole_mart_once(
    azure: LocalAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilt: Counter[str] = Counter()
    rebuild = stored._rebuild

    def count(connection, mart, *rest):
        if mart.is_whole:
            rebuilt[mart.view] += 1
        return rebuild(connection, mart, *rest)

    monkeypatch.setattr(stored, "_rebuild", count)
    app = App(settings_for(azure, tmp_path))
    assert app.refresher().refresh(Demand()).generation == 1
    assert rebuilt["marts.resource_prices"] == 1
    assert set(rebuilt.values()) == {1}, {k: v for k, v in rebuilt.items() if v > 1}
    assert app.lake.query("select count(*) from meta.stale_partitions").rows == [(0,)]
    app.close()
