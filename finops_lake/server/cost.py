"""The tool get_cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.answer import Period
from finops_lake.answers.comparison import explicit_period
from finops_lake.answers.cost import CostQuestion, answer_cost, check_question
from finops_lake.answers.filters import read_filters
from finops_lake.answers.periods import instant_of, period_of
from finops_lake.app import App
from finops_lake.server.envelope import CostAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    AllProfiles,
    AsOf,
    CacheBypass,
    CompareEnd,
    CompareStart,
    CompareTo,
    ConvertTo,
    Dimensions,
    EndDate,
    EndDateIso,
    FilterDimension,
    Filters,
    FilterTag,
    Granularity,
    GroupBy,
    Limit,
    MaxWait,
    Metric,
    Per,
    Profiles,
    Shares,
    SplitShared,
    StartDate,
    StartDateIso,
    SubscriptionId,
    Tags,
    TimePeriod,
    TimeRangeDays,
    Top,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, money, records, table, totals, unit_of
from finops_lake.server.tools import READ_ONLY, make_tool

NAMES = {
    "billed_cost": "Billed cost",
    "effective_cost": "Effective (amortized) cost",
    "list_cost": "List cost",
    "contracted_cost": "Contracted cost",
    "quantity": "Quantity",
    "billed_cost_usd": "Billed cost in US dollars (Azure's figure)",
    "effective_cost_usd": "Effective (amortized) cost in US dollars (Azure's figure)",
    "list_cost_usd": "List cost in US dollars (Azure's figure)",
}


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
        filters: Filters = None,
        top: Top = None,
        shares: Shares = False,
        compare_to: CompareTo = None,
        compare_start_date: CompareStart = None,
        compare_end_date: CompareEnd = None,
        as_of: AsOf = None,
        convert_to: ConvertTo = None,
        split_shared: SplitShared = False,
        per: Per = None,
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, CostAnswer]:
        """What Azure cost: charges summed by any dimension or tag, compared, ranked, by day, week or month.

        Use it for any question about spending: totals, trends, who or what costs most, chargeback, unit cost.
        Default: the running month to date, by service, largest first. One row is one group (and day or month, if asked)
        in one billing currency; amounts are exact and before tax, and currencies are never added together. Stale
        figures are refreshed before the answer, for at most max_wait_seconds. Days in open_days may still change,
        scopes.missing names subscriptions that are not in the sum. Refunds are negative; charges without a resource
        are counted. Example: time_period=last_month, group_by=["subscription","tag:env"], top=5,
        compare_to=previous_period.
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
            filters=read_filters(filters or ()),
            top=top,
            shares=shares,
            compare_to=compare_to,
            compare_period=explicit_period(compare_start_date, compare_end_date)
            if compare_start_date or compare_end_date
            else None,
            as_of=instant_of(as_of),
            convert_to=convert_to,
            split_shared=split_shared,
            per=per,
        )
        with spelled.in_errors():
            check_question(question)
            need = Need(question.views, question.months, max_wait_seconds, cache_bypass)
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
    compared = envelope["compared_period"]
    if compared:
        changes = "; ".join(change_text(total, metric) for total in envelope["totals"])
        headline += f" Against {compared['start']} to {compared['end']}: {changes}."
    listed = f"{len(rows)} of {envelope['row_count']} rows, amounts rounded to cents:"
    return document(envelope, headline, [listed, *table(rows)])


def change_text(total: Mapping[str, Any], metric: str) -> str:
    """Return what a total was in the compared period, and what was added to it."""
    unit = unit_of(total)
    if total["change"] is None:
        return f"not in the lake ({unit})"
    sign = "" if total["change"].startswith("-") else "+"
    return f"{sign}{money(total['change'], unit)} (from {money(total[f'previous_{metric}'], unit)})"


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
