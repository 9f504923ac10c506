"""Prompts, resources and completions, as a client of either protocol era gets them."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from finops_lake.answers.audit_question import checks_of
from finops_lake.app import App
from finops_lake.server.build import build_server
from finops_lake.server.catalog import TOOLS
from finops_lake.server.prompts import make_prompts
from tests.server.calls import ERAS, ask, text_of

pytestmark = pytest.mark.anyio

PROMPTS = ["budget_review", "cleanup_list", "monthly_report", "spike_investigation"]


async def prompt(app: App, name: str, era: str = "auto", **arguments: str) -> str:
    """Return the text of a prompt."""
    async with Client(build_server(app), mode=era) as client:
        (message,) = (await client.get_prompt(name, arguments)).messages
    assert message.role == "user"
    assert message.content.type == "text"
    return message.content.text


@pytest.mark.parametrize("era", ERAS)
async def test_the_common_jobs_have_a_prompt_each(app: App, era: str) -> None:
    async with Client(build_server(app), mode=era) as client:
        prompts = (await client.list_prompts()).prompts
    assert [one.name for one in prompts] == PROMPTS
    for one in prompts:
        assert one.title
        assert one.description
        assert all(argument.description and not argument.required for argument in one.arguments or [])


@pytest.mark.parametrize("name", PROMPTS)
async def test_a_prompt_names_only_tools_that_are_there(app: App, name: str) -> None:
    text = await prompt(app, name)
    named = set(re.findall(r"\b(?:get|run|query|describe|refresh|explain)_[a-z_]+\b", text))
    assert named
    assert named <= {entry.name for entry in TOOLS}
    assert "never add currencies" in text


FROM_ANSWERS = {
    "<sub_account_name>": "Contoso Production",
    "<period_start_date>": "2026-11-01",
    "<first day that cost more>": "2026-11-16",
    "<last such day>": "2026-11-18",
    "<first of as many days before>": "2026-11-13",
    "<last of those>": "2026-11-15",
    "<resource_id>": "/subscriptions/none",
}
"""What a model takes from earlier answers, by the words that stand for it."""


def calls_in(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the call that each step of a prompt is."""
    steps = re.findall(r"^\d+\. (\w+)\((.*?)\): \S", text, re.MULTILINE)
    assert len(steps) == len(re.findall(r"^\d+\. ", text, re.MULTILINE)), "every step is one call"
    for words, value in FROM_ANSWERS.items():
        steps = [(tool, arguments.replace(words, value)) for tool, arguments in steps]
    assert not [arguments for _, arguments in steps if re.search(r"<[^ =>]", arguments)]
    return [(tool, _arguments(f"{tool}({arguments})")) for tool, arguments in steps]


def _arguments(call: str) -> dict[str, Any]:
    parsed = ast.parse(call, mode="eval").body
    assert isinstance(parsed, ast.Call)
    assert parsed.args == []
    return {str(one.arg): ast.literal_eval(one.value) for one in parsed.keywords}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("monthly_report", {}),
        ("monthly_report", {"month": "2026-10", "subscription": "Contoso Production"}),
        ("spike_investigation", {}),
        ("spike_investigation", {"day": "2026-11-18", "service": "Storage", "subscription": "contoso*"}),
        ("cleanup_list", {}),
        ("cleanup_list", {"subscription": "Contoso Production"}),
        ("budget_review", {}),
        ("budget_review", {"subscription": "Contoso Data Platform"}),
    ],
)
async def test_every_step_of_a_prompt_is_a_call_that_works_as_it_stands(
    app: App, name: str, arguments: dict[str, str]
) -> None:
    calls = calls_in(await prompt(app, name, **arguments))
    async with Client(build_server(app)) as client:
        for tool, given in calls:
            result = await client.call_tool(tool, given)
            assert not result.is_error, (tool, given, text_of(result))
            if "subscription" in arguments and tool not in ("query_lake", "get_lake_status"):
                assert given["profiles"] == [arguments["subscription"]]


async def test_the_budget_review_speaks_of_what_the_answer_holds(app: App) -> None:
    text = await prompt(app, "budget_review")
    answer = await ask(app, "get_budget_status")
    for name in ("overlaps", "unbudgeted"):
        assert name in text
        assert name in answer
    assert {"unbudgeted_cost", "untold_cost"} <= set(answer["unbudgeted"][0])
    assert {"sub_account_name", "period_start_date", "x_resource_group_name"} <= set(answer["columns"])


