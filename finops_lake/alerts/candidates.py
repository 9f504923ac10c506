"""What there is to tell, for one rule, read from the marts and answers that tools read, too; decided is later."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from finops_lake.alert_rules import AlertRule
from finops_lake.answers.anomalies import AnomalyQuestion, answer_anomalies
from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.budgets import BudgetQuestion, answer_budgets
from finops_lake.answers.findings import FOUND, ask_findings
from finops_lake.answers.mutes import Mutes
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import select_subscriptions, subscriptions_of
from finops_lake.errors import EmptyLakeError, FinopsLakeError
from finops_lake.lake.reader import LakeReader, Result

JUDGED_DAYS = 30
RECENT_DAYS = 7
"""Days of which anomalies are looked for, and how long ago one may have ended to be told."""

LAST_DAYS = 7
"""A commitment that ends is told once more so many days before."""

MOST = 10_000
WASTE_SQL = f"""select check_name, resource_id, resource_name, findings.sub_account_id, subscriptions.sub_account_name,
    reason, counted_saving, billing_currency, findings.tags
from {FOUND} as findings
left join marts.subscriptions as subscriptions using (sub_account_id)
where verdict = 'waste' and counted_saving > 0{{where}}
order by counted_saving desc, check_name, resource_id"""

COMMITMENTS_SQL = """select commitment_name, commitment_type, display_name, sku_name, expiry_date, days_left,
    sub_account_id, subscriptions.sub_account_name, billing_currency, savings
from marts.commitments as commitments
left join marts.subscriptions as subscriptions using (sub_account_id)
where
    commitments.days_left between 0 and {days}
    and commitments.state = 'succeeded'
    and not coalesce(commitments.is_renewed, false){where}
qualify row_number() over (partition by commitment_name order by used_cost desc nulls last, billing_currency) = 1
order by expiry_date, commitment_name"""

FAILED_SQL = """select table_name, scope_id, outcome, reason, next_step, subscriptions.sub_account_name
from meta.scopes as scopes
left join marts.subscriptions as subscriptions on scopes.scope_id = subscriptions.sub_account_id
where scopes.is_asked and outcome in ('partial', 'denied', 'throttled', 'failed'){where}
order by scope_id, table_name"""

STALE_SQL = """select table_name, oldest_success_at, max_age_seconds
from meta.freshness
where oldest_success_at is not null
order by table_name"""


@dataclass(frozen=True)
class Candidate:
    """Something that a rule may tell. A higher `step` of the same cause is worse; several of one `group` are one alert.

    What `recurs` may be told again after it was gone.
    """

    cause: str
    title: str
    detail: str
    severity: str
    step: Decimal = Decimal(0)
    amount: Decimal | None = None
    billing_currency: str | None = None
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    resource_id: str | None = None
    group: str | None = None
    recurs: bool = False


@dataclass(frozen=True)
class Found:
    """What a rule found, and what to know about it."""

    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sight:
    """What rules look at: the lake, the instant, the user's mutes, and the error of a refresh that failed wholly."""

    lake: LakeReader
    now: datetime
    mutes: Mutes = field(default_factory=Mutes)
    error: FinopsLakeError | None = None


def candidates_of(rule: AlertRule, sight: Sight) -> Found:
    """Return what a rule finds. Raises EmptyLakeError where it needs a lake, InputError for unknown subscriptions."""
    return _FINDERS[rule.kind](rule, sight)


def money(amount: Decimal, currency: str | None) -> str:
    """Return an amount with two decimals and its currency."""
    return f"{amount:,.2f} {currency or ''}".rstrip()


