"""The tool get_cost_forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.filters import read_filters
from finops_lake.answers.forecast import ForecastQuestion, answer_forecast, months_needed
from finops_lake.answers.macros import views_of
from finops_lake.app import App
from finops_lake.server.envelope import ForecastAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    CacheBypass,
    Dimensions,
    Filters,
    ForecastGroupBy,
    ForecastLimit,
    MaxWait,
    Metric,
    MonthsAhead,
    Profiles,
    Tags,
)
from finops_lake.server.replies import reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, money, records, table
from finops_lake.server.tools import READ_ONLY, make_tool

NAMES = {"billed_cost": "Billed cost", "effective_cost": "Effective (amortized) cost"}


def forecast_tool(app: App) -> Tool:
    """Return the tool get_cost_forecast over a lake."""

    async def get_cost_forecast(
        context: Context[Any, Any],
        profiles: Profiles = None,
        months: MonthsAhead = 3,
        group_by: ForecastGroupBy = None,
        metric: Metric = "billed_cost",
        dimensions: Dimensions = None,
        tags: Tags = None,
        filters: Filters = None,
        limit: ForecastLimit = 10,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, ForecastAnswer]:
        """What it will cost by the end of this month and in the months after it, with 80 and 95 % ranges.

        Use it for "where do we land", budgets and planning. One row is one month, group and currency: actual_cost is
        what complete days of the month have cost, forecast_cost the whole month, low_80 to high_95 its ranges. Groups
        add up to the totals; ranges do not, each total has its own. Made here, from weekly rhythm, level, growth and
        purchases that come each month; days that are not complete are forecast; one-off purchases and refunds are not
        repeated. New resources and commitments that end are not foreseen. Example: months=13, group_by=["service"].
        """
        spelled = Spellings()
        groups, named, tagged = words_of(group_by), words_of(dimensions), words_of(tags)
        others = read_filters(filters or ())
        question = ForecastQuestion(
            today=app.settings.utc_now().date(),
            months=months,
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=None, all_profiles=False
            ),
            group_by=groups,
            metric=metric,
            dimensions=named,
            tags=tagged,
            limit=limit,
            filters=others,
        )
        views = ["marts.cost_histories", "marts.subscriptions", *views_of(groups, named, tagged, others)]
        need = Need(views, months_needed(question.today), max_wait_seconds, cache_bypass)
        with spelled.in_errors():
            answer = await answer_fresh(app, context, lambda: need, lambda: answer_forecast(app.lake, question))
        return reply(answer, render_forecast)

    return make_tool(get_cost_forecast, "Azure cost forecast", READ_ONLY)


def render_forecast(envelope: Mapping[str, Any]) -> str:
    """Return the text of a forecast."""
    if not envelope["totals"]:
        return document(envelope, "There is no history to forecast from.")
    metric, last = NAMES[envelope["metric"]], envelope["last_complete_day"]
    totals = [_total(total) for total in envelope["totals"]]
    rows = [_shown(row) for row in records(envelope)]
    grouped = len(envelope["columns"]) > len(TOTAL_COLUMNS)
    listed = ["By group, amounts rounded to cents:", *table(rows)] if grouped else []
    return document(envelope, f"{metric}, forecast from complete days up to {last}:", totals, listed)


TOTAL_COLUMNS = (
    "billing_month",
    "billing_currency",
    "actual_cost",
    "forecast_cost",
    "low_80",
    "high_80",
    "low_95",
    "high_95",
)


def _total(total: Mapping[str, Any]) -> str:
    currency = total["billing_currency"]
    spent = f", of which {money(total['actual_cost'], currency)} so far" if total["actual_cost"] != "0" else ""
    ranges = "; ".join(
        f"{share} %: {money(total[f'low_{share}'], None)} to {money(total[f'high_{share}'], None)}"
        for share in (80, 95)
    )
    return f"- {total['billing_month'][:7]}: {money(total['forecast_cost'], currency)}{spent} ({ranges})."


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its month short, and without the wider range."""
    kept = {name: value for name, value in row.items() if name not in ("low_95", "high_95")}
    return {**kept, "billing_month": row["billing_month"][:7]}
