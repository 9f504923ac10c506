"""The SQL of questions about anomalies: how their macros are called, and who is named in the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finops_lake.answers.answer import Period
from finops_lake.answers.filters import Filter
from finops_lake.answers.macros import AMORTIZED, are_in_months, keep_argument, source_of
from finops_lake.answers.mutes import Mute
from finops_lake.answers.sqltext import literal

COLUMNS = (
    "anomaly_id",
    "anomaly_kind",
    "severity",
    "sub_account_name",
    "service_names",
    "x_resource_group_name",
    "resource_id",
    "start_date",
    "end_date",
    "is_ongoing",
    "billing_currency",
    "cost",
    "usual_cost",
    "impact",
)
ONE_OFFS = 10


@dataclass(frozen=True)
class AnomalyQuestion:
    """Which days to judge. `min_cost` is money a day in the billing currency; filters are as in CostQuestion."""

    period: Period
    subscriptions: tuple[str, ...] = ()
    metric: str = "effective_cost"
    min_cost: Decimal = Decimal(10)
    dimensions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    limit: int = 50
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Calls:
    """How the macros of anomalies are called for a question."""

    question: AnomalyQuestion
    metric: str
    keep: Sequence[str]
    complete: date | None

    def of(self, macro: str, series_of: str | None = None) -> str:
        """Return the call of a macro; `series_of` names the relation that has its series ready."""
        period = self.question.period
        arguments = [f"charges.{self.metric}", literal(period.start), literal(period.end), *keep_argument(self.keep)]
        sources = {"source": source_of(*arguments)}
        if macro == "marts.cost_anomalies":
            sources["by_resource"] = source_of(*arguments, by_resource=True)
        arguments.append(f"min_cost := {self.question.min_cost:f}")
        arguments += completeness(self.complete)
        arguments += [f"{name} := {literal(source)}" for name, source in sources.items()]
        if series_of:
            arguments.append(f"series_of := {literal(series_of)}")
            arguments += [f"keep_series := {' and '.join(self.keep)}"] if self.keep else []
        return f"{macro}({', '.join(arguments)})"

    def anomalies(self, series_of: str | None = None) -> str:
        """Return what gives all anomalies, with resources from running totals of months where these tell them."""
        if self.metric not in AMORTIZED or not are_in_months(*self.keep):
            return self.of("marts.cost_anomalies", series_of)
        days = [literal(self.question.period.start), literal(self.question.period.end)]
        kept_by_month = [*days, *keep_argument(self.keep), f"amortized := {str(AMORTIZED[self.metric]).lower()}"]
        return (
            f"(\n    with episodes as materialized (from {self.of('marts.cost_episodes', series_of)}),\n"
            f"    changes as (from marts.episode_changes_by_month('episodes', {', '.join(kept_by_month)}))\n"
            f"    from marts.anomalies_of_episodes('episodes', 'changes', min_cost := {self.question.min_cost:f})\n)"
        )


def completeness(complete: date | None) -> list[str]:
    """Return the arguments that say which days are complete."""
    return [f"complete_to := {literal(complete)}", "settled := 'marts.cost_settled_alike'"] if complete else []


SUBSCRIPTIONS, ACCOUNTS = "marts.subscriptions", "staging.billing_accounts"
KEPT_NAMES = {SUBSCRIPTIONS: "kept_subscriptions", ACCOUNTS: "kept_billing_accounts"}
"""What names accounts, and what its rows are called once they are kept: planning those views takes long."""

_ACCOUNT = "coalesce(nullif(regexp_extract(lower({0}), 'billingaccounts/([^/]+)', 1), ''), lower({0}))"


def _with_names(rows: str, subscriptions: str = SUBSCRIPTIONS, accounts: str = ACCOUNTS) -> str:
    """Return rows with sub_account_name: of the subscription, else of the billing account, which says what it is."""
    return (
        f"(\n    select found.*, coalesce(\n        subscriptions.sub_account_name, found.sub_account_id,\n"
        "        'billing account ' || coalesce(\n"
        "            accounts.billing_account_name, found.billing_account_id, '(not named by the bill)'\n        )\n"
        f"    ) as sub_account_name\n    from {rows} as found\n"
        f"    left join {subscriptions} as subscriptions on found.sub_account_id = subscriptions.sub_account_id\n"
        f"    left join {accounts} as accounts\n"
        f"        on {_ACCOUNT.format('found.billing_account_id')}\n"
        f"        = {_ACCOUNT.format('accounts.billing_account_id')}\n)"
    )


def _with_kept_names(rows: str) -> str:
    return _with_names(rows, *KEPT_NAMES.values())


def _is_muted(mutes: Sequence[Mute]) -> str:
    return " or ".join(f"({mute.condition})" for mute in mutes) or "false"


def rows_sql(calls: Calls, mutes: Sequence[Mute]) -> str:
    """Return the SQL of the anomalies that are listed, as it runs anywhere: nothing kept is read."""
    where = f"\nwhere not ({_is_muted(mutes)})" if mutes else ""
    return (
        f"select {', '.join(COLUMNS)}\nfrom {_with_names(calls.anomalies())} as anomalies"
        f"{where}\norder by abs(impact) desc, anomaly_id\nlimit {calls.question.limit}"
    )


def every_sql(calls: Calls, mutes: Sequence[Mute], series_of: str | None = None) -> str:
    """Return all anomalies, muted ones too, each with the sums of its currency over those that are not."""
    cases = "".join(f"\n        when {mute.condition} then {number}" for number, mute in enumerate(mutes))
    muted_by = f"case{cases}\n    end" if cases else "null"
    alike = "partition by billing_currency, is_muted"
    return (
        f"select *,\n    sum(greatest(impact, 0)) over ({alike}) as added,\n"
        f"    sum(least(impact, 0)) over ({alike}) as vanished,\n    count(*) over ({alike}) as anomalies,\n"
        f"from (\nselect {', '.join(COLUMNS)},\n    {muted_by} as muted_by,\n    {_is_muted(mutes)} as is_muted,\n"
        f"from {_with_kept_names(calls.anomalies(series_of))} as anomalies\n)\n"
        "order by abs(impact) desc, anomaly_id"
    )


def first_seen_sql(calls: Calls) -> str:
    """Return the SQL of services, regions and meters that have their first charge in ten weeks, the dearest first."""
    return (
        "select sub_account_name, place_kind, place_name, first_charged, billing_currency, cost, cost_per_day\n"
        f"from {_with_kept_names(calls.of('marts.cost_first_seen'))} as seen\norder by cost desc, place_name"
    )


def one_offs_sql(question: AnomalyQuestion, keep: Sequence[str]) -> str:
    """Return the SQL of the largest purchases and refunds of the period, by day, account and service."""
    days = f"charges.charge_period_start between {literal(question.period.start)} and {literal(question.period.end)}"
    where = "\n    and ".join([days, "charges.charge_kind in ('purchase', 'refund')", *keep])
    sums = (
        "(\n    select charges.charge_period_start as charge_date, charges.sub_account_id,\n"
        "        case when charges.sub_account_id is null then charges.billing_account_id end as billing_account_id,\n"
        "        charges.charge_kind, charges.service_name, charges.billing_currency,\n"
        f"        sum(charges.billed_cost) as billed_cost\n    from {source_of(*keep)} as charges\n"
        f"    where {where}\n    group by all\n    having sum(charges.billed_cost) <> 0\n)"
    )
    return (
        "select charge_date, sub_account_name, charge_kind, service_name, billing_currency, billed_cost\n"
        f"from {_with_kept_names(sums)} as found\norder by abs(billed_cost) desc, 1, 2, 4\nlimit {ONE_OFFS}"
    )
