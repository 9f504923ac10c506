"""What is wasted: the findings of the audit checks with their money, and how many resources were looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from finops_lake.answers.answer import Answer, MissingScope, Scopes
from finops_lake.answers.audit_changes import audit_changes
from finops_lake.answers.audit_question import (
    BUDGETS,
    AuditQuestion,
    Check,
    asked_checks,
    finding_conditions,
    place_conditions,
)
from finops_lake.answers.audit_rules import exclusion_notes, fault_notes
from finops_lake.answers.audit_withheld import withheld_because, withheld_notes, withheld_report
from finops_lake.answers.budgets import budgets_in_danger
from finops_lake.answers.findings import FOUND, ask_findings
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import Standing, listing_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.lake.reader import LakeReader

CENT = Decimal("0.01")
VERDICTS = ("waste", "undetermined", "not_applicable", "excluded")
"""What findings say of a resource; one that is fine is not listed."""

BY_PRICE = ("price_paid_elsewhere", "price_sheet", "retail_price")
"""Sources of savings that no bill tells: the price of the meters of a resource that no charge names."""

Placing = Callable[[Collection[str]], list[str]]
"""Gives the conditions that a view with these columns can be narrowed by."""

COLUMNS = (
    "check_name",
    "severity",
    "verdict",
    "sub_account_name",
    "x_resource_group_name",
    "resource_name",
    "region_id",
    "reason",
    "since_at",
    "is_since_lower_bound",
    "monthly_saving",
    "billing_currency",
    "saving_source",
    "saving_confidence",
    "evidence",
    "resource_id",
    "counted_saving",
    "counted_by",
    "finding_id",
)


def answer_audit(lake: LakeReader, question: AuditQuestion) -> Answer:
    """Return findings, the largest saving first, and per check what was looked at; withheld ones say why."""
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    checks = asked_checks(lake, question)
    some = chosen if len(chosen) < len(known) else None
    where = finding_conditions(question, some)
    found = _found(lake, checks, where, question.limit)
    looked_at = _populations(lake, checks, lambda columns: place_conditions(question, some, columns))
    withheld = withheld_because(lake, checks)
    counted = [
        withheld_report(check, withheld[check.name])
        if check.name in withheld
        else _report(check, found, looked_at[check.population])
        for check in checks
    ]
    standing = _standing(lake, chosen, checks, budgets=question.budgets)
    judged = [check for check in counted if check["withheld"] is None]
    row_count = sum(check["waste"] + check["undetermined"] for check in judged)
    sections: dict[str, Any] = {"checks": counted, "exclusions": list(found.exclusions)}
    sections["changes"] = audit_changes(lake, [_of(checks), *where], question.since) if checks else None
    if question.budgets:
        sections["budgets"] = budgets_in_danger(lake, some)
    return Answer(
        columns=COLUMNS,
        rows=found.rows,
        sql=found.sql,
        as_of=standing.as_of,
        row_count=row_count,
        truncated=row_count > len(found.rows),
        metric="monthly_saving",
        currencies=tuple(str(total["billing_currency"]) for total in found.totals),
        totals=found.totals,
        scopes=standing.scopes,
        notes=(
            *_notes(judged, found),
            *withheld_notes(counted),
            *exclusion_notes(found.exclusions),
            *fault_notes(lake),
        ),
        sections=sections,
    )


def _clause(conditions: Sequence[str]) -> str:
    return ("\nwhere " + "\n    and ".join(conditions)) if conditions else ""


def _of(checks: Sequence[Check]) -> str:
    return "check_name in (" + ", ".join(literal(check.name) for check in checks) + ")"


@dataclass(frozen=True)
class _Found:
    """Rows, and over all there are: counts by check and verdict (and those without a price), savings per currency."""

    sql: str = ""
    rows: tuple[tuple[Any, ...], ...] = ()
    counts: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    exclusions: tuple[Mapping[str, Any], ...] = ()
    totals: tuple[Mapping[str, Any], ...] = ()
    by_price: tuple[Mapping[str, Any], ...] = ()


_RANKED = f"""select {", ".join(COLUMNS)}
from findings
left join marts.subscriptions using (sub_account_id)
where verdict in ('waste', 'undetermined')
order by verdict = 'waste' desc, monthly_saving desc nulls last, severity = 'high' desc, check_name, resource_id"""

_ALL_AT_ONCE = """with findings as (
    select * from {found}{conditions}
),

excluding as (
    select unnest(excluded_by) as exclusion_number from {found}
),

exclusions as (
    select exclusion_number, names, reason, until_date, holds, count(excluding.exclusion_number) as findings
    from marts.exclusions
    left join excluding using (exclusion_number)
    group by all
),

sums as (
    select
        check_name, verdict, billing_currency, count(*) as findings,
        count(*) filter (where saving_source = 'not_priced') as not_priced, sum(counted_saving) as saving,
        count(counted_saving) as counted,
        count(counted_saving) filter (where saving_source in {by_price}) as counted_by_price,
        sum(counted_saving) filter (where saving_source in {by_price}) as saving_by_price
    from findings
    group by grouping sets ((check_name, verdict), (verdict, billing_currency))
)

