"""The tool get_budget_status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.budgets import BudgetQuestion, answer_budgets
from finops_lake.app import App
from finops_lake.server.envelope import BudgetAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    AllProfiles,
    CacheBypass,
    Limit,
    MaxWait,
    Profiles,
    Statuses,
    SubscriptionId,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, records, table
from finops_lake.server.tools import READ_ONLY, make_tool


def budgets_tool(app: App) -> Tool:
    """Return the tool get_budget_status over a lake."""

    async def get_budget_status(
        context: Context[Any, Any],
        profiles: Profiles = None,
        all_profiles: AllProfiles = False,
        subscription_id: SubscriptionId = None,
        status: Statuses = None,
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, BudgetAnswer]:
        """Where every Azure budget stands: amount, spend, forecast, thresholds reached, days left.

        Use it for questions about limits and forecasts. One row is one budget in its running period, those in danger
        first. status: exceeded (spend above the amount), at_risk (forecast above it, or a threshold reached), ok,
        unknown (neither Azure nor the lake knows the spend, which is not 0), not_started, expired. spend is Azure's
        own figure, about a day old; lake_spend is our sum with the budget's filter applied, and difference_reason says
        why they differ. lake_forecast is ours for the whole period, break_date the day spend passes it. All amounts
        are in the row's billing_currency. Stale listings are refreshed first, for at most max_wait_seconds.
        Example: status=["exceeded","at_risk"].
        """
        spelled = Spellings()
        question = BudgetQuestion(
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=subscription_id, all_profiles=all_profiles
            ),
            statuses=words_of(status),
            limit=limit or ROWS_ASKED,
        )
        need = Need(["marts.budget_status"], None, max_wait_seconds, cache_bypass)
        with spelled.in_errors():
            answer = await answer_fresh(app, context, lambda: need, lambda: answer_budgets(app.lake, question))
        return reply(answer, render_budgets, limit=limit)

    return make_tool(get_budget_status, "Azure budget status", READ_ONLY)


def render_budgets(envelope: Mapping[str, Any]) -> str:
    """Return the text of a budget answer."""
    counts = ", ".join(f"{count} {status}" for status, count in envelope["counts"].items() if count)
    rows = records(envelope)
    if not rows:
        return document(envelope, "No budget in the lake matches the question.")
    listed = f"{len(rows)} of {envelope['row_count']} budgets, amounts rounded to cents:"
    return document(envelope, f"Budgets: {counts}.", [listed, *table(rows)])
