"""How the tests of the server ask: a real MCP client, in process, over a real lake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from mcp.client import Client
from mcp_types import CallToolResult

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.server.build import build_server
from tests.conftest import settings_for

ERAS = ["auto", "legacy"]


async def call(app: App, tool: str, era: str = "auto", **arguments: Any) -> CallToolResult:
    """Return the result of one tool call."""
    async with Client(build_server(app), mode=era) as client:
        return await client.call_tool(tool, arguments)


async def ask(app: App, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the structured content of a call that succeeds."""
    result = await call(app, tool, **arguments)
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return result.structured_content


async def told(app: App, tool: str, **arguments: Any) -> str:
    """Return the text of a call that succeeds."""
    result = await call(app, tool, **arguments)
    assert not result.is_error, text_of(result)
    return text_of(result)


async def refused(app: App, tool: str, **arguments: Any) -> str:
    """Return the text of a call that is refused."""
    result = await call(app, tool, **arguments)
    assert result.is_error
    return text_of(result)


def text_of(result: CallToolResult) -> str:
    """Return the only text of a result."""
    (block,) = result.content
    assert block.type == "text"
    return block.text


def records(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows with the names of their columns."""
    return [dict(zip(envelope["columns"], row, strict=True)) for row in envelope["rows"]]


def totals(envelope: dict[str, Any], metric: str = "billed_cost") -> dict[str, Decimal]:
    """Return the totals by currency, exact."""
    return {total["billing_currency"]: Decimal(total[metric]) for total in envelope["totals"]}


@contextmanager
def app_of(azure: LocalAzure, home: Path, **more: str) -> Iterator[App]:
    """Make the application of a home on the local Azure's day; its refreshes are over when it is left."""
    app = App(settings_for(azure, home, **more))
    try:
        yield app
    finally:
        azure.faults.clear()
        app.on_demand.finish()
        app.close()
