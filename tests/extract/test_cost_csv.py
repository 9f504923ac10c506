"""CSV files of usage-detail lines: what is in them, to the last digit, or which file and column is at fault."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date
from decimal import Decimal
from typing import IO

import pyarrow as pa
import pytest

from finops_lake.errors import UnreachableError
from finops_lake.extract.cost_csv import read_lines
from finops_lake.extract.cost_lines import SCHEMA
from tests.replay import REPLIES

HEADER = "Date,SubscriptionId,CostInBillingCurrency,BillingCurrencyCode,Tags,IsAzureCreditEligible\n"


def read(file: IO[bytes], name: str, *, is_compressed: bool = False) -> tuple[pa.Table, int]:
    pieces = list(read_lines(file, name, is_compressed=is_compressed))
    return pa.concat_tables([SCHEMA.empty_table(), *(table for table, _ in pieces)]), sum(count for _, count in pieces)


def lines(text: str) -> list[dict[str, object]]:
    table, _ = read(io.BytesIO(text.encode()), "a.csv")
    assert table.schema == SCHEMA
    return table.to_pylist()


def test_lines_keep_text_amounts_and_flags_and_empty_is_null():
    (line,) = lines("\ufeff" + HEADER + '11/02/2026,ABC,41.712656643888759,EUR,"""env"": ""a,b""",True\r\n')
    assert line["date"] == date(2026, 11, 2)
    assert line["cost_in_billing_currency"] == Decimal("41.712656643888759")
    assert (line["subscription_id"], line["tags"]) == ("ABC", '"env": "a,b"')
    assert line["is_azure_credit_eligible"] is True
    assert line["meter_id"] is None


@pytest.mark.parametrize(
    ("written", "day"),
    [("2026-11-02", 2), ("2026-11-03T00:00:00Z", 3), ("11/4/2026", 4), ("11/5/26", 5), ("11/06/2026 00:00:00", 6)],
)
def test_days_are_read_in_every_style(written, day):
    other = "2026-11-09"
    assert [line["date"] for line in lines(f"{HEADER}{written},a,1,EUR,,\n{other},a,1,EUR,,\n")] == [
        date(2026, 11, day),
        date(2026, 11, 9),
    ]


@pytest.mark.parametrize("amount", ["7E-06", "-1.50", "0", "0.00000000000000000000001", " 3.25 "])
def test_amounts_are_exact(amount):
    (line,) = lines(f"{HEADER}11/02/2026,a,{amount},EUR,,\n")
    assert line["cost_in_billing_currency"] == Decimal(amount.strip())


def test_a_line_break_inside_quotes_does_not_end_a_line():
    found = lines(f'{HEADER}11/02/2026,a,1,EUR,"x\ny",\n11/03/2026,a,2,EUR,,\n')
    assert [line["tags"] for line in found] == ["x\ny", None]


def test_a_header_alone_is_no_lines():
    assert lines(HEADER) == []


def test_a_compressed_file_is_read():
    packed = gzip.compress(f"{HEADER}11/02/2026,a,1,EUR,,\n".encode())
    table, _ = read(io.BytesIO(packed), "a.csv.gz", is_compressed=True)
    assert table.num_rows == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a.csv: the file is empty"),
        (b"<?xml version='1.0'?><Error/>\n", "no column for date, cost_in_billing_currency, billing_currency"),
        (b"Date,Quantity,Currency\n", "no column for cost_in_billing_currency; it has Date, Quantity, Currency"),
        (b"Date,Cost,Currency\n11/02/2026,1,EUR\n11/03/2026,1", "line 3 has 2 values for 3 columns"),
        (b"Date,Cost,Currency\n11/02/2026,secret,EUR\n", "column cost_in_billing_currency"),
        (b"Date,Cost,Currency\n2026-13-45,1,EUR\n", "column date"),
        (b"Date,Cost,Currency\n11/02/2026,1,\xff\xfe\n", "a.csv"),
    ],
)
def test_a_fault_names_its_place(content, words):
    with pytest.raises(UnreachableError, match="a") as caught:
        read(io.BytesIO(content), "a.csv")
    assert words in str(caught.value)


@pytest.mark.replies
@pytest.mark.parametrize("name", ["EA_ActualCost_Small", "EA_AmortizedCost_Small"])
def test_published_samples_add_up(name):
    if not REPLIES.is_dir():
        pytest.skip(f"{REPLIES} is not there")
    path = REPLIES / "exports" / f"{name}.csv"
    with path.open("rb") as file:
        table, inexact = read(file, path.name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert table.num_rows == len(written)
    total = sum(Decimal(line["Cost"]) for line in written)
    assert sum(value for value in table["cost_in_billing_currency"].to_pylist()) == total
    assert inexact == 0
