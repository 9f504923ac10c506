"""Notes of an answer about commitments: what neither the bill nor Azure's listings can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finops_lake.answers.commitment_sql import CommitmentQuestion
from finops_lake.answers.cost import months_of
from finops_lake.answers.hybrid_benefit import unread
from finops_lake.answers.sql import oldest_load
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import select_subscriptions, subscriptions_of
from finops_lake.lake.reader import LakeReader

BY_BILLING = ("reservation_summaries", "benefit_utilization", "savings_plan_recommendations")
"""Raw tables that only a billing account or profile gives."""

SECTION_ROWS = 8
"""Rows of each section; the views named in the notes hold the rest."""


def notes_of(
    lake: LakeReader,
    question: CommitmentQuestion,
    rows: Sequence[Mapping[str, Any]],
    totals: Sequence[Mapping[str, Any]],
    sections: Mapping[str, Any],
) -> list[str]:
    counts = sections["counts"]
    notes = [
        "Azure lists only commitments the sign-in has a role on (Reservations Reader, Savings plan Reader);"
        f" by the bill alone known: {counts['not_listed']}."
    ]
    if counts["not_named"]:
        notes.append("A row without a name is unused money of which the bill does not say which commitment it is.")
    plain = _without_commitments(lake, question)
    if plain:
        notes.append(
            f"The Cost Management query, the source of {', '.join(plain)}, names no commitments and prices:"
            " used, unused and covered cost are not known there."
        )
    if any(row["covered_on_demand_cost"] is None for row in rows if row["used_cost"]):
        notes.append(
            "savings is null where the bill gives no on-demand price of covered usage, as for reservations of"
            " Customer Agreements."
        )
    if any(row["savings_basis"] == "list" for row in rows):
        notes.append("savings_basis list: measured against list prices, which are higher than negotiated ones.")
    if any(total["unknown_cost"] for total in totals):
        notes.append(
            "unknown_cost: usage of meters without a price in the lake; least_coverage_percent counts it as uncovered."
        )
    if not _is_loaded(lake, BY_BILLING):
        notes.append(
            "utilization by day, and savings plans to buy, come from a billing account or profile, and none is"
            " loaded: name one in the setting budget_scopes."
        )
    if counts["offers"]:
        notes.append("Offers with the same alternatives key exclude each other, and plans and reservations overlap.")
    unlisted = unread(lake, select_subscriptions(subscriptions_of(lake), question.subscriptions))
    if unlisted:
        notes.append(
            f"Not all machines and databases could be listed, so hybrid benefit is open: {', '.join(unlisted)}."
        )
    if counts["hybrid_benefit"]:
        notes.append(
            "Hybrid benefit: eligible where licences are owned; licence_cost is what the bill of the last 30 complete"
            " days has on licence meters, null where it has none."
        )
    if len(totals) > 1:
        notes.append(f"The charges are in {len(totals)} currencies, which are not added together.")
    return notes + _cut(counts)


def _cut(counts: Mapping[str, int]) -> list[str]:
    more = {"coverage": "marts.commitment_coverage", "offers": "marts.commitment_offers", "hybrid_benefit": "audits"}
    return [
        f"{SECTION_ROWS} of {counts[name]} rows of {name} are given; query_lake on {view} has all."
        for name, view in more.items()
        if counts[name] > SECTION_ROWS
    ]


def _without_commitments(lake: LakeReader, question: CommitmentQuestion) -> list[str]:
    """Return the subscriptions of which the query is the source of cost in the period."""
    months = ", ".join(literal(month) for month in months_of(question.period))
    chosen = select_subscriptions(subscriptions_of(lake), question.subscriptions)
    found = lake.recall(
        "select distinct account_id from charges.candidates where is_counted and x_source = 'query'"
        f" and billing_month in ({months})"
    ).rows
    return [one.name for one in chosen if (one.sub_account_id,) in found]


def _is_loaded(lake: LakeReader, tables: Sequence[str]) -> bool:
    return oldest_load(lake, tables) is not None