select
    (select list(one) from (select * from sums order by saving desc nulls last, billing_currency) as one),
    (select list(one) from ({ranked}) as one),
    (select list(one) from (select * from exclusions order by exclusion_number) as one)"""


def _found(lake: LakeReader, checks: Sequence[Check], where: Sequence[str], limit: int) -> _Found:
    """Return rows and sums of what the checks found; only waste has a saving."""
    if not checks:
        return _Found()
    conditions = _clause([_of(checks), *where])
    ranked = f"{_RANKED}\nlimit {limit}"
    statement = _ALL_AT_ONCE.format(found=FOUND, conditions=conditions, ranked=ranked, by_price=BY_PRICE)
    ((sums, rows, exclusions),) = ask_findings(lake, statement).rows
    counts = {
        (one["check_name"], one["verdict"]): (one["findings"], one["not_priced"])
        for one in sums or ()
        if one["check_name"] is not None
    }
    summed = [
        one
        for one in sums or ()
        if one["check_name"] is None
        and one["verdict"] == "waste"
        and None not in (one["billing_currency"], one["saving"])
    ]
    totals = tuple(
        {"billing_currency": one["billing_currency"], "monthly_saving": one["saving"], "findings": one["counted"]}
        for one in summed
    )
    by_price = tuple(one for one in summed if one["counted_by_price"])
    cells = tuple(tuple(one[name] for name in COLUMNS) for one in rows or ())
    sql = f"with findings as (\nselect * from marts.findings{conditions}\n)\n\n{ranked}"
    return _Found(sql, cells, counts, tuple(exclusions or ()), totals, by_price)


def _populations(lake: LakeReader, checks: Sequence[Check], place: Placing) -> dict[str, int]:
    """Return how many rows each view holds that a check looks at, in one statement."""
    views = sorted({check.population for check in checks})
    if not views:
        return {}
    columns: dict[str, set[str]] = {view: set() for view in views}
    for view, column in lake.recall(
        "select schema_name || '.' || table_name, column_name from duckdb_columns()"
        f" where schema_name || '.' || table_name in ({', '.join(literal(view) for view in views)})"
    ).rows:
        columns[view].add(column)
    counted = [f"select {literal(view)}, count(*) from {view}{_clause(place(columns[view]))}" for view in views]
    return dict(lake.recall("\nunion all\n".join(counted)).rows)


def _report(check: Check, found: _Found, looked_at: int) -> dict[str, Any]:
    """Return what one check looked at and found: "0 of 214" is told apart from nothing that could be read."""
    counts = {verdict: found.counts.get((check.name, verdict), (0, 0)) for verdict in VERDICTS}
    return {
        "check_name": check.name,
        "title": check.headers.get("title"),
        "description": check.headers.get("description"),
        "severity": check.headers["severity"],
        "category": check.headers["category"],
        "looked_at": looked_at,
        "waste": counts["waste"][0],
        "not_priced": counts["waste"][1],
        "undetermined": counts["undetermined"][0],
        "not_applicable": counts["not_applicable"][0],
        "excluded": counts["excluded"][0],
        "withheld": None,
        "fix": check.headers.get("fix"),
    }


def _standing(lake: LakeReader, chosen: Sequence[Subscription], checks: Sequence[Check], *, budgets: bool) -> Standing:
    """Return what the answer rests on: listings of each subscription, and those of the whole sign-in."""
    views = sorted({check.population for check in checks})
    if not views:
        return listing_standing(lake, chosen, [BUDGETS]) if budgets else Standing(Scopes(), None)
    listed = ", ".join(literal(view) for view in views)
    rows = lake.recall(
        "select distinct table_name from meta.lineage"
        f" where view_name in ({listed}) and table_name in (select table_name from meta.tables where not monthly)"
    ).rows
    of_all = {name for (name,) in lake.recall(_OF_THE_SIGN_IN_SQL).rows}
    tables = {table for (table,) in rows}
    standing = listing_standing(lake, chosen, sorted((tables - of_all) | ({BUDGETS} if budgets else set())))
    missing = [one for table in sorted(tables & of_all) for one in _missing_everywhere(lake, table)]
    return replace(standing, scopes=replace(standing.scopes, missing=(*standing.scopes.missing, *missing)))


_OF_THE_SIGN_IN_SQL = "select table_name from meta.loads group by all having bool_and(scope_id = '/')"
"""Tables that are listed once for the whole sign-in, not for each subscription."""


def _missing_everywhere(lake: LakeReader, table: str) -> list[MissingScope]:
    rows = lake.recall(
        "select outcome, reason, next_step from meta.scopes"
        f" where table_name = {literal(table)} and scope_id = '/' and not coalesce(is_complete, false)"
    ).rows
    return [
        MissingScope("/", "the whole sign-in", outcome, f"{table}: {reason or 'not in the lake yet'}", next_step)
        for outcome, reason, next_step in rows
    ]


def _notes(counted: Sequence[Mapping[str, Any]], found: _Found) -> list[str]:
    notes = [
        "A monthly saving is what would leave the bill, from the billed cost of the last 30 complete days; a resource"
        " that several checks name counts once in the total (deleting before changing before committing)."
    ]
    notes += [_by_prices(one) for one in found.by_price]
    undetermined = sum(check["undetermined"] for check in counted)
    not_priced = sum(check["not_priced"] for check in counted)
    if undetermined:
        notes.append(
            f"Resources that could not be judged: {undetermined}; listed as undetermined, not counted as waste."
        )
    if not_priced:
        notes.append(
            f"Findings without a charge or a price of their own: {not_priced}; not in the total. The evidence says why."
        )
    if len(found.totals) > 1:
        notes.append(f"The savings are in {len(found.totals)} currencies, which are not added together.")
    return notes


def _by_prices(total: Mapping[str, Any]) -> str:
    count = total["counted_by_price"]
    return (
        f"Of the total in {total['billing_currency']}, {total['saving_by_price'].quantize(CENT)} a month of {count}"
        f" finding{'s' if count > 1 else ''} is by prices, as no charge names the resource (too new, or its cost cannot"
        " be read): the price paid elsewhere for the same meter, else the price sheet's, else the retail price."
    )
