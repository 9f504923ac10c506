"""Business figures and exchange rates: files are loaded whole, or told with file, row and column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_lake.errors import BadFileError
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.writer import Warehouse
from finops_lake.refresh.figures import load_figures, read_table

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
GOOD = "Date;Metric;Value\n2026-11-01;orders;12.5\n\n2026-11-02;orders;13\n"


def written(folder: Path, text: str, name: str = "orders.csv") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    _, by_csv = read_table(written(tmp_path, GOOD))
    table = pa.table({"date": [date(2026, 11, 1), date(2026, 11, 2)], "metric": ["orders"] * 2, "value": [12.5, 13.0]})
    pq.write_table(table, tmp_path / "orders.parquet")
    _, by_parquet = read_table(tmp_path / "orders.parquet")
    assert by_csv == by_parquet
    assert by_csv["value"].to_pylist() == [Decimal("12.5"), Decimal(13)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("date,metric,value\n2026-11-01,orders,1\n2026-13-01,orders,1", "row 3, column date: '2026-13-01' is no day"),
        ("date,metric,value\n2026-11-01,orders,1.5x", "row 2, column value: '1.5x' is no number"),
        ("date,metric,value\n2026-11-01,orders,-1", "row 2, column value: '-1': a number of 0 or more"),
        ("date,metric,value\n2026-11-01,,1", "row 2, column metric: it is empty"),
        ("date,metric,value\n2026-11-01,orders", "row 2: 2 cells; the header has 3"),
        ("date,metric,value\n2026-11-01,orders,1\n2026-11-01,orders,2", "row 3: there is a row for the same date"),
        ("date,metric,value,dimensoin\n", "column 'dimensoin': did you mean dimension?"),
        ("day,metric,value\n", "its columns are day, metric, value; business figures have date"),
        ("date,metric,value,dimension,dimension_value\n2026-11-01,o,1,team,x", "column dimension: 'team' is none of"),
        ("date,from,to,rate\n2026-11-01,EUR,USD,0", "row 2, column rate: '0': a number above 0"),
        ("date,from,to,rate\n2026-11-01,Euro,USD,1", "row 2, column from: 'Euro' is no currency"),
    ],
)
def test_a_bad_file_names_row_and_column(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(BadFileError) as raised:
        read_table(written(tmp_path, text))
    assert raised.value.message.startswith("orders.csv")
    assert fault in raised.value.message


def test_a_bad_file_keeps_what_was_held_and_a_file_that_went_is_forgotten(tmp_path: Path) -> None:
    folder, warehouse = tmp_path / "business", Warehouse(tmp_path / "home", SOURCES, origin="test", clock=lambda: NOW)
    written(folder, GOOD)
    rates = written(folder, "date,from,to,rate\n2026-11-01,eur,USD,1.1\n", "rates.csv")

    def held() -> list[tuple[object, ...]]:
        with warehouse.open():
            return warehouse.query(
                "select file_name, count(*) from (select file_name from staging.business_figures"
                " union all select file_name from staging.exchange_rates) group by all order by all"
            )

    with warehouse.lock(0):
        assert len(load_figures(folder, warehouse, NOW).results) == 2
        assert load_figures(folder, warehouse, NOW).results == ()
        written(folder, GOOD + "soon;orders;1\n")
        rates.unlink()
        read = load_figures(folder, warehouse, NOW)
        assert read.faults == ("orders.csv, row 5, column date: 'soon' is no day, such as 2026-11-30.",)
        assert [one.chunk.scope_id for one in read.results] == ["rates.csv"]
        assert held() == [("orders.csv", 2)]
