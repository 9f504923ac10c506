"""What get_commitments asks the lake: commitments with their money, coverage and offers, in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finops_lake.answers.answer import Period
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import Subscription

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


@dataclass(frozen=True)
class CommitmentQuestion:
    """Which days, and of which subscriptions (ids or names; empty: all)."""

    period: Period
    subscriptions: tuple[str, ...] = ()
    limit: int = 50


LISTED, KEPT_LISTED = "marts.listed_commitments", "kept_commitments"
"""What lists commitments, and what its rows are called once they are kept: they do not depend on the question."""


def _status(period: Period, listings: str) -> str:
    named = f", listings := {literal(listings)}" if listings != LISTED else ""
    return f"marts.commitment_status({_days(period)}{named})"


def _days(period: Period) -> str:
    return f"first_day := {literal(period.start)}, last_day := {literal(period.end)}"


def _ids(among: Sequence[Subscription]) -> str:
    return ", ".join(literal(one.sub_account_id) for one in among) or "null"


def _held(question: CommitmentQuestion, among: Sequence[Subscription] | None, listings: str = LISTED) -> str:
    """Return the commitments that count."""
    where = ""
    if among is not None:
        where = f"\nwhere status.sub_account_id in ({_ids(among)}) or list_has_any(used_by, [{_ids(among)}])"
    return f"from {_status(question.period, listings)} as status{where}"


def status_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the statement that gives every row, each with the totals of its currency; it reads `KEPT_LISTED`."""
    columns = ["sub_account_id" if name == "sub_account_name" else name for name in COLUMNS]
    return (
        f"select {', '.join(columns)},\n    count(*) over of_currency as commitments, {_totals(SPENT)}\n"
        f"{_held(question, among, KEPT_LISTED)}\n{_OF_CURRENCY}\n{_ORDER}"
    )


def coverage_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the statement that gives every row of coverage, each with the totals of its currency.

    `is_told` is false where there is nothing that a commitment covers, or could.
    """
    where = "" if among is None else f"\n    where sub_account_id in ({_ids(among)})"
    return (
        f"select {', '.join(COVERAGE)}, is_told, {_PERCENT.format(_COULD)} as total_coverage_percent,\n"
        f"    {_PERCENT.format(_COULD + ' + total_unknown_cost')} as total_least_coverage_percent,\n"
        f"    total_on_demand_cost, total_unknown_cost\nfrom (\n    select *, {_IS_TOLD} as is_told,\n"
        f"        {_totals(('covered_on_demand_cost', 'on_demand_cost', 'unknown_cost'))}\n"
        f"    from marts.commitment_coverage({_days(question.period)}){where}\n    {_OF_CURRENCY}\n)\n"
        "order by on_demand_cost desc, covered_on_demand_cost desc nulls first, 1, 2, 3, 4"
    )


_ORDER = (
    "order by unused_cost desc nulls last, savings desc nulls last, display_name, commitment_name, billing_currency"
)


def rows_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the SELECT of the rows alone, with names of subscriptions."""
    names = "(select sub_account_id, sub_account_name from marts.subscriptions)"
    return (
        f"select {', '.join(COLUMNS)}\nfrom (\n{_held(question, among)}\n)\nleft join {names} using (sub_account_id)\n"
        f"{_ORDER}\nlimit {question.limit}"
    )


def _totals(names: Sequence[str]) -> str:
    """Return the sum of each over its currency, which is null where a part is unknown."""
    return ", ".join(
        f"case when count(*) over of_currency = count({name}) over of_currency then sum({name}) over of_currency end"
        f" as total_{name}"
        for name in names
    )


SPENT = ("used_cost", "unused_cost", "covered_on_demand_cost", "savings")
COVERED = ("coverage_percent", "least_coverage_percent", "on_demand_cost", "unknown_cost")

_OF_CURRENCY = "window of_currency as (partition by billing_currency)"
COVERAGE = (
    "sub_account_id",
    "service_name",
    "region_id",
    "billing_currency",
    "coverage_percent",
    "least_coverage_percent",
    "covered_on_demand_cost",
    "on_demand_cost",
    "unknown_cost",
)
_IS_TOLD = "coalesce(covered_on_demand_cost + on_demand_cost <> 0, true)"
_COULD = "total_covered_on_demand_cost + total_on_demand_cost"
_PERCENT = "round(100 * total_covered_on_demand_cost::double / nullif({}, 0)::double, 2)"

OFFERS_SQL = """select x_scope_id, alternatives, commitment_type, sku_name, location, commitment_scope,
    coalesce(sub_account_name, x_scope_id) as scope_name, term, lookback_days, quantity, hourly_commitment,
    monthly_on_demand_cost, monthly_savings,
    min(monthly_savings) over (partition by alternatives, term) as least_monthly_savings,
    break_even_months, currency
from marts.commitment_offers as offers
left join marts.subscriptions as subscriptions on offers.x_scope_id = subscriptions.sub_account_id
qualify row_number() over (partition by alternatives, term order by lookback_days desc) = 1
order by max(monthly_savings) over (partition by alternatives) desc nulls last, alternatives, term"""
