"""The tool get_cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.answer import Period
from finops_lake.answers.cost import CostQuestion, answer_cost, months_of
from finops_lake.answers.cost_terms import dimension_conditions, dimension_of, tag_conditions
from finops_lake.answers.periods import period_of
from finops_lake.app import App
from finops_lake.server.envelope import CostAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    AllProfiles,
    CacheBypass,
    Dimensions,
    EndDate,
    EndDateIso,
    FilterDimension,
    FilterTag,
    Granularity,
    GroupBy,
    Limit,
    MaxWait,
    Metric,
    Profiles,
    StartDate,
    StartDateIso,
    SubscriptionId,
    Tags,
    TimePeriod,
    TimeRangeDays,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, records, table, totals
from finops_lake.server.tools import READ_ONLY, make_tool

NAMES = {"billed_cost": "Billed cost", "effective_cost": "Effective (amortized) cost"}


def cost_tool(app: App) -> Tool:
    """Return the tool get_cost over a lake."""

    async def get_cost(
        context: Context[Any, Any],
        profiles: Profiles = None,
        all_profiles: AllProfiles = False,
        subscription_id: SubscriptionId = None,
        time_period: TimePeriod = None,
        time_range_days: TimeRangeDays = None,
        start_date_iso: StartDateIso = None,
        end_date_iso: EndDateIso = None,
        start_date: StartDate = None,
        end_date: EndDate = None,
        group_by: GroupBy = "service",
        granularity: Granularity = "total",
        metric: Metric = "billed_cost",
        tags: Tags = None,
        filter_tag: FilterTag = None,
        dimensions: Dimensions = None,
        filter_dimension: FilterDimension = None,
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, CostAnswer]:
        """What Azure cost: charges summed by service, subscription, resource group, region or resource.

        Use it for any question about spending: totals, trends by day or month, who or what costs most. Default: the
        running month to date, by service, largest first. One row is one group (and day or month, if asked) in one
        billing currency; amounts are exact and before tax, and currencies are never added together. Stale figures
        are refreshed before the answer, for at most max_wait_seconds; as_of says how old the rest is. Days in
        open_days may still change, and scopes.missing names subscriptions that are not in the sum. Refunds are
        negative. Example: time_period=last_month, group_by=["subscription","service"], filter_tag=["env=prod"].
        """
        spelled = Spellings()
        period, notes = _period(
            app,
            spelled,
            start=spelled.one("start_date", start_date_iso=start_date_iso, start_date=start_date),
            end=spelled.one("end_date", end_date_iso=end_date_iso, end_date=end_date),
            days=time_range_days,
            name=time_period,
        )
        question = CostQuestion(
            period=period,
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=subscription_id, all_profiles=all_profiles
            ),
            group_by=words_of(group_by),
            granularity=granularity,
            metric=metric,
            dimensions=spelled.words("dimensions", dimensions=dimensions, filter_dimension=filter_dimension),
            tags=spelled.words("tags", tags=tags, filter_tag=filter_tag),
            limit=limit or ROWS_ASKED,
        )
        with spelled.in_errors():
            _check(question)
            need = Need(_views(question), months_of(question.period), max_wait_seconds, cache_bypass)
            answer = await answer_fresh(app, context, lambda: need, lambda: answer_cost(app.lake, question))
        return reply(answer.with_notes(notes), render_cost, limit=limit)

    return make_tool(get_cost, "Azure cost", READ_ONLY)


def render_cost(envelope: Mapping[str, Any]) -> str:
    """Return the text of a cost answer."""
    metric, period = envelope["metric"], envelope["period"]
    days = f"{period['start']} to {period['end']} (UTC days)"
    rows = records(envelope)
    if not envelope["row_count"]:
        return document(envelope, f"No charge in the lake from {days} matches the question.")
    headline = f"{NAMES[metric]} from {days}: {totals(envelope, metric)}."
    listed = f"{len(rows)} of {envelope['row_count']} rows, amounts rounded to cents:"
    return document(envelope, headline, [listed, *table(rows)])


def _period(
    app: App, spelled: Spellings, *, start: str | None, end: str | None, days: int | None, name: str | None
) -> tuple[Period, list[str]]:
    """Return the period asked for, and a note on what was not heeded: dates win over days, days over a name."""
    given = {"time_range_days": days, "time_period": name}
    ways = [way for way, value in given.items() if value is not None]
    unheeded = ways if start is not None or end is not None else ways[1:]
    with spelled.in_errors():
        period = period_of(app.settings.utc_now().date(), name=name, days=days, start=start, end=end)
    better = "the dates" if unheeded == ways else "time_range_days"
    return period, [f"{way} was not heeded, because {better} say the period." for way in unheeded]


def _check(question: CostQuestion) -> None:
    """Refuse what cannot be asked before anything is refreshed for it."""
    for name in question.group_by:
        dimension_of(name)
    dimension_conditions(question.dimensions)
    tag_conditions(question.tags)


def _views(question: CostQuestion) -> list[str]:
    tagged = ["marts.resource_tags", "marts.resources"] if question.tags else []
    return ["marts.charges", "marts.subscriptions", *tagged]
