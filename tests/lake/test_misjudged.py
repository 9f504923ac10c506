"""A load that is confirmed, not written, is as good as a new one where sources of cost compete by their age."""

from __future__ import annotations

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.errors import Outcome
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult
from tests.lake.test_as_of import MONTH, ONE, SOURCES, START, Lake, Rows, queried

DETAILS = Chunk("cost_details", ONE, MONTH, "ActualCost")
QUERY = Chunk("cost_daily", ONE, MONTH, "ActualCost")
COUNTED = "select counted_source from charges.candidates where is_counted"
DAYS = "select sum(billed_cost), (select count(*) from marts.commitment_days) from marts.charge_days"
COST = "select x_source, sum(billed_cost) from marts.charges group by all"


class Confirming(Lake):
    """A lake whose journal is a list."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.confirmed: list[ChunkResult] = []
        self.writer = Warehouse(
            home, SOURCES, origin="memory", clock=lambda: self.now, confirmed=lambda: tuple(self.confirmed)
        )

    def confirm(self, chunk: Chunk) -> None:
        """Note that the rows of a chunk came again; the warehouse was open meanwhile, as in a refresh."""
        with self.writer.lock(0), self.writer.open():
            self.confirmed = [one for one in self.confirmed if one.chunk != chunk]
            self.confirmed.append(ChunkResult(chunk, Outcome.LOADED, self.now, self.now, True, 1, changed=False))

    def look(self, sql: str) -> list[tuple[object, ...]]:
        with self.writer.lock(0), self.writer.open():
            return self.writer.query(sql)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources of one subscription and month, loaded together; the details are the richer one."""
    lake = Confirming(tmp_path_factory.mktemp("misjudged") / "home")
    lake.load(DETAILS, detailed("5"))
    lake.load(QUERY, queried((2, "disk", "5")))
    with lake.writer.lock(0):
        lake.writer.publish()
    return lake.home


@pytest.fixture
def lake(loaded: Path, tmp_path: Path) -> Confirming:
    shutil.copytree(loaded, tmp_path / "home")
    return Confirming(tmp_path / "home")


def detailed(cost: str) -> Rows:
    return [
        {
            "date": MONTH,
            "subscription_id": "one",
            "meter_category": "disk",
            "cost_in_billing_currency": Decimal(cost),
            "charge_type": "Usage",
            "billing_currency": "EUR",
        }
    ]


def test_richer_source_that_was_confirmed_lately_still_counts_when_another_changed(lake: Confirming) -> None:
    lake.now = START + timedelta(days=5)
    lake.confirm(DETAILS)
    lake.load(QUERY, queried((2, "disk", "6")))
    assert lake.look(COUNTED) == [("cost_details",)]
    assert lake.look(COST) == [("cost_details", Decimal(5))]


def test_confirmation_alone_brings_a_source_back_and_takes_one_away(lake: Confirming) -> None:
    lake.now = START + timedelta(days=5)
    lake.confirm(QUERY)
    assert lake.writer.has_unpublished
    assert lake.look(COUNTED) == [("query",)], "the details are five days older than what was confirmed"
    assert lake.look(COST) == [("query", Decimal(5))]
    with lake.writer.lock(0):
        lake.writer.publish(confirmed=lake.confirmed)
    lake.now += timedelta(hours=1)
    lake.confirm(DETAILS)
    assert lake.look(COUNTED) == [("cost_details",)]
    assert lake.writer.has_unpublished
    with lake.writer.lock(0):
        lake.writer.publish(confirmed=lake.confirmed)


def test_days_that_are_kept_ready_follow_the_source_that_counts(lake: Confirming) -> None:
    lake.load(QUERY, queried((2, "disk", "6")))
    assert lake.look(DAYS) == [(Decimal(5), 1)]
    lake.now = START + timedelta(days=5)
    lake.confirm(QUERY)
    assert lake.look(COST) == [("query", Decimal(6))]
    assert lake.look(DAYS) == [(Decimal(6), 0)], "the query names no kinds, so no usage that a commitment could cover"


def test_confirmation_that_changes_no_verdict_is_not_published(lake: Confirming) -> None:
    lake.now = START + timedelta(days=2)
    lake.confirm(QUERY)
    assert not lake.writer.has_unpublished
    lake.now = START + timedelta(days=5)
    lake.confirm(DETAILS)
    lake.confirm(QUERY)
    assert lake.look("select * from meta.misjudged_months") == []
