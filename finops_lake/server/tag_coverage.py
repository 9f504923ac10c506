"""The tool get_tag_coverage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.cost import months_of
from finops_lake.answers.periods import period_of
from finops_lake.answers.tag_coverage import VIEWS, CoverageQuestion, answer_coverage, check_coverage
from finops_lake.app import App
from finops_lake.server.envelope import CoverageAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    AllProfiles,
    CacheBypass,
    CoverageMetric,
    EndDate,
    Limit,
    MaxWait,
    Profiles,
    StartDate,
    SubscriptionId,
    TagKeys,
    TimePeriod,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, money, records, table
from finops_lake.server.tools import READ_ONLY, make_tool


def tag_coverage_tool(app: App) -> Tool:
    """Return the tool get_tag_coverage over a lake."""

    async def get_tag_coverage(
        context: Context[Any, Any],
        profiles: Profiles = None,
        all_profiles: AllProfiles = False,
        subscription_id: SubscriptionId = None,
        time_period: TimePeriod = None,
        start_date: StartDate = None,
        end_date: EndDate = None,
        tag_keys: TagKeys = None,
        metric: CoverageMetric = "billed_cost",
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, CoverageAnswer]:
        """How much of the cost carries which tags: coverage by cost and by count of resources for each key.

        Use it before charging back by a tag, and to find what to tag. One row is one tag key in one billing
        currency, the best covered first. tagged_cost, untagged_cost, unknown_cost (deleted resources, whose tags
        nothing tells) and untaggable_cost (no resource, or a type without tags) add up to the total; cost_percent is
        tagged of tagged and untagged. Tags are effective: of the charge, else its resource, resource group,
        subscription; an empty value counts as untagged. spellings lists near-duplicates, untagged the dearest
        resources to tag. Default: the running month, all keys. For cost by tag use get_cost with group_by=tag:KEY.
        Example: tag_keys=["costcenter","env"], time_period=last_month.
        """
        spelled = Spellings()
        with spelled.in_errors():
            period = period_of(app.settings.utc_now().date(), name=time_period, start=start_date, end=end_date)
        question = CoverageQuestion(
            period=period,
            keys=words_of(tag_keys),
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=subscription_id, all_profiles=all_profiles
            ),
            metric=metric,
            limit=limit or ROWS_ASKED,
        )
        need = Need(VIEWS, months_of(period), max_wait_seconds, cache_bypass)
        with spelled.in_errors():
            check_coverage(question)
            answer = await answer_fresh(app, context, lambda: need, lambda: answer_coverage(app.lake, question))
        return reply(answer, render_coverage, limit=limit)

    return make_tool(get_tag_coverage, "Tag coverage of Azure cost", READ_ONLY)


_PARTS = {
    "spellings": "Spelled in several ways:",
    "untagged": "The dearest resources to tag, amounts rounded to cents:",
    "untaggable": "Cannot be tagged:",
}


def render_coverage(envelope: Mapping[str, Any]) -> str:
    """Return the text of a coverage answer."""
    period = envelope["period"]
    days = f"{period['start']} to {period['end']} (UTC days)"
    whole = "; ".join(money(total["cost"], total["billing_currency"]) for total in envelope["totals"])
    rows = records(envelope)
    listed = f"{len(rows)} of {envelope['row_count']} keys by currency, amounts rounded to cents:"
    parts = [[title, *table(envelope[name])] for name, title in _PARTS.items() if envelope[name]]
    headline = f"Tag coverage of {whole} from {days}." if whole else f"No charge in the lake from {days}."
    return document(envelope, headline, *([[listed, *table(rows)]] if rows else []), *parts)
