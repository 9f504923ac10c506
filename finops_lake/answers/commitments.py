"""Reservations and savings plans: use, coverage, unused money, savings, what ends soon and what to buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from finops_lake.answers.answer import Answer, MissingScope, Period, Scopes
from finops_lake.answers.cost import months_of
from finops_lake.answers.hybrid_benefit import eligible, hybrid_checks, looked_at, unread
from finops_lake.answers.sql import oldest_load, scopes_of
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import Standing, cost_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.answers.together import together
from finops_lake.lake.reader import LakeReader

LISTINGS = ("reservations", "savings_plans")
BY_BILLING = ("reservation_summaries", "benefit_utilization", "savings_plan_recommendations")
"""Raw tables that only a billing account or profile gives."""

OFFERED = ("reservation_recommendations", "savings_plan_recommendations")

COLUMNS = (
    "display_name",
    "commitment_type",
    "sku_name",
    "term",
    "quantity",
    "state",
    "expiry_date",
    "days_left",
    "is_expiring",
    "sub_account_name",
    "applied_scope_type",
    "utilization",
    "utilization_30d",
    "billing_currency",
    "used_cost",
    "unused_cost",
    "used_percent",
    "covered_on_demand_cost",
    "savings",
    "savings_basis",
    "commitment_name",
)
SECTION_ROWS = 8
"""Rows of each section; the views named in the notes hold the rest."""


@dataclass(frozen=True)
class CommitmentQuestion:
    """Which days, and of which subscriptions (ids or names; empty: all)."""

    period: Period
    subscriptions: tuple[str, ...] = ()
    limit: int = 50


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
    held, covered = together(
        lambda: lake.recall(_status_sql(question, among)).rows[0],
        lambda: lake.recall(_coverage_sql(question, among)).rows[0],
    )
    names = {one.sub_account_id: one.name for one in known}
    rows, counts = [_with_name(row, names) for row in held[0] or ()], dict(held[2])
    totals = _totals(held[1] or (), covered[1] or ())
    row_count = counts.pop("rows")
    sections = _sections(lake, among, counts, [_with_name(row, names) for row in covered[0] or ()])
    return Answer(
        columns=COLUMNS,
        rows=tuple(tuple(row[name] for name in COLUMNS) for row in rows),
        sql=_rows_sql(question, among),
        as_of=_oldest(standing.as_of, oldest_load(lake, LISTINGS)),
        row_count=row_count,
        truncated=row_count > len(rows),
        metric="effective_cost",
        period=question.period,
        currencies=tuple(total["billing_currency"] for total in totals),
        totals=tuple(totals),
        scopes=_scopes(lake, standing),
        open_days=standing.open_days_within(question.period),
        notes=(*_notes(lake, question, rows, totals, sections), *standing.notes),
        sections=sections,
    )


def _status(period: Period) -> str:
    return f"marts.commitment_status({_days(period)})"


def _days(period: Period) -> str:
    return f"first_day := {literal(period.start)}, last_day := {literal(period.end)}"


def _ids(among: Sequence[Subscription]) -> str:
    return ", ".join(literal(one.sub_account_id) for one in among) or "null"


def _with_name(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a row with the name of its subscription in place of its id, null where it is not known."""
    return {"sub_account_name": names.get(row["sub_account_id"])} | {
        name: value for name, value in row.items() if name != "sub_account_id"
    }


