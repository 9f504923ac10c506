"""Reservations and savings plans: use, coverage, unused money, savings, what ends soon and what to buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from finops_lake.answers.answer import Answer, MissingScope, Scopes
from finops_lake.answers.commitment_notes import BY_BILLING, SECTION_ROWS, notes_of
from finops_lake.answers.commitment_sql import (
    COLUMNS,
    COVERAGE,
    COVERED,
    KEPT_LISTED,
    LISTED,
    OFFERS_SQL,
    SPENT,
    CommitmentQuestion,
    coverage_sql,
    rows_sql,
    status_sql,
)
from finops_lake.answers.cost import months_of
from finops_lake.answers.hybrid_benefit import eligible, hybrid_checks, looked_at
from finops_lake.answers.sql import oldest_load, scopes_of
from finops_lake.answers.standing import Standing, cost_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.answers.together import together
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "CommitmentQuestion", "answer_commitments", "views_needed"]

LISTINGS = ("reservations", "savings_plans")
OFFERED = ("reservation_recommendations", "savings_plan_recommendations")


def views_needed(lake: LakeReader) -> list[str]:
    """Return the views an answer reads; none while there is no lake, when everything is needed anyway."""
    if not lake.exists():
        return []
    views = ["marts.commitments", "marts.commitment_status", "marts.commitment_coverage", "marts.commitment_offers"]
    return [*views, "marts.subscriptions", *hybrid_checks(lake)]


def answer_commitments(lake: LakeReader, question: CommitmentQuestion) -> Answer:
    """Return one row per commitment and currency, the most unused money first, with totals by currency.

    A commitment counts when a chosen subscription pays for it or used it; its figures are then whole. Coverage is that
    of the chosen subscriptions. Amounts are null where the bill does not tell them.
    """
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    among = chosen if len(chosen) < len(known) else None
    standing = cost_standing(lake, chosen, "effective_cost", months_of(question.period))
    listed = lake.keep_rows(f"from {LISTED}")
    held, covered = together(
        lambda: _records(lake, status_sql(question, among), {KEPT_LISTED: listed}),
        lambda: _records(lake, coverage_sql(question, among)),
    )
    names = {one.sub_account_id: one.name for one in known}
    rows = [_with_name(row, names) for row in held[: question.limit]]
    told = [_with_name({name: row[name] for name in COVERAGE}, names) for row in covered if row["is_told"]]
    totals = _totals(held, covered)
    sections = _sections(lake, among, _counts(held), told)
    return Answer(
        columns=COLUMNS,
        rows=tuple(tuple(row[name] for name in COLUMNS) for row in rows),
        sql=rows_sql(question, among),
        as_of=_oldest(standing.as_of, oldest_load(lake, LISTINGS)),
        row_count=len(held),
        truncated=len(held) > len(rows),
        metric="effective_cost",
        period=question.period,
        currencies=tuple(total["billing_currency"] for total in totals),
        totals=tuple(totals),
        scopes=_scopes(lake, standing),
        open_days=standing.open_days_within(question.period),
        notes=(*notes_of(lake, question, rows, totals, sections), *standing.notes),
        sections=sections,
    )


def _with_name(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a row with the name of its subscription in place of its id, null where it is not known."""
    return {"sub_account_name": names.get(row["sub_account_id"])} | {
        name: value for name, value in row.items() if name != "sub_account_id"
    }


def _totals(held: Sequence[Mapping[str, Any]], covered: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row per currency of either, from what each of their rows says of its currency."""
    of_money = {one["billing_currency"]: one for one in held if one["billing_currency"] is not None}
    of_coverage = {one["billing_currency"]: one for one in covered}
    return [
        {
            "billing_currency": currency,
            "commitments": of_money.get(currency, {}).get("commitments", 0),
            **{name: of_money.get(currency, {}).get(f"total_{name}") for name in SPENT},
            **{name: of_coverage.get(currency, {}).get(f"total_{name}") for name in COVERED},
        }
        for currency in sorted(of_money.keys() | of_coverage.keys(), key=lambda one: (one is None, one or ""))
    ]


def _counts(held: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many commitments there are, each once whatever its currencies."""
    named = [row for row in held if row["commitment_name"] is not None]
    return {
        "commitments": len({row["commitment_name"] for row in named}),
        "expiring": len({row["commitment_name"] for row in named if row["is_expiring"]}),
        "not_listed": len({row["commitment_name"] for row in named if row["state"] is None}),
        "not_named": len(held) - len(named),
    }


def _sections(
    lake: LakeReader,
    among: Sequence[Subscription] | None,
    counts: dict[str, int],
    coverage: list[dict[str, Any]],
) -> dict[str, Any]:
    parts = {
        "coverage": coverage,
        "offers": _offers(lake, among),
        "hybrid_benefit": eligible(lake, among),
    }
    found = {name: len(rows) for name, rows in parts.items()}
    found["hybrid_benefit_looked_at"] = looked_at(lake, among)
    return {"counts": {**counts, **found}, **{name: rows[:SECTION_ROWS] for name, rows in parts.items()}}


def _offers(lake: LakeReader, among: Sequence[Subscription] | None) -> list[dict[str, Any]]:
    """Return the offers by set of alternatives, the best set first: a row per term, by its longest look-back.

    Those of billing scopes are for every subscription. least_monthly_savings is the least that any look-back of the
    term gives.
    """
    held = None if among is None else {one.sub_account_id for one in among}
    offers = _records(lake, OFFERS_SQL)
    scopes = [one.pop("x_scope_id") for one in offers]
    return [
        one
        for one, scope in zip(offers, scopes, strict=True)
        if held is None or scope in held or not scope.startswith("/subscriptions/")
    ]


def _scopes(lake: LakeReader, standing: Standing) -> Scopes:
    """Return the scopes of cost, and among the missing ones those whose commitments could not be read."""
    listed = scopes_of(lake, list(dict.fromkeys((*LISTINGS, *BY_BILLING, *OFFERED))))
    named = [
        MissingScope(one.scope_id, "the whole sign-in" if one.scope_id == "/" else one.name, *_why(one))
        for one in listed.missing
    ]
    return Scopes(standing.scopes.included, (*named, *standing.scopes.missing))


def _why(one: MissingScope) -> tuple[str, str | None, str | None]:
    return one.outcome, one.reason, one.next_step


def _oldest(*loads: datetime | None) -> datetime | None:
    return min((load for load in loads if load is not None), default=None)


def _records(lake: LakeReader, sql: str, tables: Mapping[str, pa.Table] | None = None) -> list[dict[str, Any]]:
    found = lake.recall(sql, tables=tables)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]
