"""The tool describe_lake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.describe import DescribeQuestion, answer_describe
from finops_lake.app import App
from finops_lake.server.envelope import DescribeAnswer
from finops_lake.server.fresh import answer_at_once
from finops_lake.server.parameters import Schemas, Search, TableName
from finops_lake.server.replies import reply
from finops_lake.server.spellings import words_of
from finops_lake.server.text import document, plain_table
from finops_lake.server.tools import READ_ONLY, make_tool


def describe_tool(app: App) -> Tool:
    """Return the tool describe_lake over a lake."""

    async def describe_lake(
        table: TableName = None, schemas: Schemas = None, search: Search = None
    ) -> Annotated[CallToolResult, DescribeAnswer]:
        """Which tables and columns query_lake can read: what they mean, one row of them, how old, how many rows.

        Use it before writing SQL. Without arguments one row is one table, view or macro: marts answer, audits are one
        view per check, meta what was loaded and when. With table one row is one column with its type, comment and
        some values, and the table section has grain, row count and examples that run as they stand. With search only
        tables that mention a word, such as reservation. as_of is the oldest load beneath a table. Asks Azure nothing.
        Example: table="marts.charges".
        """
        question = DescribeQuestion(table, words_of(schemas), search)
        answer = await answer_at_once(app, lambda: answer_describe(app.lake, question))
        return reply(answer, render_description)

    return make_tool(describe_lake, "Tables and columns of the lake", READ_ONLY)


def render_description(envelope: Mapping[str, Any]) -> str:
    """Return the text of a description."""
    table = envelope["table"]
    if table is None:
        return document(envelope, f"{envelope['row_count']} tables and views.", plain_table(envelope))
    rows = "an unknown number of" if table["row_count"] is None else table["row_count"]
    headline = f"{table['name']} ({table['kind']}): {table['description'] or ''} {table['grain'] or ''}; {rows} rows."
    parameters = [f"- {name}: {text}" for name, text in table["parameters"].items()]
    beneath = [f"Rests on raw tables: {', '.join(table['raw_tables'])}."] if table["raw_tables"] else []
    examples = ["Examples:", *table["examples"]]
    return document(envelope, headline, plain_table(envelope), parameters, beneath, examples)
