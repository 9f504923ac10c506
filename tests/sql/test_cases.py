"""Every folder `<schema.view>/<case>/` holds what Azure said (given.json) and the rows the view must show.

given.json: {"now": instant, "from"?: what to read if not the whole view, "raw": {table: [{"scope", "month"?, "metric"?,
"began"?, "at"?, "outcome"?, "reason"?, "rows"}]}, "usage"?: {table of what the journal buffers: rows}}. A load with an
outcome other than loaded or partial is an attempt that failed. expected.json: a list of rows, of which only the columns
named are compared; decimals and instants as text. A row with `days` stands for as many days up to yesterday.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finops_lake.answers.answer import jsonable
from finops_lake.errors import Outcome
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched, Source

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/*/given.json"))
BY_TABLE = {source.table: source for source in SOURCES}


def to_arrow(source: Source, rows: list[dict[str, Any]]) -> pa.Table:
    """Return JSON rows as the source's table; a column that a row does not name is null."""
    unknown = {key for row in rows for key in row} - set(source.schema.names)
    assert not unknown, f"raw.{source.table} has no {unknown}"

    def value(text: Any, kind: pa.DataType) -> Any:
        if text is None:
            return None
        if pa.types.is_decimal(kind):
            return Decimal(str(text))
        if pa.types.is_date(kind):
            return date.fromisoformat(text)
        if pa.types.is_timestamp(kind):
            return datetime.fromisoformat(text)
        if pa.types.is_string(kind) and not isinstance(text, str):
            return json.dumps(text)
        return text

    columns = [
        pa.array([value(row.get(field.name), field.type) for row in rows], field.type) for field in source.schema
    ]
    return pa.table(columns, schema=source.schema)


def spread_over_days(row: dict[str, Any], today: date) -> Iterator[dict[str, Any]]:
    """Yield the row for each of the last `days` complete days, where it has such a number: the same on all of them."""
    if "days" not in row:
        yield row
        return
    provider, *parts = row["resource_id"].lower().rpartition("/providers/")[2].split("/")
    given = {key: row[key] for key in row if key != "days"}
    fixed = {"metric_namespace": "/".join([provider, *parts[::2]]), "measured_hours": 24, **given}
    for back in range(1, row["days"] + 1):
        yield {**fixed, "usage_date": (today - timedelta(days=back)).isoformat()}


def lake_of(home: Path, given: dict[str, Any]) -> LakeReader:
    """Build a real lake on disk from a case."""
    now = datetime.fromisoformat(given["now"]).astimezone(UTC)
    clock = [now]
    warehouse = Warehouse(home, SOURCES, origin="case", clock=lambda: clock[0])
    with warehouse.lock(0):
        with warehouse.open():
            for table, loads in given["raw"].items():
                for one in loads:
                    clock[0] = datetime.fromisoformat(one["at"]).astimezone(UTC) if "at" in one else now
                    load(warehouse, BY_TABLE[table], one, now)
        clock[0] = now
        warehouse.publish(usage_of(given))
    return LakeReader(home)


def usage_of(given: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [
            {name: datetime.fromisoformat(cell) if name.endswith("_at") else cell for name, cell in row.items()}
            for row in rows
        ]
        for table, rows in given.get("usage", {}).items()
    }


def load(warehouse: Warehouse, source: Source, one: dict[str, Any], now: datetime) -> None:
    at = datetime.fromisoformat(one["at"]) if "at" in one else now
    month = date.fromisoformat(one["month"]) if "month" in one else None
    outcome = Outcome(one.get("outcome", "loaded"))
    complete = outcome is Outcome.LOADED
    chunk = Chunk(source.table, one["scope"], month, one.get("metric"))
    began = datetime.fromisoformat(one.get("began", at.isoformat()))
    result = ChunkResult(
        chunk, outcome, began, at, complete, reason=one.get("reason"), row_count=len(one.get("rows", []))
    )
    if outcome in (Outcome.LOADED, Outcome.PARTIAL):
        spread = [row for short in one["rows"] for row in spread_over_days(short, now.date())]
        rows = to_arrow(source, spread)
        warehouse.load(source, Fetched(rows, complete, one.get("reason")), result)
    else:
        warehouse.record(result)


def named(row: tuple[Any, ...], columns: list[str], wanted: list[str]) -> dict[str, Any]:
    values = dict(zip(columns, row, strict=True))
    return {name: json.loads(json.dumps(jsonable(values[name]))) for name in wanted}


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with its tables and views and no rows, to be copied: making the views takes longer than a case."""
    home = tmp_path_factory.mktemp("empty")
    warehouse = Warehouse(home, SOURCES, origin="case", clock=lambda: datetime.now(UTC))
    with warehouse.lock(0), warehouse.open():
        pass
    return home


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_view_shows_what_the_case_expects(case: Path, empty_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(empty_home, tmp_path / "home")
    given = json.loads((case / "given.json").read_text(encoding="utf-8"))
    lake = lake_of(home, given)
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    result = lake.query(f"select * from {given.get('from', case.parent.name)}")
    columns = [column.name for column in result.columns]
    wanted = list(expected[0]) if expected else columns
    found = [named(row, columns, wanted) for row in result.rows]
    lake.close()
    assert sorted(found, key=json.dumps) == sorted(expected, key=json.dumps)