def _held(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the commitments that count."""
    where = ""
    if among is not None:
        where = f"\nwhere status.sub_account_id in ({_ids(among)}) or list_has_any(used_by, [{_ids(among)}])"
    return f"from {_status(question.period)} as status{where}"


def _status_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the statement that gives rows, totals and counts, for which the commitments are planned once."""
    columns = ["sub_account_id" if name == "sub_account_name" else name for name in COLUMNS]
    return (
        f"with status as materialized (\nselect *\n{_held(question, among)}\n)\n"
        f"select (select list(one) from (\nselect {', '.join(columns)}\nfrom status\n{_ORDER}\n"
        f"limit {question.limit}\n) as one),\n"
        f"    (select list(one) from (\n{_MONEY_SQL}\n) as one),\n"
        f"    (select one from (\n{_COUNTS_SQL}\n) as one)"
    )


def _coverage_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the statement that gives coverage and its totals."""
    where = "" if among is None else f"\n    where sub_account_id in ({_ids(among)})"
    return (
        f"with coverage as materialized (\n    from marts.commitment_coverage({_days(question.period)}){where}\n)\n"
        f"select (select list(one) from (\n{_COVERAGE_SQL}\n) as one),\n"
        f"    (select list(one) from (\n{_COVERED_SQL}\n) as one)"
    )


_ORDER = (
    "order by unused_cost desc nulls last, savings desc nulls last, display_name, commitment_name, billing_currency"
)


def _rows_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the SELECT of the rows alone, with names of subscriptions."""
    names = "(select sub_account_id, sub_account_name from marts.subscriptions)"
    return (
        f"select {', '.join(COLUMNS)}\nfrom (\n{_held(question, among)}\n)\nleft join {names} using (sub_account_id)\n"
        f"{_ORDER}\nlimit {question.limit}"
    )


def _sums(names: Sequence[str]) -> str:
    """Return sums that are null where a part is unknown."""
    return ", ".join(f"case when count(*) = count({name}) then sum({name}) end as {name}" for name in names)


_SPENT = ("used_cost", "unused_cost", "covered_on_demand_cost", "savings")
_COVERED = ("coverage_percent", "least_coverage_percent", "on_demand_cost", "unknown_cost")

_MONEY_SQL = f"""select billing_currency, count(*) as commitments, {_sums(_SPENT)}
from status
group by billing_currency having billing_currency is not null"""

_COVERED_SQL = f"""select
    billing_currency,
    round(100 * covered_on_demand_cost::double
        / nullif(covered_on_demand_cost + on_demand_cost, 0)::double, 2) as coverage_percent,
    round(100 * covered_on_demand_cost::double
        / nullif(covered_on_demand_cost + on_demand_cost + unknown_cost, 0)::double, 2) as least_coverage_percent,
    on_demand_cost,
    unknown_cost,
from (
    select billing_currency, {_sums(("covered_on_demand_cost", "on_demand_cost", "unknown_cost"))}
    from coverage
    group by billing_currency
)"""


def _totals(money: Sequence[Mapping[str, Any]], covered: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row per currency of either."""
    of_money = {one["billing_currency"]: one for one in money}
    of_coverage = {one["billing_currency"]: one for one in covered}
    return [
        {
            "billing_currency": currency,
            "commitments": of_money.get(currency, {}).get("commitments", 0),
            **{name: of_money.get(currency, {}).get(name) for name in _SPENT},
            **{name: of_coverage.get(currency, {}).get(name) for name in _COVERED},
        }
        for currency in sorted(of_money.keys() | of_coverage.keys(), key=lambda one: (one is None, one or ""))
    ]


_COUNTS_SQL = """select count(*) as rows, count(distinct commitment_name) as commitments,
    count(distinct commitment_name) filter (where is_expiring) as expiring,
    count(distinct commitment_name) filter (where state is null) as not_listed,
    count(*) filter (where commitment_name is null) as not_named
from status"""

_COVERAGE_SQL = """select sub_account_id, service_name, region_id, billing_currency, coverage_percent,
    least_coverage_percent, covered_on_demand_cost, on_demand_cost, unknown_cost
from coverage
where covered_on_demand_cost is null or covered_on_demand_cost + on_demand_cost <> 0
order by on_demand_cost desc, covered_on_demand_cost desc nulls first, 1, 2, 3, 4"""


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


_OFFERS_SQL = """select x_scope_id, alternatives, commitment_type, sku_name, location, commitment_scope,
    coalesce(sub_account_name, x_scope_id) as scope_name, term, lookback_days, quantity, hourly_commitment,
    monthly_on_demand_cost, monthly_savings,
    min(monthly_savings) over (partition by alternatives, term) as least_monthly_savings,
    break_even_months, currency
from marts.commitment_offers as offers
left join marts.subscriptions as subscriptions on offers.x_scope_id = subscriptions.sub_account_id
qualify row_number() over (partition by alternatives, term order by lookback_days desc) = 1
order by max(monthly_savings) over (partition by alternatives) desc nulls last, alternatives, term"""


def _offers(lake: LakeReader, among: Sequence[Subscription] | None) -> list[dict[str, Any]]:
    """Return the offers by set of alternatives, the best set first: a row per term, by its longest look-back.

    Those of billing scopes are for every subscription. least_monthly_savings is the least that any look-back of the
    term gives.
    """
    held = None if among is None else {one.sub_account_id for one in among}
    offers = _records(lake, _OFFERS_SQL)
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


def _notes(
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


def _oldest(*loads: datetime | None) -> datetime | None:
    return min((load for load in loads if load is not None), default=None)


def _records(lake: LakeReader, sql: str) -> list[dict[str, Any]]:
    found = lake.recall(sql)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]
