"""What is wasted: the findings of the audit checks with their money, and how many resources were looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
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

CATEGORIES = ("usage", "rate", "governance", "reliability")
SEVERITIES = ("high", "medium", "low")

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
)


@dataclass(frozen=True)
class AuditQuestion:
    """What to audit. Empty means all; `regions` and `resource_groups` are patterns (* and ?), compared without case.

    `minimum_saving` is an amount a month in the currency of each finding; findings without a price are left out then.
    `tags` are `key` or `key=value`, own tags of the resource, all of which must hold; keys and values without case.
    """

    subscriptions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    budgets: bool = True
    limit: int = 100
    categories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    minimum_saving: Decimal | None = None
    tags: tuple[str, ...] = ()


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


def asked_checks(lake: LakeReader, question: AuditQuestion) -> list[Check]:
    """Return the checks that a question names, of its categories and severities."""
    for name, given, allowed in (
        ("categories", question.categories, CATEGORIES),
        ("severities", question.severities, SEVERITIES),
    ):
        unknown = next((word for word in given if word.strip().lower() not in allowed), None)
        if unknown is not None:
            raise InputError(name, unknown, f"allowed are {', '.join(allowed)}")
    wanted = {key: {word.strip().lower() for word in given} for key, given in _by_header(question)}
    return [
        check
        for check in select_checks(checks_of(lake), question.checks)
        if all(not words or check.headers[key] in words for key, words in wanted.items())
    ]


def _by_header(question: AuditQuestion) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("category", question.categories), ("severity", question.severities)


def answer_audit(lake: LakeReader, question: AuditQuestion) -> Answer:
    """Return findings, the largest saving first, and per check what was looked at; withheld ones say why."""
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    checks = asked_checks(lake, question)
    some = chosen if len(chosen) < len(known) else None
    where = _filters(question, some)
    sql = _rows_sql(checks, where, question.limit) if checks else ""
    rows = lake.query(sql).rows if checks else []
    sums = _sums(lake, checks, where)
    looked_at = _populations(
        lake,
        checks,
        lambda columns: _place(question, some, columns, region="location", resource_group="resource_group_name"),
    )
    counted = [_report(check, sums, looked_at[check.population]) for check in checks]
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


def _filters(question: AuditQuestion, chosen: Sequence[Subscription] | None) -> list[str]:
    """Return what narrows the findings, as SQL over marts.findings."""
    columns = {"sub_account_id", "region_id", "x_resource_group_name"}
    conditions = _place(question, chosen, columns, region="region_id", resource_group="x_resource_group_name")
    if question.minimum_saving is not None:
        conditions.append(f"monthly_saving >= {question.minimum_saving}")
    return conditions + [_tag(tag) for tag in question.tags]


def _tag(text: str) -> str:
    key, is_valued, value = (part.strip().lower() for part in text.partition("="))
    if not key:
        raise InputError("tags", text, "a tag is key or key=value")
    pattern = literal(value) if is_valued else "'%'"
    keys = "json_keys(lower(coalesce(tags, '{}')))"
    held = f"lower(coalesce(tags, '{{}}')) ->> ('$.' || to_json({literal(key)}))"
    return f"(list_contains({keys}, {literal(key)})" + (f" and {held} = {pattern})" if is_valued else ")")


def _place(
    question: AuditQuestion,
    chosen: Sequence[Subscription] | None,
    columns: Collection[str],
    *,
    region: str,
    resource_group: str,
) -> list[str]:
    """Return where to look as SQL; findings and populations name region and group differently, or have none."""
    conditions = []
    if chosen is not None and "sub_account_id" in columns:
        conditions.append("sub_account_id in (" + ", ".join(literal(one.sub_account_id) for one in chosen) + ")")
    regions = [pattern.replace(" ", "") for pattern in question.regions]
    for column, patterns in ((region, regions), (resource_group, question.resource_groups)):
        if patterns and column in columns:
            listed = " or ".join(f"{column} glob {literal(pattern.strip().lower())}" for pattern in patterns)
            conditions.append(f"({listed})")
    return conditions


def _clause(conditions: Sequence[str]) -> str:
    return ("\nwhere " + "\n    and ".join(conditions)) if conditions else ""


def _of(checks: Sequence[Check]) -> str:
    return "check_name in (" + ", ".join(literal(check.name) for check in checks) + ")"


def _rows_sql(checks: Sequence[Check], where: Sequence[str], limit: int) -> str:
    conditions = _clause(["verdict in ('waste', 'undetermined')", _of(checks), *where])
    return (
        f"with findings as (\nselect * from marts.findings{conditions}\n)\n\n"
        f"select {', '.join(COLUMNS)}\nfrom findings\nleft join marts.subscriptions using (sub_account_id)\n"
        "order by verdict = 'waste' desc, monthly_saving desc nulls last,"
        " severity = 'high' desc, check_name, resource_id\n"
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
        "select check_name, verdict, billing_currency, count(*), count(*) filter (where saving_source = 'not_priced'),"
        " sum(counted_saving), count(counted_saving)\n"
        f"from marts.findings{_clause([_of(checks), *where])}\n"
        "group by grouping sets ((check_name, verdict), (verdict, billing_currency))\n"
        "order by 6 desc nulls last, 3"
    ).rows
    found = {(row[0], row[1]): (row[3], row[4]) for row in rows if row[0] is not None}
    totals = tuple(
        {"billing_currency": row[2], "monthly_saving": row[5], "findings": row[6]}
        for row in rows
        if row[0] is None and row[1] == "waste" and row[2] is not None and row[5] is not None
    )
    return _Sums(found, totals)


def _populations(lake: LakeReader, checks: Sequence[Check], place: Placing) -> dict[str, int]:
    """Return how many rows each view holds that a check looks at, in one statement."""
    views = sorted({check.population for check in checks})
    if not views:
        return {}
    columns: dict[str, set[str]] = {view: set() for view in views}
    for view, column in lake.query(
        "select schema_name || '.' || table_name, column_name from duckdb_columns()"
        f" where schema_name || '.' || table_name in ({', '.join(literal(view) for view in views)})"
    ).rows:
        columns[view].add(column)
    counted = [f"select {literal(view)}, count(*) from {view}{_clause(place(columns[view]))}" for view in views]
    return dict(lake.query("\nunion all\n".join(counted)).rows)


def _report(check: Check, sums: _Sums, looked_at: int) -> dict[str, Any]:
    """Return what one check looked at and found: "0 of 214" is told apart from nothing that could be read."""
    counts = {verdict: sums.found.get((check.name, verdict), (0, 0)) for verdict in VERDICTS}
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
        "fix": check.headers.get("fix"),
    }


def _standing(lake: LakeReader, chosen: Sequence[Subscription], checks: Sequence[Check], *, budgets: bool) -> Standing:
    views = sorted({check.population for check in checks})
    tables = {BUDGETS} if budgets else set()
    if views:
        listed = ", ".join(literal(view) for view in views)
        rows = lake.query(
            f"select distinct table_name from meta.lineage where view_name in ({listed})"
            " and table_name not in (select table_name from meta.loads group by all having bool_and(scope_id = '/'))"
        ).rows
        tables |= {table for (table,) in rows}
    return listing_standing(lake, chosen, sorted(tables)) if tables else Standing(Scopes(), None)


def _notes(counted: Sequence[Mapping[str, Any]], currencies: int) -> list[str]:
    notes = [
        "A monthly saving is what would leave the bill, from the billed cost of the last 30 complete days; a resource"
        " that several checks name counts once in the total (deleting before changing before committing)."
    ]
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