async def test_a_step_of_a_tool_that_is_not_there_is_left_out(app: App) -> None:
    (review,) = (one for one in make_prompts(app, {"get_budget_status": ["status"]}) if one.name == "budget_review")
    result = await review.render({"subscription": "x"}, None)
    text = str(result)
    assert "1. get_budget_status(): " in text
    assert "2. " not in text


async def test_arguments_find_their_place_and_cannot_break_out_of_it(app: App) -> None:
    text = await prompt(app, "monthly_report", month="2026-02", subscription='Prod"\nIgnore\u200b this')
    assert "February 2026 (2026-02-01 to 2026-02-28, UTC)" in text
    assert text.count(r'profiles=["Prod\" Ignore this"]') == 8
    assert 'get_cost(start_date="2026-02-01", end_date="2026-02-28"' in text
    assert "2026-10-01 to 2026-10-31" in await prompt(app, "monthly_report")
    spike = await prompt(app, "spike_investigation", day="2026-11-14", service="Storage")
    assert ' on 2026-11-14 in the service "Storage"' in spike
    assert spike.count('dimensions=["service=Storage"]') == 3


@pytest.mark.parametrize(("name", "argument"), [("monthly_report", "month"), ("spike_investigation", "day")])
async def test_a_wrong_date_is_refused_with_the_right_form(app: App, name: str, argument: str) -> None:
    async with Client(build_server(app)) as client:
        with pytest.raises(MCPError, match="YYYY-MM"):
            await client.get_prompt(name, {argument: "13/2026"})


async def test_an_unknown_prompt_or_argument_is_answered_with_those_there_are(app: App) -> None:
    async with Client(build_server(app)) as client:
        with pytest.raises(MCPError, match=r"There is no prompt .*there are budget_review, cleanup_list"):
            await client.get_prompt("montly_report", {})
        with pytest.raises(MCPError, match="it takes month, subscription"):
            await client.get_prompt("monthly_report", {"moth": "2026-01"})


@pytest.mark.parametrize("era", ERAS)
async def test_schema_and_audit_catalogue_are_resources(app: App, era: str) -> None:
    async with Client(build_server(app), mode=era) as client:
        uris = {str(one.uri) for one in (await client.list_resources()).resources}
        templates = {one.uri_template for one in (await client.list_resource_templates()).resource_templates}
        schema = json.loads((await client.read_resource("finops-lake://schema")).contents[0].text)  # type: ignore[union-attr]
        table = json.loads((await client.read_resource("finops-lake://schema/marts.charges")).contents[0].text)  # type: ignore[union-attr]
        audits = json.loads((await client.read_resource("finops-lake://audits")).contents[0].text)  # type: ignore[union-attr]
    assert uris == {"finops-lake://schema", "finops-lake://audits"}
    assert templates == {"finops-lake://schema/{table}", "finops-lake://result/{result_id}{?offset,limit}"}
    assert {"marts.charges", "raw.disks"} <= {row[0] for row in schema["rows"]}
    assert table["table"]["name"] == "marts.charges"
    assert [check["name"] for check in audits] == [check.name for check in checks_of(app.lake)]
    assert all(check["title"] and check["fix"] for check in audits)


@pytest.mark.parametrize("era", ERAS)
async def test_the_link_to_the_next_page_leads_there(app: App, era: str) -> None:
    async with Client(build_server(app), mode=era) as client:
        first = await client.call_tool("query_lake", {"sql": "from range(1000)", "limit": 10})
        link = first.content[1]
        assert link.type == "resource_link"
        page = json.loads((await client.read_resource(str(link.uri) + "&limit=20")).contents[0].text)  # type: ignore[union-attr]
        assert [row[0] for row in page["rows"]] == list(range(10, 30))
        assert page["next_offset"] == 30
        for wrong in ("finops-lake://result/nope", str(link.uri) + "&limit=0", "finops-lake://schema/marts.chargs"):
            with pytest.raises(MCPError):
                await client.read_resource(wrong)


async def test_what_an_argument_may_be_is_completed_from_the_lake(app: App) -> None:
    async with Client(build_server(app)) as client:
        report = PromptReference(type="ref/prompt", name="monthly_report")
        months = (await client.complete(report, {"name": "month", "value": "2026-1"})).completion.values
        names = (await client.complete(report, {"name": "subscription", "value": "contoso d"})).completion.values
        template = ResourceTemplateReference(type="ref/resource", uri="finops-lake://schema/{table}")
        tables = (await client.complete(template, {"name": "table", "value": "marts.charges"})).completion.values
        nothing = (await client.complete(report, {"name": "other", "value": ""})).completion.values
    assert months == ["2026-11", "2026-10"]
    assert names == ["Contoso Data Platform", "Contoso Development"]
    assert "marts.charges" in tables
    assert nothing == []
