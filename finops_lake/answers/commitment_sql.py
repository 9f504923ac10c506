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


def _status(period: Period) -> str:
    return f"marts.commitment_status({_days(period)})"


def _days(period: Period) -> str:
    return f"first_day := {literal(period.start)}, last_day := {literal(period.end)}"


def _ids(among: Sequence[Subscription]) -> str:
    return ", ".join(literal(one.sub_account_id) for one in among) or "null"


def _held(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the commitments that count."""
    where = ""
    if among is not None:
        where = f"\nwhere status.sub_account_id in ({_ids(among)}) or list_has_any(used_by, [{_ids(among)}])"
    return f"from {_status(question.period)} as status{where}"


def status_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the statement that gives rows, totals and counts, for which the commitments are planned once."""
    columns = ["sub_account_id" if name == "sub_account_name" else name for name in COLUMNS]
    return (
        f"with status as materialized (\nselect *\n{_held(question, among)}\n)\n"
        f"select (select list(one) from (\nselect {', '.join(columns)}\nfrom status\n{_ORDER}\n"
        f"limit {question.limit}\n) as one),\n"
        f"    (select list(one) from (\n{_MONEY_SQL}\n) as one),\n"
        f"    (select one from (\n{_COUNTS_SQL}\n) as one)"
    )


def coverage_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
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


def rows_sql(question: CommitmentQuestion, among: Sequence[Subscription] | None) -> str:
    """Return the SELECT of the rows alone, with names of subscriptions."""
    names = "(select sub_account_id, sub_account_name from marts.subscriptions)"
    return (
        f"select {', '.join(COLUMNS)}\nfrom (\n{_held(question, among)}\n)\nleft join {names} using (sub_account_id)\n"
        f"{_ORDER}\nlimit {question.limit}"
    )


def _sums(names: Sequence[str]) -> str:
    """Return sums that are null where a part is unknown."""
    return ", ".join(f"case when count(*) = count({name}) then sum({name}) end as {name}" for name in names)


SPENT = ("used_cost", "unused_cost", "covered_on_demand_cost", "savings")
COVERED = ("coverage_percent", "least_coverage_percent", "on_demand_cost", "unknown_cost")

_MONEY_SQL = f"""select billing_currency, count(*) as commitments, {_sums(SPENT)}
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

OFFERS_SQL = """select x_scope_id, alternatives, commitment_type, sku_name, location, commitment_scope,
    coalesce(sub_account_name, x_scope_id) as scope_name, term, lookback_days, quantity, hourly_commitment,
    monthly_on_demand_cost, monthly_savings,
    min(monthly_savings) over (partition by alternatives, term) as least_monthly_savings,
    break_even_months, currency
from marts.commitment_offers as offers
left join marts.subscriptions as subscriptions on offers.x_scope_id = subscriptions.sub_account_id
qualify row_number() over (partition by alternatives, term order by lookback_days desc) = 1
order by max(monthly_savings) over (partition by alternatives) desc nulls last, alternatives, term"""
