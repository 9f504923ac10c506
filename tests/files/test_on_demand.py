"""A lake of files alone looks at the places of `exports` before an answer about cost, without any sign-in."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.config import load_settings
from tests.files.conftest import FOCUS, Home, csv_text, write

COST = "select sum(billed_cost) from marts.charges"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "bills" / "first.csv", csv_text([FOCUS])).parent


def app_of(home: Home, folder: Path, **more: str) -> App:
    environment = {"FINOPS_LAKE_HOME": str(home.path), "FINOPS_LAKE_NOW": "2025-03-21T12:00:00Z"}
    return App(load_settings(environment | {"FINOPS_LAKE_EXPORTS": str(folder)} | more))


def second_file(folder: Path) -> None:
    write(folder / "second.csv", csv_text([FOCUS | {"BilledCost": "2", "ChargePeriodStart": "2025-02-05"}]))


def test_answer_about_cost_has_what_is_new_at_the_places_of_exports(home: Home, folder: Path) -> None:
    home.load(folder)
    second_file(folder)
    app = app_of(home, folder)
    assert app.on_demand.ensure(["marts.charges"], None, max_wait=300) == []
    assert app.lake.query(COST).rows == [(Decimal("3.5"),)]
    shutil.rmtree(folder)
    assert app.on_demand.ensure(["marts.charges"], None, max_wait=300) == [], "listed a moment ago"
    assert app.lake.query(COST).rows == [(Decimal("3.5"),)]
    app.close()


def test_other_questions_and_a_lake_without_places_start_nothing(home: Home, folder: Path) -> None:
    home.load(folder)
    second_file(folder)
    app = app_of(home, folder)
    (note,) = app.on_demand.ensure(["staging.disks"], None, max_wait=300)
    assert note.startswith("The lake was filled from files, so it is not refreshed from the Azure configured here")
    off = app_of(home, folder, FINOPS_LAKE_REFRESH_ON_DEMAND="false")
    assert off.on_demand.ensure(["marts.charges"], None, max_wait=300) == [
        "Some of this is stale, and refreshing on demand is switched off."
    ]
    assert app.lake.query(COST).rows == [(Decimal("1.5"),)]
    app.close()
    off.close()
