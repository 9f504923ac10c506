"""The tool explain_cost_change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.answer import Answer
from finops_lake.answers.comparison import comparison_of
from finops_lake.answers.cost import months_of
from finops_lake.answers.explain import ChangeQuestion, answer_change, settled_date
from finops_lake.answers.filters import read_filters
from finops_lake.answers.macros import views_of
from finops_lake.answers.periods import period_of
from finops_lake.answers.reasons import EFFECTS
from finops_lake.app import App
from finops_lake.errors import InputError
from finops_lake.server.envelope import ChangeAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    CacheBypass,
    CompareEnd,
    CompareStart,
    CompareTo,
    Dimensions,
    EndDate,
    Filters,
    GroupBy,
    IncludeOpenDays,
    IncludeRestatements,
    Limit,
    MaxWait,
    Metric,
    Profiles,
    StartDate,
    Tags,
    TimePeriod,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings, words_of
from finops_lake.server.text import document, money, records, table
from finops_lake.server.tools import READ_ONLY, make_tool

NAMES = {"billed_cost": "Billed cost", "effective_cost": "Effective (amortized) cost"}


def explain_tool(app: App) -> Tool:
    """Return the tool explain_cost_change over a lake."""

    async def explain_cost_change(
        context: Context[Any, Any],
        profiles: Profiles = None,
        time_period: TimePeriod = None,
        start_date: StartDate = None,
        end_date: EndDate = None,
        compare_to: CompareTo = None,
        compare_start_date: CompareStart = None,
        compare_end_date: CompareEnd = None,
        include_open_days: IncludeOpenDays = False,
        include_restatements: IncludeRestatements = False,
        group_by: GroupBy = "service",
        metric: Metric = "billed_cost",
        dimensions: Dimensions = None,
        tags: Tags = None,
        filters: Filters = None,
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, ChangeAnswer]:
        """Why cost went up or down between two periods, and which ten resources made the difference.

        Use it after get_cost shows a change, or for "why is the bill higher". Default: the running month up to its last
        complete day against the same days of the month before, by service. One row is one group in one currency; its
        effects add up exactly to difference: new_cost and gone_cost (resources in one period only), quantity_effect,
        price_effect and mix_effect (where the source knows quantities, else changed_cost), purchase_effect,
        refund_effect, unused_effect, other_effect. other sums the groups not listed, totals all. resources names ten
        resources with the reason of each in words. Subscriptions of which a month is missing are left out of both
        periods. Example: time_period=last_month, compare_to=same_period_last_year, group_by=["resource_group"].
        """
        spelled = Spellings()
        subscriptions = spelled.subscriptions(app.settings, profiles=profiles, subscription_id=None, all_profiles=False)
        period = period_of(app.settings.utc_now().date(), name=time_period, start=start_date, end=end_date)
        whole = comparison_of(period, compare_to, start=compare_start_date, end=compare_end_date)
        groups, named, tagged = words_of(group_by), words_of(dimensions), words_of(tags)
        others = read_filters(filters or ())
        views = ["marts.cost_changes", "marts.subscriptions", *views_of(groups, named, tagged, others)]

        def ask() -> Answer:
            settled = None if include_open_days else settled_date(app.lake, subscriptions)
            cut = comparison_of(period, compare_to, start=compare_start_date, end=compare_end_date, settled=settled)
            asked = limit or ROWS_ASKED
            question = ChangeQuestion(
                cut, subscriptions, groups, metric, named, tagged, asked, include_restatements, others
            )
            note = [f"{cut.period.end} is the last complete day; later days are left out."] if cut != whole else []
            return answer_change(app.lake, question).with_notes(note)

        if include_restatements and (named or tagged or others):
            raise InputError("include_restatements", True, "restatements are told for subscriptions, not with filters")
        months = sorted({*months_of(whole.base), *months_of(whole.period)})
        with spelled.in_errors():
            need = Need(views, months, max_wait_seconds, cache_bypass)
            answer = await answer_fresh(app, context, lambda: need, ask)
        return reply(answer, render_change, limit=limit)

    return make_tool(explain_cost_change, "Why Azure cost changed", READ_ONLY)


def render_change(envelope: Mapping[str, Any]) -> str:
    """Return the text of an explanation."""
    comparison, metric = envelope["comparison"], NAMES[envelope["metric"]]
    days = " against ".join(f"{one['start']} to {one['end']}" for one in (comparison["period"], comparison["base"]))
    headline = f"{metric}, {days} (UTC days):"
    if not envelope["row_count"]:
        return document(envelope, f"{headline} no charge in the lake matches in either period.")
    rows = [_shown(row) for row in records(envelope)]
    listed = [f"{len(rows)} of {envelope['row_count']} groups, amounts rounded to cents:", *table(rows)]
    others = [f"Other groups ({one['groups']}): {_line(one)}" for one in envelope["other"]]
    resources = [f"- {_resource(one)}" for one in envelope["resources"]]
    why = ["The resources that matter:", *resources] if resources else []
    restated = [f"Restated since first known: {_restated(one)}" for one in envelope["restated"] or ()]
    if envelope["restated"] == []:
        restated = ["Nothing of either period was restated since it was first known."]
    return document(envelope, headline, [_line(total) for total in envelope["totals"]], listed, others, why, restated)


def _restated(one: Mapping[str, Any]) -> str:
    side = {"base": "the period before", "period": "this period"}[one["side"]]
    amount = money(one["restated"], one["billing_currency"])
    return f"{amount} of {side} ({one['changes']} charges), last on {one['last_learned_at'][:10]}."


def _line(total: Mapping[str, Any]) -> str:
    currency = total["billing_currency"]
    effects = [f"{words} {money(total[name], currency)}" for name, words in EFFECTS.items() if total[name] != "0"]
    sides = " to ".join(money(total[name], currency) for name in ("base_cost", "period_cost"))
    return f"{sides}, difference {money(total['difference'], currency)}" + (
        f": {', '.join(effects)}." if effects else "."
    )


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its effects as words in one cell: nine columns of zeros are hard to read."""
    currency = row["billing_currency"]
    effects = [f"{words} {money(row[name], currency)}" for name, words in EFFECTS.items() if row[name] != "0"]
    kept = {name: value for name, value in row.items() if name not in EFFECTS}
    return {**kept, "effects": ", ".join(effects)}


def _resource(one: Mapping[str, Any]) -> str:
    name = one["resource_id"] or f"{one['service_name'] or 'charges'} without a resource"
    place = f" ({one['sub_account_name']})" if one["sub_account_name"] and not one["resource_id"] else ""
    return f"{name}{place}: {money(one['difference'], one['billing_currency'])}. {one['reason']}"
