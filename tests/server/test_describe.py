"""describe_lake: what can be asked in SQL."""

from __future__ import annotations

import json

import pytest
from mcp.client import Client

from finops_lake.answers import describe
from finops_lake.answers.describe import SCHEMAS
from finops_lake.app import App
from finops_lake.server.build import build_server
from finops_lake.server.replies import ANSWER_BYTES
from tests.server.calls import ask, records, refused, told

pytestmark = pytest.mark.anyio


async def test_the_overview_is_short_and_every_table_is_described(app: App) -> None:
    answer = await ask(app, "describe_lake")
    assert len(json.dumps(answer, separators=(",", ":")).encode()) < ANSWER_BYTES
    assert not answer["truncated"]
    rows = records(answer)
    assert all(row["description"] for row in rows)
    names = [row["table_name"] for row in rows]
    assert names[0].startswith("marts.")
    assert {"marts.charges", "marts.findings", "meta.loads"} <= set(names)
    audits = records(await ask(app, "describe_lake", schemas="audits"))
    assert "audits.unattached_disks" in {row["table_name"] for row in audits}
    assert all(row["grain"] for row in rows if row["table_name"].startswith("marts."))
    raw = records(await ask(app, "describe_lake", schemas="raw"))
    counts = {row["table_name"]: row["row_count"] for row in raw}
    assert counts["raw.disks"] == app.lake.query("select count(*) from raw.disks").rows[0][0] > 0
    assert all(row["as_of"] for row in raw if row["row_count"])


async def test_bases_that_only_serve_others_are_listed_where_more_is_asked_for(app: App) -> None:
    bases = app.lake.query("select view_name, value from meta.headers where key = 'base_of'").rows
    for base, above in bases:
        for name in above.split(", "):
            there = app.lake.query(f"select 1 from meta.headers where view_name = '{name}'").rows
            assert there, f"{base} is base of {name}, which there is not"
    names = {base for base, _ in bases}
    assert "marts.unit_costs" in names
    usual = await ask(app, "describe_lake")
    assert names.isdisjoint(row["table_name"] for row in records(usual))
    marts = {row["table_name"] for row in records(await ask(app, "describe_lake", schemas="marts"))}
    assert {name for name in names if name.startswith("marts.")} <= marts
    shown = app.lake.query(usual["sql"]).rows
    assert [row[0] for row in shown] == [row["table_name"] for row in records(usual)]


async def test_every_table_can_be_described_in_detail_and_its_examples_run(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describe, "COUNT_SECONDS", 60.0)  # a busy machine shall not give up counting
    every = await ask(app, "describe_lake", schemas=list(SCHEMAS))
    async with Client(build_server(app)) as client:
        for table in [row["table_name"] for row in records(every)]:
            await _check_detail(app, client, table)


async def _check_detail(app: App, client: Client, table: str) -> None:
    result = await client.call_tool("describe_lake", {"table": table})
    assert result.structured_content is not None, table
    answer = result.structured_content
    assert len(json.dumps(answer, separators=(",", ":")).encode()) < ANSWER_BYTES
    assert all(row["comment"] for row in records(answer)), table
    section = answer["table"]
    if section["kind"] != "macro":
        assert section["row_count"] == app.lake.query(f"select count(*) from {table}").rows[0][0]
    for example in section["examples"]:
        assert not (await client.call_tool("query_lake", {"sql": example})).is_error, example


async def test_one_table_says_what_it_holds_and_how_old_it_is(app: App) -> None:
    answer = await ask(app, "describe_lake", table="Charges")
    assert answer["table"]["name"] == "marts.charges"
    assert answer["table"]["row_count"] > 1000
    assert "cost_daily" in answer["table"]["raw_tables"]
    assert answer["as_of"]
    service = next(row for row in records(answer) if row["column_name"] == "service_name")
    assert service["type"] == "VARCHAR"
    assert 1 <= len(service["sample"]) <= 3
    text = await told(app, "describe_lake", table="Charges")
    assert service["comment"] in text
    assert answer["table"]["examples"][0] in text


async def test_a_macro_says_how_it_is_called(app: App) -> None:
    answer = await ask(app, "describe_lake", table="marts.cost_changes")
    table = answer["table"]
    assert (table["kind"], table["row_count"]) == ("macro", None)
    assert list(table["parameters"])[:2] == ["dimension", "measure"]
    assert table["examples"][0].startswith("from marts.cost_changes(charges.service_name")
    difference = next(row for row in records(answer) if row["column_name"] == "difference")
    assert difference["comment"]
    assert difference["type"].startswith("DECIMAL")
    assert table["parameters"]["dimension"] in await told(app, "describe_lake", table="cost_changes")


async def test_a_word_finds_the_tables_that_speak_of_it(app: App) -> None:
    found = [row["table_name"] for row in records(await ask(app, "describe_lake", search="Power State"))]
    assert "staging.virtual_machines" in found
    assert "staging.budgets" not in found


async def test_a_wrong_name_is_answered_with_the_nearest(app: App) -> None:
    assert "did you mean marts.charges" in await refused(app, "describe_lake", table="chargs")
    assert "one of marts, audits, meta, charges, staging, raw" in await refused(app, "describe_lake", schemas="mart")
