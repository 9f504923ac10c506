"""Which of Azure's cost sources is asked for a scope, and why.

The richest that works there: cost details reports tell every line of the bill, but only for Enterprise and Customer
Agreements; usage details tell lines too, a thousand at a call; the query tells sums, and works nearly everywhere. What
Azure refuses as impossible is remembered, and the next source is asked; being throttled is no reason to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from finops_lake.errors import Outcome
from finops_lake.planner.due import ChunkState
from finops_lake.scopes import BILLING_SCOPES, CostScope, kind_of
from finops_lake.source import Chunk

Name = Literal["cost_details", "usage_details", "query"]
Setting = Literal["auto", "exports", "cost_details", "usage_details", "query"]

MAIN_TABLE: Mapping[Name, str] = {
    "cost_details": "cost_details",
    "usage_details": "usage_details",
    "query": "cost_daily",
}
"""The raw table whose standing tells whether a source works for a scope."""

WORKS_AT: Mapping[Name, frozenset[CostScope]] = {
    "cost_details": BILLING_SCOPES | {CostScope.SUBSCRIPTION},
    "usage_details": BILLING_SCOPES | {CostScope.SUBSCRIPTION, CostScope.MANAGEMENT_GROUP},
    "query": frozenset(CostScope),
}

REPORTED: Sequence[Name] = ("cost_details", "query", "usage_details")
"""Order for Enterprise and Customer Agreements, and where the agreement is not known."""

PAY_AS_YOU_GO: Sequence[Name] = ("usage_details", "query")
NO_REPORTS: Sequence[Name] = ("query", "usage_details")
"""Orders for pay-as-you-go offers, which have no reports, and for offers that may have no cost data at all."""

NAMES = {
    "EnterpriseAgreement": "Enterprise Agreement",
    "MicrosoftCustomerAgreement": "Microsoft Customer Agreement",
    "MicrosoftPartnerAgreement": "Microsoft Partner Agreement",
    "MicrosoftOnlineServicesProgram": "pay-as-you-go (Microsoft Online Services Program)",
}
QUOTAS = {
    "EnterpriseAgreement": "an Enterprise or Microsoft Customer Agreement",
    "MSDNDevTest": "dev/test under an Enterprise or Microsoft Customer Agreement",
}
LIMITED_QUOTAS = ("Sponsored", "AzureForStudents", "DreamSpark", "Internal", "AAD", "BizSpark")
"""Offers by the start of a quota id ("Understand Cost Management data", supported offers)."""

NOT_GIVEN: Mapping[Name, str | None] = {
    "cost_details": None,
    "usage_details": "invoice; US dollars, but for Customer Agreements",
    "query": "meter, charge type, publisher, prices, quantities, commitments, tags",
}
"""What a source cannot tell."""

UNSUPPORTED_LASTS = timedelta(days=7)
DENIED_LASTS = timedelta(hours=24)
"""How long a refusal counts: an offer seldom changes, a role may be given any day."""


@dataclass(frozen=True)
class ScopeFacts:
    """What is known of a scope's contract: a subscription's quota id, a billing account's agreement type."""

    scope_id: str
    quota_id: str | None = None
    agreement: str | None = None


@dataclass(frozen=True)
class CostChoice:
    """The source that is asked for a scope, None where none is; `reason` says why, in a sentence for people.

    `covered_months` (first days, oldest first) come from files of bills: they are not asked for.
    """

    scope_id: str
    source: Name | None
    reason: str
    agreement: str | None = None
    covered_months: tuple[date, ...] = ()

    @property
    def tables(self) -> frozenset[str]:
        """Return the raw tables that are filled for the scope."""
        if self.source is None:
            return frozenset()
        is_narrow = self.scope_id.startswith("/subscriptions/")
        regions = {"cost_resource_locations"} if self.source == "query" and is_narrow else set()
        return frozenset({MAIN_TABLE[self.source], *regions})


def choose(
    facts: Iterable[ScopeFacts],
    setting: Setting,
    states: Mapping[Chunk, ChunkState],
    now: datetime,
    *,
    since: datetime | None = None,
) -> list[CostChoice]:
    """Return one choice for each scope.

    `states` tell what Azure refused before; with `since` (UTC) only refusals from then on count, as for a refresh that
    shall ask again.
    """
    refusals = {
        place: state
        for place, state in _newest(states).items()
        if _still_counts(state, now) and (since is None or state.last_attempt_at >= since)
    }
    return [_choice(one, setting, refusals) for one in facts]


