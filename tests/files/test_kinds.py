"""Kinds by content, in every form a file can have: types of Parquet, codecs, dates, other clouds, other exports."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_lake.errors import BadFileError
from finops_lake.files.kinds import recognise
from tests.files.conftest import EXPORTS, FOCUS, USAGE, csv_text, write

COSTS = "select billed_cost from raw.focus_charges order by all"


def parquet(path, column, values, **options):
    rows = {name: pa.array([text] * len(values)) for name, text in FOCUS.items()}
    rows[column] = values
    pq.write_table(pa.table(rows), path, **options)
    return path


def test_a_binary_float_means_its_shortest_decimal_text(home, tmp_path):
    values = pa.array([0.1, 1e-7, 123456.789, 3.0, None, -0.000012, 9.99999999999e12], pa.float64())
    report = home.load(parquet(tmp_path / "a.parquet", "BilledCost", values))
    assert home.rows(COSTS) == [
        (Decimal(text) if text else None,)
        for text in ("-0.000012", "0.0000001", "0.1", "3", "123456.789", "9999999999990", None)
    ]
    assert report.results[0].inexact_amounts == 0


def test_an_amount_of_more_than_24_decimals_is_rounded_and_counted(home, tmp_path):
    values = pa.array([1.2345678901234567e-9, 1.9e-83, 0.0, 2.5], pa.float64())
    report = home.load(parquet(tmp_path / "a.parquet", "BilledCost", values))
    assert home.rows(COSTS) == [
        (Decimal(0),),
        (Decimal(0),),
        (Decimal("0.000000001234567890123457"),),
        (Decimal("2.5"),),
    ]
    assert report.results[0].inexact_amounts == 2
    texts = [
        FOCUS | {"BilledCost": text}
        for text in ("1.0000000000000000000000001", "0E-30", "1.50000000000000000000000000000")
    ]
    report = home.load(write(tmp_path / "b.csv", csv_text(texts)))
    assert report.results[0].inexact_amounts == 1


@pytest.mark.parametrize("kind", [pa.decimal128(38, 18), pa.decimal128(10, 2), pa.int64(), pa.string(), pa.float32()])
def test_every_type_of_an_amount_is_read(home, tmp_path, kind):
    values = pa.array([Decimal("2.50"), Decimal("-3.25")]) if kind != pa.int64() else pa.array([2, -3])
    home.load(parquet(tmp_path / "a.parquet", "BilledCost", values.cast(kind)))
    expected = ["-3", "2"] if kind == pa.int64() else ["-3.25", "2.5"]
    assert home.rows(COSTS) == [(Decimal(text),) for text in expected]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([datetime(2025, 3, 31, 23, 30, tzinfo=UTC)], pa.timestamp("us", "UTC")),
        pa.array([datetime(2025, 3, 31, 23, 30)], pa.timestamp("ms")),  # noqa: DTZ001
        pa.array(["2025-04-01T01:30:00+02:00"]),
        pa.array([date(2025, 3, 31)]),
        pa.array(["2025-03-31T00:00Z"]),
        pa.array(["2025-03-31T23:59:59.9999999Z"]),
        pa.array(["2025-03-31 23:00:00"]),
        pa.array(["2025-03-31 23:00:00 UTC"]),
        pa.array(["03/31/2025"]),
        pa.array(["3/31/25"]),
        pa.array(["03/31/2025 00:00:00"]),
        pa.array(["2025-03-31"]).dictionary_encode(),
    ],
)
def test_every_form_of_a_day_is_that_utc_day(home, tmp_path, values):
    report = home.load(parquet(tmp_path / "a.parquet", "ChargePeriodStart", values))
    assert home.rows("select charge_period_start, _month from raw.focus_charges") == [
        (date(2025, 3, 31), date(2025, 3, 1))
    ]
    assert report.failures == ()


@pytest.mark.parametrize(
    ("end", "day"),
    [
        ("2025-03-06", date(2025, 3, 6)),
        ("2025-03-06T00:00:00Z", date(2025, 3, 6)),
        ("2025-03-06 01:00:00", date(2025, 3, 7)),
        ("03/06/2025", date(2025, 3, 6)),
    ],
)
def test_an_exclusive_end_inside_a_day_is_the_day_after(home, tmp_path, end, day):
    home.load(write(tmp_path / "a.csv", csv_text([FOCUS | {"ChargePeriodEnd": end}])))
    assert home.rows("select charge_period_end from raw.focus_charges") == [(day,)]


@pytest.mark.parametrize("codec", ["snappy", "gzip", "zstd", "none"])
def test_every_codec_of_parquet_is_read(home, tmp_path, codec):
    home.load(parquet(tmp_path / "a.snappy.parquet", "BilledCost", pa.array(["1.5"]), compression=codec))
    assert home.rows(COSTS) == [(Decimal("1.5"),)]


def test_nested_tags_are_json_and_empty_text_is_null(home, tmp_path):
    values = pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string()))
    home.load(parquet(tmp_path / "a.parquet", "Tags", values))
    ((tags, resource_id),) = home.rows("select tags, resource_id from raw.focus_charges")
    assert json.loads(tags) == {"a": "b"}
    assert resource_id is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_line_ends_marks_and_packing_make_no_difference(home, tmp_path, end, mark, suffix):
    row = FOCUS | {"ServiceName": 'a "quoted", service\nof two lines', "BilledCost": "1.25E-5"}
    home.load(write(tmp_path / f"a{suffix}", mark + csv_text([row, row], end=end)))
    assert home.rows("select service_name, sum(billed_cost), count(*) from raw.focus_charges group by all") == [
        ('a "quoted", service\nof two lines', Decimal("0.000025"), 2)
    ]


def test_tags_stay_as_azure_wrote_them_with_and_without_braces(home, tmp_path):
    rows = [USAGE, USAGE | {"Tags": '{"a": "b"}'}]
    home.load(write(tmp_path / "a.csv", csv_text(rows)))
    assert sorted(home.rows("select tags from raw.cost_exports")) == [('"a": "b"',), ('{"a": "b"}',)]


@pytest.mark.parametrize("provider", ["AWS", "Google Cloud", "Oracle"])
def test_other_clouds_keep_their_ids(home, tmp_path, provider):
    row = FOCUS | {"ProviderName": provider, "SubAccountId": "My-Account", "ResourceId": "arn:X", "x_Unknown": "1"}
    home.load(write(tmp_path / "a.csv", csv_text([row])))
    assert home.rows("select provider_name, sub_account_id, resource_id from marts.charges") == [
        (provider, "My-Account", "arn:X")
    ]


@pytest.mark.replies
@pytest.mark.parametrize(
    ("schema", "table"),
    [
        ("focuscost_1.0", "focus_charges"),
        ("focuscost_1.0r2", "focus_charges"),
        ("focuscost_1.2-preview", "focus_charges"),
        ("focuscost_1.2", "focus_charges"),
        ("actualcost_c360-2025-04", "cost_exports"),
        ("amortizedcost_c360-2025-04", "cost_exports"),
        ("pricesheet_2023-05-01_ea", "exported_prices"),
        ("reservationdetails_2023-03-01", "exported_reservation_details"),
        ("reservationtransactions_2023-05-01_ea", "exported_reservation_transactions"),
        ("reservationrecommendations_2023-05-01_ea", "exported_reservation_recommendations"),
    ],
)
def test_every_published_schema_is_recognised_and_loads(home, tmp_path, schema, table):
    mappings = json.loads((EXPORTS / f"schema_{schema}.json").read_text())["translator"]["mappings"]
    samples = {"Decimal": "1.5", "DateTimeOffset": "2025-03-05T00:00:00Z", "Boolean": "True"}
    row = {one["source"]["name"]: samples.get(one["source"]["type"], "x") for one in mappings}
    assert recognise(list(row), "x").kind.table == table
    report = home.load(write(tmp_path / "actual.csv", csv_text([row])))
    assert [(one.chunk.table, one.row_count) for one in report.results] == [(table, 1)]
    mart = "marts.charges" if table == "focus_charges" else f"raw.{table}"
    staging = f"staging.{table}" if table.startswith("exported_") else mart
    assert home.rows(f"select count(*) from {staging}") == [(1,)]
    if not table.startswith("exported_"):
        return
    ((values,),) = home.rows(f"select to_json(t) from raw.{table} as t")
    kept = [value for name, value in json.loads(values).items() if not name.startswith("_") and value is not None]
    assert len(kept) == len(row)


@pytest.mark.replies
def test_columns_that_azure_names_otherwise_find_their_place(home, tmp_path):
    row = FOCUS | {
        "x_BilledCostInUsd": "1.6",
        "x_SkuMeterId": "m",
        "x_SkuMeterName": "n",
        "x_InvoiceId": "i",
        "x_BillingExchangeRate": "1.1",
        "x_SkuOfferId": "o",
    }
    home.load(write(tmp_path / "a.csv", csv_text([row])))
    columns = "x_billed_cost_usd, x_meter_id, sku_meter, invoice_id, x_exchange_rate, x_offer_id"
    assert home.rows(f"select {columns} from marts.charges") == [(Decimal("1.6"), "m", "n", "i", Decimal("1.1"), "o")]


def test_a_header_nobody_knows_is_refused_with_what_it_has():
    with pytest.raises(BadFileError, match=r"x has no schema known here. It has the columns a, b;"):
        recognise(["a", "b"], "x")
