"""Rows in a file are loaded, compared and replaced as rows in memory are, and leave nothing behind."""

from __future__ import annotations

import stat
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.extract.spool import Spool
from finops_lake.source import Chunk, Fetched, StoredRows
from tests.lake.samples import (
    COSTS,
    NOVEMBER,
    OCTOBER,
    ONE,
    SQL,
    TWO,
    cost_rows,
    load_costs,
    result_of,
    warehouse,
    write_sql,
)

MANY = "range(1000000) as many (number)"
AMOUNTS = "select _scope_id, service, cost, _load_id from raw.costs order by all"


def spooled(folder: Path, amounts: dict[str, str], most_rows: int) -> Any:
    """Return these rows as they come in pieces of one."""
    with Spool(COSTS.schema, folder, most_rows) as spool:
        for service, cost in amounts.items():
            spool.add(cost_rows(NOVEMBER, {service: cost}))
        return spool.finish()


def test_few_rows_stay_in_memory_and_many_go_to_a_private_file(tmp_path: Path) -> None:
    folder = tmp_path / "[home]'s"
    few = spooled(folder, {"disk": "1", "vm": "2"}, 2)
    assert few.num_rows == 2
    assert not folder.exists()
    many = spooled(folder, {"disk": "1", "vm": "2", "sql": "3"}, 2)
    assert isinstance(many, StoredRows)
    assert (many.num_rows, list(folder.iterdir())) == (3, [many.path])
    assert stat.S_IMODE(many.path.stat().st_mode) == 0o600
    del many
    assert list(folder.iterdir()) == []


def test_file_vanishes_when_a_later_piece_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="damaged"), Spool(COSTS.schema, tmp_path, 0) as spool:  # noqa: PT012
        spool.add(cost_rows(NOVEMBER, {"disk": "1"}))
        assert len(list(tmp_path.iterdir())) == 1
        raise ValueError("damaged")
    assert list(tmp_path.iterdir()) == []


def test_stored_rows_load_beside_others_and_again_without_a_change(home, look) -> None:
    writer = warehouse(home)
    one, two = Chunk("costs", ONE, NOVEMBER, "actual"), Chunk("costs", TWO, NOVEMBER, "actual")
    first = {"disk": "0.123456789012345678901234", "vm": "2", "sql": "3"}

    def load(amounts: dict[str, str]) -> list[bool]:
        stored = spooled(home.parent / "scratch", amounts, 1)
        assert isinstance(stored, StoredRows)
        arrived = [
            (result_of(one, rows=stored.num_rows), Fetched(stored)),
            (result_of(two, rows=1), Fetched(cost_rows(NOVEMBER, {"disk": "7"}))),
        ]
        with writer.lock(0), writer.open():
            return [result.changed for result in writer.load_all(arrived)]

    assert load(first) == [True, True]
    before = look(AMOUNTS)
    assert [(row[0], row[1], row[2]) for row in before] == [
        (ONE, "disk", Decimal("0.123456789012345678901234")),
        (ONE, "sql", Decimal(3)),
        (ONE, "vm", Decimal(2)),
        (TWO, "disk", Decimal(7)),
    ]
    assert load(first) == [False, False]
    assert look(AMOUNTS) == before
    assert load(first | {"vm": "4"}) == [True, False]
    assert [row for row in look(AMOUNTS) if row not in before] == [(ONE, "vm", Decimal(4), 5)]
    assert look("select count(*) from raw.costs where _month is null or _metric <> 'actual'") == [(0,)]


def test_what_a_killed_process_left_is_cleared_away_by_the_next_writer(home) -> None:
    stored = spooled(home, {"disk": "1"}, 0)
    copy = stored.path.with_name("rows-of-a-killed-process.part")
    copy.write_bytes(stored.path.read_bytes())
    with warehouse(home).lock(0):
        assert not copy.exists()


def test_stored_rows_of_another_schema_are_refused_as_others_are(home, look) -> None:
    writer = warehouse(home)
    with writer.lock(0), writer.open():
        with Spool(cost_rows(OCTOBER, {"a": "1"}).select([0, 1]).schema, home.parent, 0) as spool:
            spool.add(cost_rows(OCTOBER, {"a": "1"}).select([0, 1]))
            rows = spool.finish()
        results = writer.load_all([(result_of(Chunk("costs", ONE, OCTOBER, "actual"), rows=1), Fetched(rows))])
    assert results[0].row_count is None
    assert results[0].finished_at - results[0].started_at == timedelta(seconds=5)
    assert look("select count(*) from raw.costs") == [(0,)]


def test_month_whose_charges_need_more_memory_than_others_is_rebuilt_all_the_same(home, look, tmp_path) -> None:
    """350 MB of texts in one aggregate, which DuckDB cannot spill."""
    charges = SQL["marts/charges.sql"].replace(
        "sum(cost) filter (where metric = 'actual') as billed,",
        "len(list(repeat('x', 350) || number)) as billed,",
    )
    sql = write_sql(tmp_path / "sql", {"marts/charges.sql": charges.replace("staging.costs", f"staging.costs, {MANY}")})
    writer = warehouse(home, sql=sql)
    with writer.lock(0), writer.open():
        load_costs(writer, {"disk": "1"})
    assert look("select billed from marts.charges") == [(1_000_000,)]
