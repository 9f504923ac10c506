"""What an audit is asked: which checks, where, above which saving; as SQL conditions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from finops_lake.answers.amounts import Amount
from finops_lake.answers.sqltext import literal
from finops_lake.answers.subscriptions import Subscription
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

CATEGORIES = ("usage", "rate", "governance", "reliability")
SEVERITIES = ("high", "medium", "low")
NEAREST = 5
"""Checks that are named where one is meant that does not exist."""


@dataclass(frozen=True)
class AuditQuestion:
    """What to audit. Empty means all; `regions` and `resource_groups` are patterns (* and ?), compared without case.

    `minimum_saving` is an amount a month; findings without a price, or in another currency than it names, are left out
    then. `tags` are `key` or `key=value`, own tags of the resource; values of one key are alternatives, different keys
    must all hold; keys and values without case. `since` is the day of the audit to compare with (None: the day before
    that of the newest).
    """

    subscriptions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    budgets: bool = True
    limit: int = 100
    categories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    minimum_saving: Amount | None = None
    tags: tuple[str, ...] = ()
    since: date | None = None


@dataclass(frozen=True)
class Check:
    """An audit check as its file describes it; `population` is the view of what it looks at."""

    name: str
    headers: Mapping[str, str]

    @property
    def population(self) -> str:
        """The view whose rows the check looks at, such as staging.disks."""
        return self.headers["population"]


def asks_for_budgets(checks: Sequence[str], *others: object) -> bool:
    """Return whether budgets in danger belong to an answer: they are named, or nothing but places is asked for."""
    words = {word.strip().lower() for word in checks}
    return bool({"all", BUDGETS} & words) or not (words or any(others))


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
            raise InputError("checks", given, _meant(word, names))
    return [check for check in known if check.name in words]


def _meant(word: str, names: Collection[str]) -> str:
    """Return the checks nearest to a name that no check has: written alike, or with a word in common."""
    said = set(re.split(r"[\W_]+", word))
    sharing = sorted((name for name in names if said & set(name.split("_"))), key=lambda name: (len(name), name))
    near = list(dict.fromkeys([*get_close_matches(word, sorted(names), n=NEAREST), *sharing]))[:NEAREST]
    nearest = f"the nearest are {', '.join(near)}; " if near else ""
    return (
        f"{nearest}allowed are all, {', '.join(GROUPS)}, {BUDGETS}, and the names of checks"
        " (select distinct view_name from meta.headers where view_name like 'audits.%')"
    )


def asked_checks(lake: LakeReader, question: AuditQuestion) -> list[Check]:
    """Return the checks that a question names, of its categories and severities."""
    by_header = (
        ("category", "categories", question.categories, CATEGORIES),
        ("severity", "severities", question.severities, SEVERITIES),
    )
    wanted: dict[str, set[str]] = {}
    for header, field, given, allowed in by_header:
        words = [word.strip().lower() for word in given]
        for text, word in zip(given, words, strict=True):
            if word not in (*allowed, "all"):
                raise InputError(field, text, f"allowed are {', '.join(allowed)}")
        wanted[header] = set() if "all" in words else set(words)
    return [
        check
        for check in select_checks(checks_of(lake), question.checks)
        if all(not words or check.headers[header] in words for header, words in wanted.items())
    ]


def finding_conditions(question: AuditQuestion, chosen: Sequence[Subscription] | None) -> list[str]:
    """Return what narrows the findings, as SQL over marts.findings; `chosen` None: all subscriptions."""
    columns = {"sub_account_id", "region_id", "x_resource_group_name", "tags"}
    conditions = place_conditions(question, chosen, columns, region="region_id", resource_group="x_resource_group_name")
    least = question.minimum_saving
    if least is not None:
        conditions.append(f"monthly_saving >= {least.value:f}")
        if least.currency is not None:
            conditions.append(f"billing_currency = {literal(least.currency)}")
    return conditions


def place_conditions(
    question: AuditQuestion,
    chosen: Sequence[Subscription] | None,
    columns: Collection[str],
    *,
    region: str = "location",
    resource_group: str = "resource_group_name",
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
    return conditions + (_tag_conditions(question.tags) if "tags" in columns else [])


def _tag_conditions(tags: Sequence[str]) -> list[str]:
    """Return one condition for each key, whatever the case of keys and values."""
    by_key: dict[str, list[str]] = {}
    for text in tags:
        key, is_valued, value = (part.strip().lower() for part in text.partition("="))
        if not key:
            raise InputError("tags", text, "a tag is key or key=value")
        held = f"t.key = {literal(key)}" + (f" and t.value = {literal(value)}" if is_valued else "")
        by_key.setdefault(key, []).append(held)
    entries = "select lower(j.key) as key, lower(j.value ->> '$') as value from json_each(coalesce(tags, '{}')) as j"
    return [f"exists (select 1 from ({entries}) as t where {' or '.join(either)})" for either in by_key.values()]
