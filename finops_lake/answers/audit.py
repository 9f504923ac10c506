"""What is wasted: the findings of the audit checks with their money, and how many resources were looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finops_lake.answers.answer import Answer, Scopes
from finops_lake.answers.budgets import budgets_in_danger
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import Standing, listing_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

GROUPS: Mapping[str, str] = {
    "vms": "stopped_vms",
    "disks": "unattached_disks",
    "ips": "unassociated_public_ips",
}
"""The predecessor's names of what to audit, and the check each means."""

BUDGETS = "budgets"
"""Stands among the names of checks for the budgets in danger, which no check finds."""

VERDICTS = ("waste", "undetermined", "not_applicable")
"""What a check can say of a resource it lists; a resource that is fine is not listed."""

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
)


@dataclass(frozen=True)
class AuditQuestion:
    """What to audit. Empty means all; `regions` and `resource_groups` are patterns (* and ?), compared without case."""

    subscriptions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    budgets: bool = True
    limit: int = 100


@dataclass(frozen=True)
class Check:
    """An audit check as its file describes it; `population` is the view of what it looks at."""

    name: str
    headers: Mapping[str, str]

    @property
    def population(self) -> str:
        """The view whose rows the check looks at, such as staging.disks."""
        return self.headers["population"]


def checks_of(lake: LakeReader) -> list[Check]:
    """Return every audit check of the lake, by name."""
    rows = lake.query(
        "select view_name, key, value from meta.headers where view_name like 'audits.%' order by view_name, key"
    ).rows
    found: dict[str, dict[str, str]] = {}
    for view, key, value in rows:
        found.setdefault(view.removeprefix("audits."), {})[key] = value
    return [Check(name, headers) for name, headers in found.items()]


def select_checks(known: Sequence[Check], wanted: Sequence[str]) -> list[Check]:
    """Return the checks meant by their names or the groups vms, disks, ips; all for none or "all"; budgets is none."""
    words = [GROUPS.get(word.strip().lower(), word.strip().lower()) for word in wanted]
    if not words or "all" in words:
        return list(known)
    names = {BUDGETS, *(check.name for check in known)}
    for given, word in zip(wanted, words, strict=True):
        if word not in names:
            allowed = ", ".join(["all", *GROUPS, *sorted(names)])
            raise InputError("checks", given, f"allowed are {allowed}")
    return [check for check in known if check.name in words]


def answer_audit(lake: LakeReader, question: AuditQuestion) -> Answer:
    """Return findings, the largest saving first, and per check what was looked at; withheld ones say why."""
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    checks = select_checks(checks_of(lake), question.checks)
    some = chosen if len(chosen) < len(known) else None
    where = _conditions(question, some, region="region_id", resource_group="x_resource_group_name")
    population = _conditions(question, some, region="location", resource_group="resource_group_name")
    sql = _rows_sql(checks, where, question.limit) if checks else ""
    rows = lake.query(sql).rows if checks else []
    sums = _sums(lake, checks, where)
    counted = [_report(lake, check, sums, population) for check in checks]
    standing = _standing(lake, chosen, checks, budgets=question.budgets)
    row_count = sum(check["waste"] + check["undetermined"] for check in counted)
    sections: dict[str, Any] = {"checks": counted}
    if question.budgets:
        sections["budgets"] = budgets_in_danger(lake, some)
    return Answer(
        columns=COLUMNS,
        rows=tuple(rows),
        sql=sql,
        as_of=standing.as_of,
        row_count=row_count,
        truncated=row_count > len(rows),
        metric="monthly_saving",
        currencies=tuple(str(total["billing_currency"]) for total in sums.totals),
        totals=sums.totals,
        scopes=standing.scopes,
        notes=tuple(_notes(counted, len(sums.totals))),
        sections=sections,
    )


def _conditions(
    question: AuditQuestion, chosen: Sequence[Subscription] | None, *, region: str, resource_group: str
) -> list[str]:
    """Return the filters as SQL; findings and populations name region and group differently."""
    conditions = []
    if chosen is not None:
        conditions.append("sub_account_id in (" + ", ".join(literal(one.sub_account_id) for one in chosen) + ")")
    regions = [pattern.replace(" ", "") for pattern in question.regions]
    for column, patterns in ((region, regions), (resource_group, question.resource_groups)):
        if patterns:
            listed = " or ".join(f"{column} glob {literal(pattern.strip().lower())}" for pattern in patterns)
            conditions.append(f"({listed})")
    return conditions


