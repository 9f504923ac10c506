"""The tool get_commitments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.commitments import CommitmentQuestion, answer_commitments, views_needed
from finops_lake.answers.cost import months_of
from finops_lake.answers.periods import period_of
from finops_lake.app import App
from finops_lake.server.envelope import CommitmentAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    AllProfiles,
    CacheBypass,
    EndDate,
    Limit,
    MaxWait,
    Profiles,
    StartDate,
    SubscriptionId,
    TimePeriod,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings
from finops_lake.server.text import document, money, records, table
from finops_lake.server.tools import READ_ONLY, make_tool


def commitments_tool(app: App) -> Tool:
    """Return the tool get_commitments over a lake."""

    async def get_commitments(
        context: Context[Any, Any],
        profiles: Profiles = None,
        all_profiles: AllProfiles = False,
        subscription_id: SubscriptionId = None,
        time_period: TimePeriod = None,
        start_date: StartDate = None,
        end_date: EndDate = None,
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, CommitmentAnswer]:
        """Reservations and savings plans: use, unused money, savings, coverage, what ends soon, what to buy.

        One row is one commitment and currency, most unused money first. Costs are amortized, of the period;
        default: the last 30 days. utilization is Azure's for the period, utilization_30d for its last 30 days.
        savings is covered usage at on-demand prices less used_cost and unused_cost: null when the bill has no
        price, negative for a loss. coverage: share of what commitments are sold for, at on-demand prices. offers:
        what Azure recommends; those of one alternatives key exclude each other, never add them. hybrid_benefit: who
        pays licences by the hour. Example: time_period=last_month, profiles=["prod"].
        """
        spelled = Spellings()
        today = app.settings.utc_now().date()
        name = time_period or ("last_30_days" if start_date is None and end_date is None else None)
        with spelled.in_errors():
            period = period_of(today, name=name, start=start_date, end=end_date)
        question = CommitmentQuestion(
            period=period,
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=subscription_id, all_profiles=all_profiles
            ),
            limit=limit or ROWS_ASKED,
        )
        with spelled.in_errors():
            answer = await answer_fresh(
                app,
                context,
                lambda: Need(views_needed(app.lake), months_of(period), max_wait_seconds, cache_bypass),
                lambda: answer_commitments(app.lake, question),
            )
        return reply(answer, render_commitments, limit=limit)

    return make_tool(get_commitments, "Azure reservations and savings plans", READ_ONLY)


_PARTS = {
    "coverage": "Coverage, the most on-demand cost first:",
    "offers": "To buy, alternatives share a key and are never added; amounts for 30 days:",
    "hybrid_benefit": "Eligible for hybrid benefit where licences are owned:",
}


def render_commitments(envelope: Mapping[str, Any]) -> str:
    """Return the text of an answer about commitments."""
    period, counts = envelope["period"], envelope["counts"]
    days = f"{period['start']} to {period['end']} (UTC days)"
    headline = f"{counts['commitments']} commitments, {counts['expiring']} about to end; {days}."
    if not counts["commitments"]:
        headline = f"No reservation or savings plan is listed or on the bill; {days}."
    rows = records(envelope)
    listed = [f"{len(rows)} of {envelope['row_count']}, amounts rounded to cents:", *table(rows)] if rows else []
    parts = [[title, *table(envelope[name])] for name, title in _PARTS.items() if envelope[name]]
    eligible = (
        f"Eligible for hybrid benefit: {counts['hybrid_benefit']} of {counts['hybrid_benefit_looked_at']} looked at."
    )
    parts.append([eligible])
    return document(envelope, headline, [_total(total) for total in envelope["totals"]], listed, *parts)


def _total(total: Mapping[str, Any]) -> str:
    """Return a currency's totals as a line; what is not known is said."""
    currency = total["billing_currency"]

    def known(name: str) -> str:
        return "not known" if total[name] is None else money(total[name], currency)

    percent = total["coverage_percent"]
    coverage = (
        "coverage not known"
        if percent is None
        else f"coverage {percent} %, at least {total['least_coverage_percent']} %"
    )
    return (
        f"- {total['commitments']} in {currency}: used {known('used_cost')}, unused {known('unused_cost')},"
        f" saved {known('savings')}; {coverage}, on demand {known('on_demand_cost')},"
        f" not known whether coverable {known('unknown_cost')}."
    )