def _records(answer: Answer) -> list[dict[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def _budgets(rule: AlertRule, sight: Sight) -> list[dict[str, Any]]:
    question = BudgetQuestion(rule.subscriptions, ("exceeded", "at_risk", "ok"), MOST)
    return [row for row in _records(answer_budgets(sight.lake, question)) if row["amount"]]


def _budget_words(row: Mapping[str, Any]) -> str:
    currency = row["billing_currency"]
    words = [f"Spent {money(row['spend'], currency)} of {money(row['amount'], currency)}"]
    words.append(f"from {row['period_start_date']} to {row['period_end_date']}")
    if row["azure_forecast"] is not None:
        words.append(f"Azure forecasts {money(row['azure_forecast'], currency)}")
    if row["lake_forecast"] is not None:
        low, high = (money(row[f"lake_forecast_{end}"], currency) for end in ("low", "high"))
        words.append(f"our forecast is {money(row['lake_forecast'], currency)} ({low} to {high})")
    place = row["sub_account_name"] or "a wider scope"
    return f"{' '.join(words[:2])}; {'; '.join([*words[2:], place])}."


def _of_budget(row: Mapping[str, Any], **more: Any) -> Candidate:
    values = {
        "detail": _budget_words(row),
        "amount": row["spend"],
        "billing_currency": row["billing_currency"],
        "sub_account_id": _subscription_in(row["budget_id"]),
        "sub_account_name": row["sub_account_name"],
        "severity": "high" if row["status"] == "exceeded" else "medium",
    }
    return Candidate(**{**values, **more})


def _thresholds(rule: AlertRule, sight: Sight) -> Found:
    """The highest threshold that is reached of each kind; an exceeded budget has reached 100 % of kind Actual."""
    least, found = rule.threshold or Decimal(0), []
    for row in _budgets(rule, sight):
        exceeded = ["100"] if row["status"] == "exceeded" else []
        reached = max(map(Decimal, [*row["actual_thresholds"], *exceeded]), default=None)
        forecast = max(map(Decimal, row["forecast_thresholds"]), default=None)
        if reached is not None and forecast is not None and forecast <= reached:
            forecast = None  # what happened already is no forecast any more
        for kind, step, word in (("Actual", reached, "has reached"), ("Forecasted", forecast, "is forecast to reach")):
            if step is not None and step >= least:
                cause = f"{row['budget_id']}|{row['period_start_date']}|{kind}"
                title = f"Budget {row['budget_name']} {word} {step:f} %"
                found.append(_of_budget(row, cause=cause, title=title, step=step))
    return Found(tuple(found))


def _breaches(rule: AlertRule, sight: Sight) -> Found:
    """Budgets that will be exceeded by our forecast or Azure's (step 1), or are (step 2)."""
    found = []
    for row in _budgets(rule, sight):
        cause = f"{row['budget_id']}|{row['period_start_date']}"
        if row["status"] == "exceeded":
            title = f"Budget {row['budget_name']} is exceeded"
            found.append(_of_budget(row, cause=cause, title=title, step=Decimal(2)))
            continue
        day = _breaking_day(row)
        if day is None or (rule.threshold is not None and (day - sight.now.date()).days > rule.threshold):
            continue
        when = f"about {row['break_date']}" if row["break_date"] else f"by {day}, as Azure forecasts"
        title = f"Budget {row['budget_name']} will be exceeded {when}"
        found.append(_of_budget(row, cause=cause, title=title, step=Decimal(1)))
    return Found(tuple(found))


def _breaking_day(row: Mapping[str, Any]) -> date | None:
    """Return the day a budget will break by our forecast; by Azure's, which has no day, the end of the period."""
    if row["break_date"] is not None:
        return row["break_date"]  # type: ignore[no-any-return]
    forecast = row["azure_forecast"]
    return row["period_end_date"] if forecast is not None and forecast > row["amount"] else None


def _anomalies(rule: AlertRule, sight: Sight) -> Found:
    today = sight.now.date()
    period = Period(today - timedelta(days=JUDGED_DAYS), today - timedelta(days=1))
    question = AnomalyQuestion(period, rule.subscriptions, tags=rule.tags, limit=MOST)
    rows = [
        row
        for row in _records(answer_anomalies(sight.lake, question, sight.mutes))
        if row["end_date"] >= today - timedelta(days=RECENT_DAYS)
    ]
    mine, notes = _in_currency(rule, rows)
    big = [row for row in mine if abs(row["impact"]) >= (rule.threshold or 0)]
    known = subscriptions_of(sight.lake)
    ids = {one.name: one.sub_account_id for one in known}
    only = {name: found for name, found in ids.items() if sum(one.name == name for one in known) == 1}
    return Found(tuple(_anomaly(row, only) for row in big), notes)


def _anomaly(row: Mapping[str, Any], ids: Mapping[str, str]) -> Candidate:
    currency, impact = row["billing_currency"], row["impact"]
    more = "more" if impact >= 0 else "less"
    place = [row["sub_account_name"], row["x_resource_group_name"], _name_of(row["resource_id"])]
    days = f"{row['start_date']} to {'now' if row['is_ongoing'] else row['end_date']}"
    return Candidate(
        cause=row["anomaly_id"],
        title=f"{row['service_names']} cost {money(abs(impact), currency)} {more} than usual ({row['anomaly_kind']})",
        detail=f"{money(row['cost'], currency)} instead of {money(row['usual_cost'], currency)}, {days};"
        f" {' / '.join(part for part in place if part)}.",
        severity=row["severity"],
        amount=abs(impact),
        billing_currency=currency,
        sub_account_id=_subscription_in(row["resource_id"]) or ids.get(row["sub_account_name"]),
        sub_account_name=row["sub_account_name"],
        resource_id=row["resource_id"],
    )


def _waste(rule: AlertRule, sight: Sight) -> Found:
    """Every finding with a saving that counts; how much of it is new is decided by what is known."""
    rows = _rows(ask_findings(sight.lake, WASTE_SQL.format(where=_within(rule, sight.lake, "findings.sub_account_id"))))
    rows = [row for row in rows if _carries(row["tags"], rule.tags)]
    mine, notes = _in_currency(rule, rows)
    return Found(
        tuple(
            Candidate(
                cause=f"{row['check_name']}|{row['resource_id']}",
                title=f"{row['check_name'].replace('_', ' ')}: {row['resource_name'] or row['resource_id']}",
                detail=f"{money(row['counted_saving'], row['billing_currency'])} {row['resource_name']}"
                f" ({row['sub_account_name']}): {row['reason']}",
                severity="medium",
                amount=row["counted_saving"],
                billing_currency=row["billing_currency"],
                sub_account_id=row["sub_account_id"],
                sub_account_name=row["sub_account_name"],
                resource_id=row["resource_id"],
                group=row["billing_currency"],
            )
            for row in mine
        ),
        notes,
    )


def _carries(tags: str | None, wanted: Sequence[str]) -> bool:
    """Return whether a resource's own tags (JSON) hold each key, or key=value, without case."""
    if not wanted:
        return True
    held = {str(key).lower(): str(value).lower() for key, value in (json.loads(tags or "{}") or {}).items()}
    pairs = (tag.lower().partition("=") for tag in wanted)
    return all(
        held.get(key.strip()) == value.strip() if is_valued else key.strip() in held for key, is_valued, value in pairs
    )


def _in_currency(rule: AlertRule, rows: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the rows in the rule's currency, and a note on the others, which no threshold is compared with."""
    mine, others = [], set()
    for row in rows:
        if row["billing_currency"] == rule.currency:
            mine.append(row)
        else:
            others.add(str(row["billing_currency"]))
    if not others:
        return mine, ()
    return mine, (f"Rule {rule.name} is about {rule.currency}; what is in {', '.join(sorted(others))} needs its own.",)


def _commitments(rule: AlertRule, sight: Sight) -> Found:
    sql = COMMITMENTS_SQL.format(
        days=int(rule.threshold or 0), where=_within(rule, sight.lake, "commitments.sub_account_id")
    )
    return Found(tuple(_commitment(row) for row in _rows(sight.lake.query(sql))))


def _commitment(row: Mapping[str, Any]) -> Candidate:
    kind = (row["commitment_type"] or "commitment").replace("_", " ")
    saved = (
        "" if row["savings"] is None else f", which saved {money(row['savings'], row['billing_currency'])} in 30 days"
    )
    days = row["days_left"]
    left = f"{days} day{'' if days == 1 else 's'} left"
    return Candidate(
        cause=f"{row['commitment_name']}|{row['expiry_date']}",
        title=f"{kind.capitalize()} {row['display_name'] or row['commitment_name']} ends on {row['expiry_date']}",
        detail=f"{row['sku_name'] or kind}{saved}; {left}, and it is not renewed by itself.",
        severity="high" if days <= LAST_DAYS else "medium",
        step=Decimal(2 if days <= LAST_DAYS else 1),
        amount=row["savings"],
        billing_currency=row["billing_currency"] if row["savings"] is not None else None,
        sub_account_id=row["sub_account_id"],
        sub_account_name=row["sub_account_name"],
    )


def _failed(rule: AlertRule, sight: Sight) -> Found:
    """Tables that could not be read in full, by scope; and the refresh itself, where it failed wholly."""
    found = [_whole_failure(sight.error)] if sight.error is not None else []
    try:
        rows = _rows(sight.lake.query(FAILED_SQL.format(where=_within(rule, sight.lake, "scopes.scope_id"))))
    except EmptyLakeError:
        rows = []
    for row in rows:
        place = row["sub_account_name"] or row["scope_id"]
        found.append(
            Candidate(
                cause=f"{row['table_name']}|{row['scope_id']}|{row['outcome']}",
                title=f"{place} could not be read in full ({row['outcome']})",
                detail=f"{row['reason'] or 'not complete'} {row['next_step'] or ''}".strip(),
                severity="medium",
                sub_account_id=_subscription_in(row["scope_id"]),
                sub_account_name=row["sub_account_name"],
                group=f"{row['scope_id']}|{row['outcome']}",
                recurs=True,
            )
        )
    return Found(tuple(found))


def _whole_failure(error: FinopsLakeError) -> Candidate:
    kind = type(error).__name__
    return Candidate(f"refresh|{kind}", "The refresh failed", str(error), "high", recurs=True)


def _stale(rule: AlertRule, sight: Sight) -> Found:
    """Tables that are overdue by more than the threshold's hours beyond their own maximal age."""
    found = []
    for row in _rows(sight.lake.query(STALE_SQL)):
        age = sight.now - row["oldest_success_at"] - timedelta(seconds=row["max_age_seconds"])
        hours = age.total_seconds() / 3600
        if hours > (rule.threshold or 0):
            words = (
                f"{row['table_name']} by {int(hours)} hours, last loaded {row['oldest_success_at']:%Y-%m-%d %H:%M} UTC"
            )
            found.append(Candidate(row["table_name"], "Tables are overdue", words, "medium", group="", recurs=True))
    return Found(tuple(found))


_FINDERS: Mapping[str, Callable[[AlertRule, Sight], Found]] = {
    "budget_threshold": _thresholds,
    "budget_breach": _breaches,
    "anomaly": _anomalies,
    "waste": _waste,
    "commitment": _commitments,
    "failed_refresh": _failed,
    "stale_refresh": _stale,
}


def _rows(result: Result) -> list[dict[str, Any]]:
    names = [column.name for column in result.columns]
    return [dict(zip(names, row, strict=True)) for row in result.rows]


def _within(rule: AlertRule, lake: LakeReader, column: str) -> str:
    if not rule.subscriptions:
        return ""
    chosen = select_subscriptions(subscriptions_of(lake), rule.subscriptions, "subscriptions")
    return f" and {column} in ({', '.join(literal(one.sub_account_id) for one in chosen)})"


def _subscription_in(arm_id: str | None) -> str | None:
    """Return the subscription that an ARM id begins with; None where it does not."""
    parts = (arm_id or "").lower().split("/")
    return f"/subscriptions/{parts[2]}" if len(parts) > 2 and parts[1] == "subscriptions" else None


def _name_of(resource_id: str | None) -> str | None:
    return resource_id.rpartition("/")[2] if resource_id else None
