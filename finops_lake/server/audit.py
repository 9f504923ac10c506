"""The tool run_finops_audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult

from finops_lake.answers.amounts import read_amount
from finops_lake.answers.answer import Answer, Period, plain
from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_changes import read_day
from finops_lake.answers.audit_question import AuditQuestion, asked_checks, asks_for_budgets
from finops_lake.answers.cost import months_of
from finops_lake.app import App
from finops_lake.server.envelope import AuditAnswer
from finops_lake.server.fresh import Need, answer_fresh
from finops_lake.server.parameters import (
    AllProfiles,
    CacheBypass,
    Categories,
    Checks,
    IncludeRecommendations,
    Limit,
    MaxWait,
    MinimumSaving,
    OwnTags,
    Profiles,
    Regions,
    ResourceGroups,
    ResourceTypes,
    Severities,
    SinceDay,
    SubscriptionId,
)
from finops_lake.server.replies import ROWS_ASKED, reply
from finops_lake.server.spellings import Spellings, defaulted, words_of
from finops_lake.server.text import document, money, records, table, totals
from finops_lake.server.tools import READ_ONLY, make_tool

PRICED_DAYS = 35
"""A saving is the cost of 30 complete days, and the last few are never complete."""

HIDDEN = ("severity", "saving_source", "is_since_lower_bound", "counted_saving", "counted_by", "finding_id")


def audit_tool(app: App) -> Tool:
    """Return the tool run_finops_audit over a lake."""

    async def run_finops_audit(
        context: Context[Any, Any],
        profiles: Profiles = None,
        all_profiles: AllProfiles = False,
        subscription_id: SubscriptionId = None,
        regions: Regions = None,
        resource_groups: ResourceGroups = None,
        resource_types: ResourceTypes = None,
        checks: Checks = None,
        categories: Categories = None,
        severities: Severities = None,
        minimum_saving: MinimumSaving = None,
        tags: OwnTags = None,
        since: SinceDay = None,
        include_recommendations: IncludeRecommendations = True,
        limit: Limit = None,
        max_wait_seconds: MaxWait = None,
        cache_bypass: CacheBypass = False,
    ) -> Annotated[CallToolResult, AuditAnswer]:
        """What is wasted, and what it costs a month: stopped VMs still billed, unattached disks, unused public IPs.

        Use it to find savings. Also lists budgets exceeded or at risk. One row is one resource; verdict waste is a
        finding, undetermined could not be judged and is not counted. monthly_saving is the resource's own billed cost
        of its last 30 complete days, in its currency, else (saving_confidence medium or low) the price of its meters;
        null: no price known, which is not 0. checks says per check how many resources were looked at, so that none
        found is told apart from none read; not_applicable ones are spared by a guard (managed by AKS, being copied,
        new). Stale listings are refreshed first, for at most
        max_wait_seconds. changes says what is new, gone and grown since an
        earlier audit. Nothing is changed in Azure. Examples: resource_types=["disks"], subscription_id="prod";
        categories=["usage"], minimum_saving="100 EUR".
        """
        spelled = Spellings()
        wanted = (*words_of(resource_types), *words_of(checks))
        narrowing = words_of(categories), words_of(severities), words_of(tags)
        only_regions, region_notes = defaulted(words_of(regions), app.settings.regions, "regions")
        only_groups, group_notes = defaulted(words_of(resource_groups), app.settings.resource_groups, "resource_groups")
        least = None if minimum_saving is None else read_amount("minimum_saving", minimum_saving)
        question = AuditQuestion(
            subscriptions=spelled.subscriptions(
                app.settings, profiles=profiles, subscription_id=subscription_id, all_profiles=all_profiles
            ),
            regions=only_regions,
            resource_groups=only_groups,
            checks=wanted,
            budgets=asks_for_budgets(wanted, *narrowing, least),
            limit=limit or ROWS_ASKED,
            categories=narrowing[0],
            severities=narrowing[1],
            minimum_saving=least,
            tags=narrowing[2],
            since=None if since is None else read_day("since", since),
        )
        with spelled.in_errors():
            answer = await answer_fresh(
                app,
                context,
                lambda: Need(_views(app, question), _months(app), max_wait_seconds, cache_bypass),
                lambda: answer_audit(app.lake, question),
            )
        if not include_recommendations:
            answer = _without_fixes(answer)
        return reply(answer.with_notes([*region_notes, *group_notes]), render_audit, limit=limit)

    return make_tool(run_finops_audit, "Azure waste audit", READ_ONLY)


def render_audit(envelope: Mapping[str, Any]) -> str:
    """Return the text of an audit."""
    budgets = envelope.get("budgets", [])
    in_danger = ["Budgets exceeded or at risk:", *table(budgets)] if budgets else []
    rows = records(envelope)
    listed = [
        f"{len(rows)} of {envelope['row_count']} findings, amounts rounded to cents:",
        *table(rows, hidden=HIDDEN),
    ]
    judged = [check for check in envelope["checks"] if not check["withheld"]]
    telling = [check for check in judged if check["waste"] or check["undetermined"] or check["excluded"]]
    checks = [_check_line(check) for check in telling or judged]
    if telling and len(telling) < len(judged):
        others = [check for check in judged if check not in telling]
        checks.append(
            f"- {len(others)} other checks found nothing in {sum(check['looked_at'] for check in others)} looked at: "
            + ", ".join(f"{check['check_name']} 0 of {check['looked_at']}" for check in others)
            + "."
        )
    return document(envelope, _headline(envelope), _changes(envelope), checks, listed if rows else [], in_danger)


def _changes(envelope: Mapping[str, Any]) -> list[str]:
    """Return what changed since an earlier audit, in one line and a table."""
    changes = envelope.get("changes")
    if changes is None:
        return []
    told = []
    for kind, count in changes["counts"].items():
        sums = [one for one in changes["savings"] if one["event"] == kind]
        saving = "; ".join(_difference(kind, one) for one in sums)
        told.append(f"{count} {kind}" + (f" ({saving} a month)" if saving else ""))
    line = f"Since the audit of {changes['since_at']}: {', '.join(told)}."
    return [line, *table(changes["rows"], hidden=("resource_id", "finding_id"))]


def _difference(kind: str, one: Mapping[str, Any]) -> str:
    before, now = (None if one[name] is None else Decimal(one[name]) for name in ("saving_before", "saving_now"))
    amount = now - before if kind == "grown" and now is not None and before is not None else now
    return money(None if amount is None else plain(amount), one["billing_currency"])


def _headline(envelope: Mapping[str, Any]) -> str:
    checks = [check for check in envelope["checks"] if not check["withheld"]]
    looked_at, waste = (sum(check[name] for check in checks) for name in ("looked_at", "waste"))
    if waste:
        saving = f", {totals(envelope, 'monthly_saving')} a month" if envelope["totals"] else ""
        return f"{waste} resources are wasted{saving} ({looked_at} looked at)."
    if looked_at:
        return f"No waste was found among the {looked_at} resources looked at."
    if not checks:
        return "The checks asked for are withheld." if envelope["checks"] else "No resources were asked for."
    scopes = envelope["scopes"]
    if scopes["missing_count"] and not scopes["included_count"]:
        return "Nothing was looked at, because no listing could be read: this says nothing about waste."
    unread = ", and some listings could not be read" if scopes["missing_count"] else ""
    return f"Nothing was looked at: no such resource exists where the audit looked{unread}."


def _check_line(check: Mapping[str, Any]) -> str:
    excluded = f"{check['excluded']} excluded, " if check["excluded"] else ""
    counts = (
        f"{check['waste']} wasted ({check['not_priced']} without a price), {check['undetermined']} undetermined, "
        f"{check['not_applicable']} spared by a guard, {excluded}of {check['looked_at']} looked at."
    )
    fix = f" Fix: {check['fix']}" if check.get("fix") else ""
    return f"- {check['title']} ({check['check_name']}, {check['severity']}): {counts}{fix}"


def _views(app: App, question: AuditQuestion) -> list[str]:
    """Return the views of the checks asked for; none while there is no lake, when everything is needed anyway."""
    if not app.lake.exists():
        return []
    checks = asked_checks(app.lake, question)
    budgets = ["marts.budget_status"] if question.budgets else []
    return [*(f"audits.{check.name}" for check in checks), *budgets]


def _months(app: App) -> Sequence[date]:
    today = app.settings.utc_now().date()
    return months_of(Period(today - timedelta(days=PRICED_DAYS), today))


def _without_fixes(answer: Answer) -> Answer:
    checks = [{name: value for name, value in check.items() if name != "fix"} for check in answer.sections["checks"]]
    return replace(answer, sections={**answer.sections, "checks": checks})
