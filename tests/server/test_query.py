"""query_lake: any SELECT, its pages, its limits, and what it says of a mistake."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client

from finops_lake.answers.answer import Answer
from finops_lake.answers.sql import MAX_ROWS
from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import InputError
from finops_lake.server.build import build_server
from finops_lake.server.catalog import TOOLS
from finops_lake.server.replies import ANSWER_BYTES
from finops_lake.server.shelf import Shelf
from tests.conftest import TODAY, Refreshed
from tests.lake.test_shell import SHELL, ask_shell
from tests.server.calls import ERAS, app_of, ask, call, records, refused

pytestmark = pytest.mark.anyio

ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("get_cost", {}),
    ("get_cost", {"group_by": ["subscription", "resource"], "granularity": "daily", "tags": ["env=prod"]}),
    ("get_cost", {"dimensions": ["service=O'Neil"], "metric": "effective_cost"}),
    ("explain_cost_change", {}),
    (
        "explain_cost_change",
        {"group_by": ["subscription", "location"], "dimensions": ["subscription=Contoso Production"]},
    ),
    ("get_cost_anomalies", {}),
    (
        "get_cost_anomalies",
        {"metric": "billed_cost", "min_cost": 0.5, "dimensions": ["subscription=Contoso Production"]},
    ),
    ("get_commitments", {}),
    ("get_commitments", {"time_period": "last_month", "profiles": ["Contoso Production"]}),
    ("run_finops_audit", {}),
    ("get_budget_status", {}),
    ("get_tag_coverage", {}),
    ("get_tag_coverage", {"tag_keys": ["env"], "time_period": "last_month", "profiles": ["Contoso Production"]}),
    ("get_lake_status", {}),
    ("describe_lake", {}),
    ("describe_lake", {"table": "marts.charges"}),
    ("query_lake", {"sql": "select service_name, sum(billed_cost) as cost from charges group by all order by all"}),
]
"""Calls whose answers carry SQL."""


@pytest.mark.parametrize(("tool", "arguments"), ANSWERS)
async def test_the_sql_of_an_answer_runs_as_it_stands(app: App, tool: str, arguments: dict[str, Any]) -> None:
    answer = (
        await ask(app, tool, **arguments, limit=1000) if tool not in NO_LIMIT else await ask(app, tool, **arguments)
    )
    again = await ask(app, "query_lake", sql=answer["sql"], limit=1000)
    shared = [name for name in answer["columns"] if name in again["columns"]]
    assert shared
    assert len(again["rows"]) == len(answer["rows"])
    assert [[row[name] for name in shared] for row in map(_texts, records(again))] == [
        [row[name] for name in shared] for row in map(_texts, records(answer))
    ]


OF_HISTORY = ("get_cost_forecast",)
NO_LIMIT = ("get_lake_status", "describe_lake")


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    """Lists and objects are JSON text in the one and values in the other."""
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}


@pytest.mark.skipif(SHELL is None, reason="the DuckDB 1.5 shell (duckdb-cli) is not installed")
@pytest.mark.parametrize(("tool", "arguments"), ANSWERS)
async def test_it_runs_in_the_shell_of_the_line_before_ours_too(
    app: App, refreshed: Refreshed, tool: str, arguments: dict[str, Any]
) -> None:
    answer = await ask(app, tool, **arguments)
    rows = ask_shell(refreshed.settings.published_path, answer["sql"])
    assert len(rows) == answer["row_count"] or answer["truncated"]


def test_every_tool_that_answers_from_the_lake_is_among_them() -> None:
    """A new tool adds its call above; refresh_lake answers from what it just did, a forecast's SQL is its history."""
    assert {tool for tool, _ in ANSWERS} == {entry.name for entry in TOOLS} - {"refresh_lake", *OF_HISTORY}


async def test_amounts_are_exact_and_currencies_apart(app: App, refreshed: Refreshed) -> None:
    sql = "select billing_currency, sum(billed_cost) as cost from marts.charges group by all"
    answer = await ask(app, "query_lake", sql=sql)
    truth = refreshed.azure.truth.totals(("currency",))
    assert {row[0]: Decimal(row[1]) for row in answer["rows"]} == {key[0]: amount for key, amount in truth.items()}
    assert answer["types"] == ["VARCHAR", "DECIMAL(38,24)"]
    assert answer["as_of"] == refreshed.report.finished_at.isoformat().replace("+00:00", "Z")
    assert answer["scopes"]["included_count"] == 4


async def test_what_is_missing_beneath_a_query_is_said(denied_app: App) -> None:
    answer = await ask(denied_app, "query_lake", sql="select count(*) from staging.disks")
    (missing,) = answer["scopes"]["missing"]
    assert missing["outcome"] == "denied"
    assert missing["reason"].startswith("disks: ")
    nothing_read = await ask(denied_app, "query_lake", sql="select 1 as x")
    assert nothing_read["scopes"]["missing_count"] == 0
    assert nothing_read["as_of"] is None


async def test_what_is_stale_beneath_a_query_is_said(azure: LocalAzure, yesterdays: Path, app: App) -> None:
    sql = "select count(*) from marts.charges"
    with app_of(azure, yesterdays) as old:
        notes = (await ask(old, "query_lake", sql=sql))["notes"]
    assert any(note.startswith("Older than it should be: cost_daily") for note in notes)
    assert not any("Older than" in note for note in (await ask(app, "query_lake", sql=sql))["notes"])


