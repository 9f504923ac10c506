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

_IDS = ("budget_id", "other_budget_id", "sub_account_id")


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
        """Where every budget stands, of Azure and of the configuration: amount, spend, forecast, thresholds, days left.

        Use it for questions about limits and forecasts, overlapping budgets, and spend that no budget covers. One row
        is one budget in its running period, those in danger first. status: exceeded (spend above the amount), at_risk
        (forecast above it, or a threshold reached), ok, unknown (nobody knows the spend, which is not 0), not_started,
        expired, other_currency (charges in a currency that is not the budget's, never compared). spend is Azure's own
        figure, about a day old, else ours; lake_spend is our sum with the budget's filter applied, difference_reason
        why they differ. lake_forecast is ours for the whole period, break_date the day spend passes it. overlaps names
        budgets that count the same charges; unbudgeted spend by subscription and month. Amounts are in the row's
        billing_currency. Stale listings are refreshed first, for at most max_wait_seconds.
        Example: status=["exceeded","at_risk"].
        """
        spelled = Spellings()
        question = BudgetQuestion(
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=subscription_id, all_profiles=all_profiles
            ),
            statuses=words_of(status),
            limit=limit or ROWS_ASKED,
            configured={one.budget_id: one.amount for one in app.settings.budgets},
            of_settings=app.settings.subscriptions,
        )
        need = Need(["marts.budget_status", "marts.unbudgeted_spend"], None, max_wait_seconds, cache_bypass)
        with spelled.in_errors():
            answer = await answer_fresh(app, context, lambda: need, lambda: answer_budgets(app.lake, question))
        return reply(answer, render_budgets, limit=limit)

    return make_tool(get_budget_status, "Azure budget status", READ_ONLY)


def render_budgets(envelope: Mapping[str, Any]) -> str:
    """Return the text of a budget answer."""
    counts = ", ".join(f"{count} {status}" for status, count in envelope["counts"].items() if count)
    rows = records(envelope)
    overlaps, unbudgeted = envelope["overlaps"], envelope["unbudgeted"]
    others = [
        ["Budgets that count the same charges, so never add them:", *table(overlaps, hidden=_IDS)] if overlaps else [],
        ["Spend that no budget counts (untold: one may):", *table(unbudgeted, hidden=_IDS)] if unbudgeted else [],
    ]
    if not rows:
        return document(envelope, "No budget in the lake matches the question.", *others)
    listed = f"{len(rows)} of {envelope['row_count']} budgets, amounts rounded to cents:"
    return document(envelope, f"Budgets: {counts}.", [listed, *table(rows)], *others)
