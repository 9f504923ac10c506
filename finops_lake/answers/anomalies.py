"""What is unusual: anomalies of daily cost, one per cause, with their money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_lake.answers.absence import absence
from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.cost import months_of
from finops_lake.answers.cost_terms import metric_of
from finops_lake.answers.filters import Filter
from finops_lake.answers.macros import AMORTIZED, DAYS, are_in_months, columns_in, keep_argument, kept, source_of
from finops_lake.answers.mutes import Mute, Mutes
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import complete_day, cost_standing, settled_dates
from finops_lake.answers.subscriptions import select_subscriptions, subscriptions_of
from finops_lake.answers.together import together
from finops_lake.answers.virtual import resolver
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    import pyarrow as pa

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
HISTORY_DAYS = 70
"""Days before the first one that are compared with."""

KEPT_DAYS = 62
"""Complete days whose series are kept until anything is known anew: this and the last month, or the last 30 days."""

SERIES_COLUMNS = frozenset({"sub_account_id", "service_name", "billing_currency"})
"""Columns of charges that the rows of marts.cost_series have, too."""

MAX_DAYS = 400
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


def months_needed(period: Period) -> list[date]:
    """Return the months that judging a period takes: its own and those it is compared with."""
    return months_of(Period(period.start - timedelta(days=HISTORY_DAYS), period.end))


def answer_anomalies(lake: LakeReader, question: AnomalyQuestion, mutes: Mutes = Mutes()) -> Answer:  # noqa: B008 - frozen
    """Return the anomalies of a period, the largest first; muted ones are counted apart, one-offs listed apart.

    Only complete days are judged. Purchases, refunds, rounding and tax are no usage and never an anomaly.
    """
    metric = metric_of(question.metric)
    _check(question)
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    among = None if len(chosen) == len(known) else chosen
    keep = kept(question.dimensions, question.tags, question.filters, among, resolver(lake))
    calls = _Calls(question, metric, keep, complete_day(lake))
    names = _names_of(lake)
    rows, (looked_at, first_seen, one_offs) = together(
        lambda: _anomalies(lake, calls, mutes.active, names),
        lambda: (
            _looked_at(lake, question, keep),
            _records(lake, _first_seen_sql(calls), names),
            _records(lake, _one_offs_sql(question, keep), names),
        ),
    )
    shown = [row for row in rows if not row["is_muted"]]
    standing = cost_standing(lake, chosen, metric, months_of(question.period))
    totals = {row["billing_currency"]: row for row in shown}
    return Answer(
        columns=COLUMNS,
        rows=tuple(tuple(row[name] for name in COLUMNS) for row in shown[: question.limit]),
        sql=_rows_sql(calls, mutes.active),
        as_of=standing.as_of,
        row_count=len(shown),
        truncated=len(shown) > question.limit,
        metric=metric,
        period=question.period,
        currencies=tuple(totals),
        totals=tuple(_total(row) for row in totals.values()),
        scopes=standing.scopes,
        open_days=standing.open_days_within(question.period),
        notes=(
            *_notes(looked_at, mutes, rows),
            *standing.notes,
            *(() if looked_at else absence(lake, question.period, standing, question)),
        ),
        sections={
            "looked_at": looked_at,
            "muted": [_muted(row, mutes.active) for row in rows if row["is_muted"]],
            "first_seen": first_seen,
            "one_offs": one_offs,
        },
    )


def _check(question: AnomalyQuestion) -> None:
    days = (question.period.end - question.period.start).days + 1
    if days > MAX_DAYS:
        raise InputError("time_period", f"{days} days", f"at most {MAX_DAYS} days can be judged at once")
    if question.min_cost <= 0:
        raise InputError("min_cost", question.min_cost, "an amount above 0 is needed")


@dataclass(frozen=True)
class _Calls:
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
        arguments += _completeness(self.complete)
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


def _completeness(complete: date | None) -> list[str]:
    """Return the arguments that say which days are complete."""
    return [f"complete_to := {literal(complete)}", "settled := 'marts.cost_settled_alike'"] if complete else []


def _anomalies(
    lake: LakeReader, calls: _Calls, mutes: Sequence[Mute], names: Mapping[str, pa.Table]
) -> list[dict[str, Any]]:
    """Return all anomalies; the series they are judged by are kept for the next question about days as recent."""
    series = _series(lake, calls)
    return _records(lake, _every_sql(calls, mutes, *series), {**names, **series})


def _series(lake: LakeReader, calls: _Calls) -> dict[str, pa.Table]:
    """Return the rows of marts.cost_series of the last complete days of all services, under their name.

    None where the question is about other days, or about some charges of a service only.
    """
    settled = {calls.complete} if calls.complete else settled_dates(lake).values()
    newest = max((day for day in settled if day), default=None)
    first = newest - timedelta(days=KEPT_DAYS - 1) if newest else None
    asks_more = not columns_in(*calls.keep) <= SERIES_COLUMNS
    if first is None or calls.question.period.start < first or asks_more or lake.version()[0] is None:
        return {}
    arguments = [f"charges.{calls.metric}", literal(first), literal(date.max), *_completeness(calls.complete)]
    sql = f"from marts.cost_series({', '.join([*arguments, f'source := {literal(DAYS)}'])})"
    return {f"kept_series_of_{calls.metric}": lake.keep_rows(sql)}


SUBSCRIPTIONS, ACCOUNTS = "marts.subscriptions", "staging.billing_accounts"
KEPT_NAMES = {SUBSCRIPTIONS: "kept_subscriptions", ACCOUNTS: "kept_billing_accounts"}
"""What names accounts, and what its rows are called once they are kept: planning those views takes long."""


def _names_of(lake: LakeReader) -> dict[str, pa.Table]:
    return {kept: lake.keep_rows(f"from {view}") for view, kept in KEPT_NAMES.items()}


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


def _rows_sql(calls: _Calls, mutes: Sequence[Mute]) -> str:
    where = f"\nwhere not ({_is_muted(mutes)})" if mutes else ""
    return (
        f"select {', '.join(COLUMNS)}\nfrom {_with_names(calls.anomalies())} as anomalies"
        f"{where}\norder by abs(impact) desc, anomaly_id\nlimit {calls.question.limit}"
    )


def _every_sql(calls: _Calls, mutes: Sequence[Mute], series_of: str | None = None) -> str:
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


def _first_seen_sql(calls: _Calls) -> str:
    return (
        "select sub_account_name, place_kind, place_name, first_charged, billing_currency, cost, cost_per_day\n"
        f"from {_with_kept_names(calls.of('marts.cost_first_seen'))} as seen\norder by cost desc, place_name"
    )


def _one_offs_sql(question: AnomalyQuestion, keep: Sequence[str]) -> str:
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


def _looked_at(lake: LakeReader, question: AnomalyQuestion, keep: Sequence[str]) -> int:
    """Return how many services of subscriptions have a charge in the period: none found is told from none there."""
    days = f"charges.charge_period_start between {literal(question.period.start)} and {literal(question.period.end)}"
    where = " and ".join([days, *keep])
    sql = "select count(distinct (coalesce(charges.sub_account_id, charges.billing_account_id), charges.service_name,"
    sql += " charges.billing_currency))"
    return int(lake.recall(f"{sql} from {source_of(*keep)} as charges where {where}").rows[0][0])


def _records(lake: LakeReader, sql: str, tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    found = lake.recall(sql, tables=tables)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]


def _total(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("billing_currency", "added", "vanished", "anomalies")
    return {name: row[name] for name in names}


def _muted(row: Mapping[str, Any], mutes: Sequence[Mute]) -> dict[str, Any]:
    mute = mutes[row["muted_by"]]
    kept = {name: row[name] for name in ("anomaly_id", "service_names", "start_date", "billing_currency", "impact")}
    return {**kept, "until": mute.until, "reason": mute.reason}


def _notes(looked_at: int, mutes: Mutes, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = []
    if not looked_at:
        notes.append("Nothing was judged: this says nothing about anomalies.")
    muted = sum(1 for row in rows if row["is_muted"])
    if muted:
        notes.append(f"Muted by mutes.toml: {muted}, in no total.")
    if mutes.expired:
        notes.append(f"{mutes.expired} mutes in mutes.toml have expired.")
    return notes