@pytest.mark.parametrize("era", ERAS)
async def test_a_large_result_is_read_page_by_page(app: App, era: str) -> None:
    sql = "select resource_id, charge_period_start, billed_cost from marts.charges order by all limit 6000"
    async with Client(build_server(app), mode=era) as client:
        first = await client.call_tool("query_lake", {"sql": sql, "limit": 1000})
        envelope = first.structured_content
        assert envelope is not None
        result_id, rows = envelope["result_id"], list(envelope["rows"])
        assert result_id in first.content[0].text  # type: ignore[union-attr]
        while envelope["next_offset"] is not None:
            arguments = {"result_id": result_id, "offset": envelope["next_offset"], "limit": 1000}
            envelope = (await client.call_tool("query_lake", arguments)).structured_content
            assert envelope is not None
            rows += envelope["rows"]
    assert len(rows) == 6000
    assert envelope["result_id"] is None
    assert envelope["is_complete"]
    assert len({json.dumps(row) for row in rows}) > 4000


async def test_a_result_beyond_the_limit_is_cut_and_says_so(app: App) -> None:
    answer = await ask(app, "query_lake", sql="from range(20000)", limit=5)
    assert (answer["row_count"], answer["is_complete"], answer["truncated"]) == (MAX_ROWS, False, True)
    assert any("cut after 10000 rows" in note for note in answer["notes"])
    wide = await ask(app, "query_lake", sql="select repeat('x', 100000) as x from range(1000)", limit=1)
    assert 10 < wide["row_count"] < 100
    assert any("long values were cut" in note for note in wide["notes"])


async def test_an_answer_is_short_and_links_to_the_rest(app: App) -> None:
    result = await call(app, "query_lake", sql="from marts.charges")
    text, link = result.content
    assert text.type == "text"
    assert len(text.text.encode()) < ANSWER_BYTES
    assert len(json.dumps(result.structured_content, separators=(",", ":")).encode()) < ANSWER_BYTES
    assert link.type == "resource_link"
    assert result.structured_content is not None
    assert str(link.uri).endswith(f"?offset={result.structured_content['next_offset']}")


def test_results_are_kept_for_a_while_and_not_too_many() -> None:
    now = [0.0]
    shelf = Shelf(count=2, seconds=60, clock=lambda: now[0])
    answers = [Answer(("n",), ((number,),), "select 1", None, 1) for number in range(3)]
    names = [shelf.put(answer) for answer in answers]
    assert [shelf.get(name) for name in names[1:]] == answers[1:]
    with pytest.raises(InputError, match="run its sql again"):
        shelf.get(names[0])
    now[0] = 61
    with pytest.raises(InputError, match="no result of that id"):
        shelf.get(names[2])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "give either sql, or the result_id"),
        ({"sql": "select 1", "result_id": "x"}, "give either sql, or the result_id"),
        ({"sql": "select 1", "offset": 2}, "offset: 2 cannot be used; the result has 1 rows"),
        ({"sql": "drop table x"}, "give one SELECT"),
        ({"sql": "pivot charges on service_name using sum(billed_cost)"}, "a PIVOT needs its values listed"),
        ({"sql": "explain analyze select 1"}, "EXPLAIN is not available"),
        ({"sql": "select 1; select 2"}, "here are 2 statements"),
        ({"sql": "select * from read_text('/etc/passwd')"}, "Only tables and views of the lake can be read"),
        ({"sql": "select servce from charges"}, "Did you mean service_name"),
        ({"sql": "selct 1"}, 'syntax error at or near "selct"'),
        ({"query": "select 1"}, "There is no argument 'query'"),
        ({"sql": "select 1", "timeout_seconds": 0}, "timeout_seconds: 0 cannot be used"),
    ],
)
async def test_a_mistake_is_told_so_that_it_can_be_mended(app: App, arguments: dict[str, Any], told: str) -> None:
    assert told in await refused(app, "query_lake", **arguments)


async def test_cells_and_names_of_columns_carry_nothing_hidden(app: App) -> None:
    sql = """select 'pay' || chr(8203) || chr(8238) || chr(917601) as "na\u202eme", {'k': chr(27) || '[31mred'} as s"""
    answer = await ask(app, "query_lake", sql=sql)
    assert answer["columns"][0] == "name"
    assert answer["rows"] == [["pay", '{"k": "\\u001b[31mred"}']] or answer["rows"] == [["pay", '{"k": "red"}']]


async def test_nested_values_and_large_integers_keep_every_digit(app: App) -> None:
    sql = "select {'a': 1.50::decimal(9,2)} as s, [date '2026-01-02'] as l, 12345678901234567890::hugeint as h, 7 as n"
    answer = await ask(app, "query_lake", sql=sql)
    assert answer["rows"] == [['{"a": "1.5"}', '["2026-01-02"]', "12345678901234567890", 7]]


async def test_a_query_is_stopped_after_its_time(app: App) -> None:
    began = time.monotonic()
    assert "stopped after 0.3 s" in await refused(
        app, "query_lake", sql="select count(*) from range(10000000000) t(i), range(1000)", timeout_seconds=0.3
    )
    assert time.monotonic() - began < 20, "unstopped it would take hours"


async def test_a_client_that_leaves_ends_its_query(app: App) -> None:
    """The lake's cursor is free again long before the query's own time is over."""
    async with Client(build_server(app)) as client:
        with anyio.move_on_after(0.5):
            sql = "select count(*) from range(10000000000) t(i), range(1000)"
            await client.call_tool("query_lake", {"sql": sql, "timeout_seconds": 120})
        base = app.lake._pool._base
        assert base is not None
        with anyio.fail_after(60):
            while base.users:
                await anyio.sleep(0.02)


async def test_the_running_month_of_a_demo_lake_is_the_tests_own(app: App) -> None:
    answer = await ask(app, "query_lake", sql="select max(billing_month) as m from marts.charges")
    assert answer["rows"] == [[TODAY.replace(day=1).isoformat()]]
