"""Large pages of cost queries are read by lines where that gives what JSON gives, and by JSON where it might not."""

from __future__ import annotations

import json
import sys
from typing import Any

import pyarrow as pa
import pytest

from finops_lake.azure_api.pages import QueryPage, read_query_page
from finops_lake.errors import BadRequestError, UnreachableError

KINDS = {"Cost": "Number", "UsageDate": "Number", "ResourceId": "String", "Currency": "String"}
PLAIN = '[1.50,20261101,"/subscriptions/a/resourcegroups/r/providers/x/y/vm","EUR"]'
MANY = [PLAIN] * 1000


def reply(*rows: str, kinds: dict[str, str] = KINDS, more: str = "") -> bytes:
    columns = json.dumps([{"name": name, "type": kind} for name, kind in kinds.items()])
    return f'{{"id":"x",{more}"properties":{{"nextLink":"","columns":{columns},"rows":[{",".join(rows)}]}}}}'.encode()


def is_read_by_lines(page: QueryPage) -> bool:
    return all(isinstance(column, pa.Array) for column in page.values)


def rows_of(page: QueryPage) -> list[list[Any]]:
    columns = [column.to_pylist() if isinstance(column, pa.Array) else column for column in page.values]
    return [list(row) for row in zip(*columns, strict=True)]


def by_json(body: bytes) -> list[list[Any]]:
    rows: list[list[Any]] = json.loads(body, parse_float=str, parse_int=str)["properties"]["rows"]
    return rows


@pytest.mark.parametrize(
    "row",
    [
        PLAIN,
        '[41.712656643888759,20261101,"/x","EUR"]',
        '[7E-06,20261101,"/x","EUR"]',
        '[-0.000000000000000000000000012,20261101,"/x","EUR"]',
        "[null,null,null,null]",
        '[1,20261101,"",""]',
        '[1,20261101,"null","null"]',
        '[1,20261101,"a,b;c=\'d\'","EUR"]',
        '[1,20261101,"two words, and a comma","EUR"]',
        '[1,20261101,"Größe","€"]',
        '[1,20261101,"true","12.50"]',
    ],
)
def test_what_lines_tell_for_certain_is_what_json_reads(row):
    body = reply(*MANY, row, PLAIN)
    page, link = read_query_page(body, "The test")
    assert is_read_by_lines(page)
    assert page.columns == tuple(KINDS)
    assert page.row_count == len(MANY) + 2
    assert rows_of(page) == by_json(body)
    assert link is None


@pytest.mark.parametrize(
    "row",
    [
        r'[1,20261101,"a\"b","EUR"]',
        r'[1,20261101,"a\\b","EUR"]',
        r'[1,20261101,"a\nb","EUR"]',
        r'[1,20261101,"\u00e9","EUR"]',
        '[1,20261101,"a],[b","EUR"]',
        '[1,20261101,"a]b","EUR"]',
        '[1,20261101,"{}","EUR"]',
        '[1,20261101," /x","EUR"]',
        '[1,20261101,"/x ","EUR"]',
        '[1,20261101, "/x","EUR"]',
        '[1,20261101,"/x" ,"EUR"]',
        '[1,20261101,"/x", null]',
        '[1,20261101,["/x"],"EUR"]',
        '[1,20261101,{"a":1},"EUR"]',
        '[1,20261101,true,"EUR"]',
        '[1,20261101,12.50,"EUR"]',
        '["1",20261101,"/x","EUR"]',
        '[1,20261101,\n"/x","EUR"]',
        '[1,20261101,\t"/x","EUR"]',
    ],
)
def test_what_lines_might_tell_otherwise_is_read_by_json(row):
    body = reply(*MANY, row, PLAIN)
    page, _ = read_query_page(body, "The test")
    assert not is_read_by_lines(page)
    assert rows_of(page) == by_json(body)


def test_a_page_written_with_blanks_is_read_by_json():
    body = json.dumps(json.loads(reply(*MANY))).encode()
    page, _ = read_query_page(body, "The test")
    assert not is_read_by_lines(page)
    assert rows_of(page) == by_json(body)


def test_columns_of_other_kinds_are_read_as_they_are_written():
    body = reply(*['["2026-11-01T00:00:00",1]'] * 3000, kinds={"BillingMonth": "Datetime", "Cost": "Number"})
    page, _ = read_query_page(body, "The test")
    assert is_read_by_lines(page)
    assert rows_of(page) == by_json(body)


def test_the_link_to_the_next_page_is_found_on_either_side_of_the_rows():
    body = reply(*MANY)
    for linked in (
        body.replace(b'"nextLink":""', b'"nextLink":"https://next"'),
        body.replace(b'"nextLink":"",', b"").replace(b"]]", b']],"nextLink":"https://next"'),
    ):
        page, link = read_query_page(linked, "The test")
        assert is_read_by_lines(page)
        assert (page.row_count, link) == (len(MANY), "https://next")


def test_rows_that_are_not_those_of_the_answer_are_left_out():
    body = reply(PLAIN, more=f'"other":{{"rows":[{",".join(MANY)}]}},')
    page, _ = read_query_page(body, "The test")
    assert rows_of(page) == by_json(body)
    assert page.row_count == 1


def test_a_reply_that_was_read_is_held_no_longer():
    body = reply(*MANY)
    before = sys.getrefcount(body)
    page, _ = read_query_page(body, "The test")
    assert is_read_by_lines(page)
    assert sys.getrefcount(body) == before


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (reply(*MANY, "[1,20261101]"), UnreachableError),
        (reply(*MANY, '[1,20261101,"/x","EUR",1]'), UnreachableError),
        (reply(*MANY)[:-10], UnreachableError),
        (reply(*MANY, more='"error":{"code":"Odd","message":"what"},'), BadRequestError),
    ],
)
def test_a_large_page_that_is_no_answer_is_refused_as_a_small_one_is(body, error):
    with pytest.raises(error):
        read_query_page(body, "The test")
