"""The tool get_cost_anomalies."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.anomalies import answer_anomalies, months_needed
from finops_lake.answers.anomaly_sql import AnomalyQuestion
from finops_lake.answers.filters import read_filters
from finops_lake.answers.macros import views_of
from finops_lake.answers.mutes import load_mutes
from finops_lake.answers.periods import period_of
from finops_lake.app import App
from finops_lake.server.envelope import AnomalyAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    CacheBypass,
    Dimensions,
    EndDate,
    Filters,
    Limit,
    MaxWait,
    Metric,
    MinCost,
    Profiles,
    StartDate,
    Tags,
    TimePeriod,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, money, records, table
from finops_lake.server.tools import READ_ONLY, make_tool

VIEWS = ("marts.cost_anomalies", "marts.cost_first_seen", "marts.subscriptions")


def anomalies_tool(app: App) -> Tool:
    """Return the tool get_cost_anomalies over a lake."""

    async def get_cost_anomalies(
        context: Context[Any, Any],
        profiles: Profiles = None,
        time_period: TimePeriod = None,
        start_date: StartDate = None,
        end_date: EndDate = None,
        metric: Metric = "effective_cost",
        min_cost: MinCost = 10,
        dimensions: Dimensions = None,
        tags: Tags = None,
        filters: Filters = None,
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, AnomalyAnswer]:
        """Unusual cost: spikes, new levels, slow growth, new services, and cost that vanished, one row per cause.

        Use it to ask "is anything odd", or to watch. Default: the last 30 days, each complete day judged against the
        same weekdays of eight weeks before. anomaly_kind: spike, step (a new level), ramp (slowly growing), new (a
        service first seen), vanished. impact is cost above usual (below, where it vanished) in the row's currency, and
        severity follows it. resource_id is the resource that makes most of it. one_offs lists purchases and refunds,
        first_seen regions and meters, muted what mutes.toml in the lake's folder mutes. min_cost: nothing below that
        much a day. Example: time_period=last_90_days, min_cost=50, profiles=["prod"].
        """
        spelled = Spellings()
        today = app.settings.utc_now().date()
        name = time_period or ("last_30_days" if start_date is None and end_date is None else None)
        named, tagged, others = words_of(dimensions), words_of(tags), read_filters(filters or ())
        question = AnomalyQuestion(
            period=period_of(today, name=name, start=start_date, end=end_date),
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=None, all_profiles=False
            ),
            metric=metric,
            min_cost=Decimal(str(min_cost)),
            dimensions=named,
            tags=tagged,
            limit=limit or ROWS_ASKED,
            filters=others,
        )
        mutes = load_mutes(app.settings.home, today)
        views = [*VIEWS, *views_of((), named, tagged, others)]
        need = Need(views, months_needed(question.period), max_wait_seconds, cache_bypass)
        with spelled.in_errors():
            answer = await answer_fresh(app, context, lambda: need, lambda: answer_anomalies(app.lake, question, mutes))
        return reply(answer, render_anomalies, limit=limit)

    return make_tool(get_cost_anomalies, "Azure cost anomalies", READ_ONLY)


def render_anomalies(envelope: Mapping[str, Any]) -> str:
    """Return the text of an answer about anomalies."""
    period, looked_at = envelope["period"], envelope["looked_at"]
    days = f"{period['start']} to {period['end']} (complete UTC days)"
    rows = [_shown(row) for row in records(envelope)]
    count = envelope["row_count"]
    headline = f"{count} {'anomaly' if count == 1 else 'anomalies'} among {looked_at} services, {days}."
    if not looked_at:
        headline = f"Nothing to judge: no charge in the lake from {days} matches the question."
    listed = ["Amounts rounded to cents, the largest first:", *table(rows)] if rows else []
    return document(
        envelope,
        headline,
        [_total(total) for total in envelope["totals"]],
        listed,
        _section("First seen in ten weeks:", envelope["first_seen"]),
        _section("Bought or given back, which is no anomaly:", envelope["one_offs"]),
        _section("Muted:", envelope["muted"]),
    )


def _total(total: Mapping[str, Any]) -> str:
    currency = total["billing_currency"]
    vanished = f", {money(total['vanished'], currency)} vanished" if total["vanished"] != "0" else ""
    return f"{money(total['added'], currency)} above usual{vanished}."


def _section(title: str, rows: list[dict[str, Any]]) -> list[str]:
    return [title, *table(rows)] if rows else []


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its days in one cell."""
    ongoing = ", ongoing" if row["is_ongoing"] else ""
    days = f"{row['start_date']} to {row['end_date']}{ongoing}"
    left_out = ("start_date", "end_date", "is_ongoing", "x_resource_group_name")
    return {**{name: value for name, value in row.items() if name not in left_out}, "days": days}
