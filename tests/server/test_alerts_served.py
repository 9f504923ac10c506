"""Alerts of real `finops-lake serve` processes: a real client, local Azure and webhook, over every kind of refresh."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from finops_lake.demo.server import LocalAzure
from finops_lake.journal import Journal
from tests.alerts.receiver import Receiver, Reply, receiving
from tests.conftest import set_sign_in
from tests.server.calls import records
from tests.server.test_stdio import environment_of, script

pytestmark = pytest.mark.anyio

RULES = """[channels.ops]
kind = "json"
[[alerts]]
name = "breach"
kind = "budget_breach"
channels = ["ops"]
[[alerts]]
name = "failed"
kind = "failed_refresh"
channels = ["ops"]
[schedule]
jitter_seconds = 0
cost = "off"
prices = "off"
inventory = "off"
commitments = "off"
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def served(azure: LocalAzure, receiver: Receiver, home: Path) -> StdioServerParameters:
    """How a client starts a server of an empty home with rules and a webhook, its clock fixed: nothing is scheduled."""
    (home / "config.toml").write_text(RULES)
    more = {"FINOPS_LAKE_HISTORY_MONTHS": "1", "FINOPS_LAKE_WEBHOOK_OPS": receiver.address}
    return StdioServerParameters(command=script(), args=["serve"], env=environment_of(azure, home, **more))


async def until(found: Callable[[], bool]) -> None:
    """Look again and again, for as long as a loaded machine may take."""
    with anyio.fail_after(60):
        while not found():
            await anyio.sleep(0.05)


async def ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def refresh_budgets(client: Client) -> dict[str, Any]:
    answer = await ask(client, "refresh_lake", tables=["budgets"], force=True, wait_seconds=60)
    assert answer["running"] is False
    return answer


def causes(receiver: Receiver) -> list[tuple[str, str]]:
    return sorted((one["rule"], one["title"]) for one in receiver.alerts)


def deny_budgets(azure: LocalAzure) -> None:
    azure.faults.add("denied", operation="budgets", subscription=azure.subscription_ids[0], times=None)


async def test_what_a_question_brought_is_told_once_however_often_it_is_refreshed(
    azure: LocalAzure, receiver: Receiver, tmp_path: Path
) -> None:
    async with Client(stdio_client(served(azure, receiver, tmp_path))) as client:
        answer = await ask(client, "get_budget_status", max_wait_seconds=60)
        risks = [row["budget_name"] for row in records(answer) if row["status"] in ("exceeded", "at_risk")]
        assert risks, "the local Azure plants budgets at risk"
        await until(lambda: len(receiver.alerts) >= len(risks))
        first = causes(receiver)
        assert [rule for rule, _ in first] == ["breach"] * len(risks)
        assert all(any(name in title for _, title in first) for name in risks)
        await refresh_budgets(client)
        deny_budgets(azure)
        await refresh_budgets(client)
        await until(lambda: len(receiver.alerts) > len(first))
        status = await ask(client, "get_lake_status")
    repeated = [one for one in causes(receiver) if one[0] == "breach"]
    assert repeated == first, "the look that told of the denied budgets saw the others, too"
    assert [rule for rule, _ in causes(receiver) if rule != "breach"] == ["failed"]
    assert status["alerts"] == {"rules": 2, "waiting": 0, "failed": 0}
    assert azure.writes == []


async def test_a_webhook_that_does_not_answer_or_refuses_hurts_no_answer_and_loses_no_alert(
    azure: LocalAzure, receiver: Receiver, tmp_path: Path
) -> None:
    answered = threading.Event()
    receiver.on_request = lambda: answered.wait(60)
    receiver.replies = [Reply(403, body=b"no_service")]
    async with Client(stdio_client(served(azure, receiver, tmp_path))) as client:
        answer = await ask(client, "get_budget_status", max_wait_seconds=60)
        assert answer["rows"]
        assert answer["notes"] == (await ask(client, "get_budget_status"))["notes"], "it says nothing of the webhook"
        await until(lambda: bool(receiver.requests))
        assert (await refresh_budgets(client))["counts"]["loaded"], "a message on its way keeps nobody from refreshing"
        answered.set()
        journal = Journal(tmp_path)
        await until(lambda: any(one.reason for _, alert in journal.alerts() for one in alert.deliveries))
        sent = len(receiver.alerts)
        status = await ask(client, "get_lake_status")
        assert status["alerts"] == {"rules": 2, "waiting": 0, "failed": sent}
        await refresh_budgets(client)
        await until(lambda: len(receiver.requests) == 2)
        await until(lambda: not journal.alerts(is_open=True))
    first, second = receiver.requests
    assert first.body["alerts"] == second.body["alerts"]
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


async def test_what_the_schedule_told_a_refresh_of_a_tool_does_not_repeat(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the machine's own clock and an Azure of its own day, since a fixed clock switches the schedule off."""
    with LocalAzure(today=datetime.now(UTC).date(), subscriptions=2, resources=2, days=40) as azure:
        set_sign_in(monkeypatch, azure)
        deny_budgets(azure)
        parameters = served(azure, receiver, tmp_path)
        assert parameters.env is not None
        del parameters.env["FINOPS_LAKE_NOW"]
        async with Client(stdio_client(parameters)) as client:
            await client.list_tools()
            await until(lambda: any(one["rule"] == "failed" for one in receiver.alerts))
            told = len(receiver.alerts)
            await refresh_budgets(client)
            azure.faults.add("denied", operation="budgets", subscription=azure.subscription_ids[1], times=None)
            await refresh_budgets(client)
            await until(lambda: len(receiver.alerts) > told)
        denied = [one["sub_account_id"] for one in receiver.alerts if one["rule"] == "failed"]
        assert denied == [f"/subscriptions/{name}" for name in azure.subscription_ids[:2]]
        assert len(causes(receiver)) == len(set(causes(receiver)))
        assert azure.crashes == []