def _clause(conditions: Sequence[str]) -> str:
    return ("\nwhere " + "\n    and ".join(conditions)) if conditions else ""


def _union(checks: Sequence[Check]) -> str:
    return "\nunion all\n".join(
        f"select {literal(check.name)} as check_name, {literal(check.headers['severity'])} as severity, *"
        f"\nfrom audits.{check.name}"
        for check in checks
    )


def _rows_sql(checks: Sequence[Check], where: Sequence[str], limit: int) -> str:
    conditions = _clause(["verdict in ('waste', 'undetermined')", *where])
    return (
        f"with every as (\n{_union(checks)}\n),\n\nfindings as (\nselect * from every{conditions}\n)\n\n"
        f"select {', '.join(COLUMNS)}\nfrom findings\nleft join marts.subscriptions using (sub_account_id)\n"
        "order by verdict = 'waste' desc, monthly_saving desc nulls last, resource_id\n"
        f"limit {limit}"
    )


@dataclass(frozen=True)
class _Sums:
    """Findings of each check and verdict (how many, and how many without a price), and the savings per currency."""

    found: Mapping[tuple[str, str], tuple[int, int]]
    totals: tuple[Mapping[str, Any], ...]


def _sums(lake: LakeReader, checks: Sequence[Check], where: Sequence[str]) -> _Sums:
    """Count and sum everything the checks say in one pass over them; only waste has a saving."""
    if not checks:
        return _Sums({}, ())
    rows = lake.query(
        f"with every as (\n{_union(checks)}\n)\n"
        "select check_name, verdict, billing_currency, count(*), count(*) filter (where monthly_saving is null),"
        " sum(monthly_saving)\n"
        f"from every{_clause(where)}\n"
        "group by grouping sets ((check_name, verdict), (verdict, billing_currency))\n"
        "order by 6 desc nulls last, 3"
    ).rows
    found = {(row[0], row[1]): (row[3], row[4]) for row in rows if row[0] is not None}
    totals = tuple(
        {"billing_currency": row[2], "monthly_saving": row[5], "findings": row[3]}
        for row in rows
        if row[0] is None and row[1] == "waste" and row[2] is not None
    )
    return _Sums(found, totals)


def _report(lake: LakeReader, check: Check, sums: _Sums, population: Sequence[str]) -> dict[str, Any]:
    """Return what one check looked at and found: "0 of 214" is told apart from nothing that could be read."""
    looked_at = lake.query(f"select count(*) from {check.population}{_clause(population)}").rows[0][0]
    counts = {verdict: sums.found.get((check.name, verdict), (0, 0)) for verdict in VERDICTS}
    return {
        "check_name": check.name,
        "title": check.headers.get("title"),
        "description": check.headers.get("description"),
        "severity": check.headers["severity"],
        "looked_at": looked_at,
        "waste": counts["waste"][0],
        "not_priced": counts["waste"][1],
        "undetermined": counts["undetermined"][0],
        "not_applicable": counts["not_applicable"][0],
        "fix": check.headers.get("fix"),
    }


def _standing(lake: LakeReader, chosen: Sequence[Subscription], checks: Sequence[Check], *, budgets: bool) -> Standing:
    tables = sorted({check.population.removeprefix("staging.") for check in checks} | ({BUDGETS} if budgets else set()))
    return listing_standing(lake, chosen, tables) if tables else Standing(Scopes(), None)


def _notes(counted: Sequence[Mapping[str, Any]], currencies: int) -> list[str]:
    notes = ["A monthly saving is the resource's own billed cost of its last 30 complete days."]
    undetermined = sum(check["undetermined"] for check in counted)
    not_priced = sum(check["not_priced"] for check in counted)
    if undetermined:
        notes.append(
            f"Resources that could not be judged: {undetermined}; listed as undetermined, not counted as waste."
        )
    if not_priced:
        notes.append(f"Findings without a charge in the lake, and so without a price: {not_priced}; not in the total.")
    if currencies > 1:
        notes.append(f"The savings are in {currencies} currencies, which are not added together.")
    return notes
