"""The tools, one module each, and the question each of them answers in the server's instructions.

A new tool is a module with a maker `App -> Tool` and one line here, in the order of the tools' names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mcp.server.mcpserver.tools import Tool

from finops_lake.app import App
from finops_lake.server.anomalies import anomalies_tool
from finops_lake.server.audit import audit_tool
from finops_lake.server.budgets import budgets_tool
from finops_lake.server.commitments import commitments_tool
from finops_lake.server.cost import cost_tool
from finops_lake.server.describing import describe_tool
from finops_lake.server.explain import explain_tool
from finops_lake.server.forecast import forecast_tool
from finops_lake.server.query import query_tool
from finops_lake.server.refreshing import refresh_tool
from finops_lake.server.shelf import Shelf
from finops_lake.server.status import status_tool
from finops_lake.server.tag_coverage import tag_coverage_tool
from finops_lake.server.tools import Memory, StrictTool

MOST_TOOLS = 12
"""More of them are chosen wrongly more often."""


@dataclass(frozen=True)
class Entry:
    """One tool: how it is made, and when to use it (an empty text: the instructions name it elsewhere)."""

    name: str
    make: Callable[[App, Shelf], Tool]
    when: str


TOOLS = (
    Entry("describe_lake", lambda app, _: describe_tool(app), "Which tables and columns there are"),
    Entry("explain_cost_change", lambda app, _: explain_tool(app), "Why did it change"),
    Entry("get_budget_status", lambda app, _: budgets_tool(app), "Are we within budget"),
    Entry("get_commitments", lambda app, _: commitments_tool(app), "Reservations and savings plans, what to buy"),
    Entry("get_cost", lambda app, _: cost_tool(app), "What did it cost, where does the money go"),
    Entry("get_cost_anomalies", lambda app, _: anomalies_tool(app), "Is anything unusual"),
    Entry("get_cost_forecast", lambda app, _: forecast_tool(app), "What will it cost"),
    Entry("get_lake_status", lambda app, _: status_tool(app), "Is something missing, old or empty"),
    Entry("get_tag_coverage", lambda app, _: tag_coverage_tool(app), "Who owns the cost, what lacks tags"),
    Entry("query_lake", query_tool, "Anything else, as one SELECT"),
    Entry("refresh_lake", lambda app, _: refresh_tool(app), "Load newer figures or more history"),
    Entry("run_finops_audit", lambda app, _: audit_tool(app), "What is wasted, what would be saved"),
)


def make_tools(app: App, shelf: Shelf) -> list[Tool]:
    """Return all tools by name, a fixed order that clients may cache."""
    tools = [entry.make(app, shelf) for entry in sorted(TOOLS, key=lambda entry: entry.name)]
    for tool in tools:
        if isinstance(tool, StrictTool):
            tool.remember_with(Memory(app.remember, app.settings.utc_now))
    return tools


def tools_in_words() -> str:
    """Return one line per tool: the question, and which tool answers it."""
    return "\n".join(f"- {entry.when}: {entry.name}." for entry in TOOLS)