def not_given(choice: CostChoice) -> str | None:
    """Return what the source cannot tell of this scope, in words; those columns are null."""
    if choice.source is None:
        return None
    if choice.source == "query" and not choice.scope_id.startswith("/subscriptions/"):
        return f"resource, resource group, region, {NOT_GIVEN['query']}"
    return NOT_GIVEN[choice.source]


def tables_by_scope(choices: Iterable[CostChoice]) -> dict[str, frozenset[str]]:
    """Return the raw tables of cost that are asked for each scope."""
    return {choice.scope_id: choice.tables for choice in choices}


def _choice(facts: ScopeFacts, setting: Setting, refusals: Mapping[tuple[str, str], ChunkState]) -> CostChoice:
    kind = kind_of(facts.scope_id)
    agreement = _agreement(facts)
    if setting == "exports":
        reason = "cost_source is exports: cost comes from files, and Azure is not asked for it"
        return CostChoice(facts.scope_id, None, reason, agreement)
    if setting != "auto":
        return _forced(facts.scope_id, kind, setting, agreement)
    order, because = _order(facts, kind)
    passed: list[str] = []
    for name in order:
        if kind not in WORKS_AT[name]:
            passed.append(f"{_words(name)} is not made for a {kind.words}")
            continue
        refusal = refusals.get((MAIN_TABLE[name], facts.scope_id))
        if refusal is not None:
            passed.append(f"{_words(name)} was refused ({refusal.last_outcome})")
            continue
        return CostChoice(facts.scope_id, name, _sentence([f"{_words(name)}: {because}", *passed]), agreement)
    first = next(name for name in order if kind in WORKS_AT[name])
    return CostChoice(facts.scope_id, first, _sentence(["every source was refused", *passed]), agreement)


def _forced(scope_id: str, kind: CostScope, name: Name, agreement: str | None) -> CostChoice:
    if kind not in WORKS_AT[name]:
        reason = f"cost_source is {name}, which does not work for a {kind.words}: nothing is asked for it"
        return CostChoice(scope_id, None, reason, agreement)
    return CostChoice(scope_id, name, f"cost_source is set to {name}", agreement)


def _order(facts: ScopeFacts, kind: CostScope) -> tuple[Sequence[Name], str]:
    """Return the sources in the order in which they are tried, and the reason for that order."""
    if facts.agreement == "MicrosoftOnlineServicesProgram":
        return PAY_AS_YOU_GO, NAMES[facts.agreement]
    if facts.agreement:
        return REPORTED, NAMES.get(facts.agreement, facts.agreement)
    if kind is CostScope.MANAGEMENT_GROUP or kind is CostScope.RESOURCE_GROUP:
        return NO_REPORTS, f"the lightest that works for a {kind.words}"
    if not facts.quota_id:
        return REPORTED, "the richest, as the agreement is not known"
    offer = facts.quota_id.partition("_")[0]
    if offer in QUOTAS:
        return REPORTED, f"{QUOTAS[offer]} ({facts.quota_id})"
    if offer.startswith(LIMITED_QUOTAS):
        return NO_REPORTS, f"an offer with little or no cost data ({facts.quota_id})"
    if offer.startswith("CSP"):
        return REPORTED, f"bought from a partner ({facts.quota_id})"
    return PAY_AS_YOU_GO, f"an offer without reports ({facts.quota_id})"


def _agreement(facts: ScopeFacts) -> str | None:
    if facts.agreement:
        return facts.agreement
    offer = (facts.quota_id or "").partition("_")[0]
    return "EnterpriseAgreement or MicrosoftCustomerAgreement" if offer in QUOTAS else None


def _newest(states: Mapping[Chunk, ChunkState]) -> dict[tuple[str, str], ChunkState]:
    """Return the standing of each table and scope: of its newest month, and there the refusal if one metric has one."""
    newest: dict[tuple[str, str], tuple[date, bool, ChunkState]] = {}
    for chunk, state in states.items():
        if chunk.month is None:
            continue
        place = (chunk.table, chunk.scope_id)
        rank = (chunk.month, state.last_outcome in (Outcome.DENIED, Outcome.UNSUPPORTED))
        if place not in newest or rank > newest[place][:2]:
            newest[place] = (*rank, state)
    return {place: state for place, (_, _, state) in newest.items()}


def _still_counts(state: ChunkState, now: datetime) -> bool:
    lasts = {Outcome.UNSUPPORTED: UNSUPPORTED_LASTS, Outcome.DENIED: DENIED_LASTS}.get(state.last_outcome)
    return lasts is not None and state.last_attempt_at + lasts > now


def _words(name: Name) -> str:
    return {"cost_details": "cost details report", "usage_details": "usage details", "query": "query"}[name]


def _sentence(parts: Sequence[str]) -> str:
    return "; ".join(parts)
