"""Completions for the arguments of prompts and resources: subscriptions, services, months and tables of the lake."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp_types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from finops_lake.answers.describe import tables_of
from finops_lake.app import App
from finops_lake.errors import FinopsLakeError
from finops_lake.plaintext import clean

MOST = 100
"""The protocol's limit."""

QUERIES = {
    "subscription": "select distinct sub_account_name from marts.subscriptions order by all",
    "service": "select distinct service_name from marts.charges where service_name is not null order by all",
    "month": "select distinct strftime(billing_month, '%Y-%m') from marts.cost_months order by all desc",
}


def add_completions(server: MCPServer[Any], app: App) -> None:
    """Add the completions to a server; an empty lake completes nothing."""

    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        known = await anyio.to_thread.run_sync(_known, app, argument.name)
        start = argument.value.strip().lower()
        values = [value for value in known if start in value.lower()]
        return Completion(values=values[:MOST], total=len(values), has_more=len(values) > MOST)

    server.completion()(complete)  # type: ignore[no-untyped-call]


def _known(app: App, name: str) -> list[str]:
    try:
        if name == "table":
            return tables_of(app.lake)
        sql = QUERIES.get(name)
        return [clean(str(row[0])) for row in app.lake.query(sql).rows] if sql else []
    except FinopsLakeError:
        return []
