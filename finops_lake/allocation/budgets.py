"""The budgets of the configuration as views of the lake: what they are, and which charges each of them counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from finops_lake.allocation.rules import VirtualTag
from finops_lake.answers.answer import to_json
from finops_lake.answers.dimensions import QUERY_TELLS, VIRTUAL, dimension_of
from finops_lake.answers.filters import dimensions_of, filter_conditions, read_filters
from finops_lake.answers.sqltext import literal
from finops_lake.errors import InputError
from finops_lake.lake.sqlfiles import SqlFile, parse
from finops_lake.local_budgets import LocalBudget
from finops_lake.scopes import CostScope, kind_of

_GRAINS = {"month": "Monthly", "quarter": "Quarterly", "year": "Annually"}
_COLUMNS = {
    "budget_id": ("varchar", "local: and its name, lower case."),
    "budget_name": ("varchar", "Its name as configured."),
    "budget_scope_id": ("varchar", "Scope the budget counts, lower case; / for all that is in the lake."),
    "time_grain": ("varchar", "Monthly, Quarterly or Annually."),
    "amount": ("decimal(38, 24)", "What may be spent per time grain, in the billing currency."),
    "billing_currency": ("varchar", "Currency of the amount."),
    "period_start_date": ("date", "First day of the budget (UTC)."),
    "period_end_date": ("date", "Last day of the budget (UTC); null where it has none."),
    "filter": ("varchar", "JSON of the budget's own filter; null when it counts everything in its scope."),
    "notifications": ("varchar", "JSON list of its thresholds."),
    "owner": ("varchar", "Who answers for it; null when not said."),
    "parts_not_applied": ("varchar[]", "Virtual tags of its filter that there are no rules for."),
}

_BILLING = {
    CostScope.BILLING_ACCOUNT: ("billing_account_id", "billingaccounts"),
    CostScope.BILLING_PROFILE: ("x_billing_profile_id", "billingprofiles"),
}
_SECTION = ("x_invoice_section_id", "invoicesections")


def check_filter(items: Sequence[object]) -> None:
    """Raise ValueError for conditions that cannot be applied to charges, naming what was probably meant."""
    try:
        filter_conditions(read_filters(items, "filter"), "filter")
    except InputError as error:
        raise ValueError(f"{error.value!r}: {error.allowed}") from error


def budget_views(
    budgets: Sequence[LocalBudget], tags: Sequence[VirtualTag], value_sql: Callable[[VirtualTag], str]
) -> tuple[SqlFile, ...]:
    """Return the views of these budgets, none without any; `value_sql` gives the SQL of a virtual tag's value."""
    if not budgets:
        return ()
    known = {tag.name: tag for tag in tags}
    return (
        parse("marts", "local_budgets.sql", _listed_text(budgets, known)),
        parse("marts", "budget_charges.sql", _charges_text(budgets, known, value_sql)),
    )


def _listed_text(budgets: Sequence[LocalBudget], tags: Mapping[str, VirtualTag]) -> str:
    described = "".join(f"\n--   {name}: {text}" for name, (_, text) in _COLUMNS.items())
    kinds = [kind for kind, _ in _COLUMNS.values()]
    rows = ",\n    ".join(
        "(" + ", ".join(f"{value}::{kind}" for value, kind in zip(_values(one, tags), kinds, strict=True)) + ")"
        for one in budgets
    )
    return (
        f"-- Budgets of the user's own configuration.\n-- grain: one row per budget\n-- columns:{described}\n"
        f"select * from (values\n    {rows}\n) as budgets ({', '.join(_COLUMNS)})"
    )


def _values(budget: LocalBudget, tags: Mapping[str, VirtualTag]) -> list[str]:
    """Return the budget as SQL values in the order of _COLUMNS."""
    rules = [
        {
            "name": f"{one.kind} {one.percent} %",
            "enabled": True,
            "operator": "GreaterThan",
            "threshold": str(one.percent),
            "threshold_type": one.kind,
        }
        for one in budget.thresholds
    ]
    lacking = ", ".join(literal(f"{VIRTUAL}{name}") for name in _virtual(budget) if name not in tags)
    return [
        *(literal(text) for text in (budget.budget_id, budget.name, budget.scope_id, _GRAINS[budget.period])),
        literal(format(budget.amount, "f")),
        *(literal(value) for value in (budget.currency, budget.start, budget.end)),
        literal(to_json([dict(item) for item in budget.filter])) if budget.filter else "null",
        literal(to_json(rules)),
        literal(budget.owner),
        f"[{lacking}]",
    ]


def _charges_text(
    budgets: Sequence[LocalBudget], tags: Mapping[str, VirtualTag], value_sql: Callable[[VirtualTag], str]
) -> str:
    used = [tag for tag in tags.values() if any(tag.name in _virtual(one) for one in budgets)]
    columns = "".join(f",\n        {value_sql(tag)} as x_virtual_{tag.name}" for tag in used)
    hidden = f" exclude ({', '.join(f'x_virtual_{tag.name}' for tag in used)})" if used else ""
    counted = [f"case when {_condition(one, tags)} then {literal(one.budget_id)} end" for one in budgets]
    untold = [
        f"case when {_scope_condition(one)}{told} then {literal(one.budget_id)} end"
        for one in budgets
        if (told := _untold(one, tags)) is not None
    ]
    return (
        "-- Every charge with the local budgets that count it.\n-- grain: one row per charge\n"
        "-- like: charges.from_focus\n-- columns:\n"
        "--   local_budget_ids: Local budgets that count the charge.\n"
        "--   untold_budget_ids: Local budgets of whose filter it cannot be told whether it holds.\n"
        f"select\n    charges.*{hidden},\n    {_list(counted)} as local_budget_ids,\n"
        f"    {_list(untold)} as untold_budget_ids,\n"
        f"from (\n    select\n        charges.*{columns}\n"
        "    from marts.charges_as_of(null::timestamptz) as charges\n"
        "    left join marts.subscriptions as subscriptions on charges.sub_account_id = subscriptions.sub_account_id\n"
        ") as charges\n"
        "left join marts.subscriptions as subscriptions on charges.sub_account_id = subscriptions.sub_account_id"
    )


def _list(items: Sequence[str]) -> str:
    listed = ",\n        ".join(items)
    return (
        f"list_filter([\n        {listed}\n    ]::varchar[], lambda one: one is not null)" if items else "[]::varchar[]"
    )


def _condition(budget: LocalBudget, tags: Mapping[str, VirtualTag]) -> str:
    """Return when a charge is counted: its scope, its filter, and that its source tells what the filter asks for."""
    told = _untold(budget, tags)
    if told == "":
        return "false"
    conditions = [_scope_condition(budget), *filter_conditions(read_filters(budget.filter))]
    return " and ".join([*conditions, *(["charges.x_source <> 'query'"] if told else [])])


def _untold(budget: LocalBudget, tags: Mapping[str, VirtualTag]) -> str | None:
    """Return of which charges it cannot be told whether the filter holds, as a condition; None: of none."""
    if any(name not in tags for name in _virtual(budget)):
        return ""
    needed = {
        dimension_of(name).column
        for dimension in dimensions_of(read_filters(budget.filter))
        for name in _beneath(dimension, tags)
    }
    return None if needed <= QUERY_TELLS else " and charges.x_source = 'query'"


def _beneath(dimension: str, tags: Mapping[str, VirtualTag]) -> list[str]:
    """Return the dimensions of charges that one rests on: itself, or those of a virtual tag's rules."""
    name = dimension_of(dimension).name
    if not name.startswith(VIRTUAL):
        return [name]
    return [one for rule in tags[name.removeprefix(VIRTUAL)].rules for one in dimensions_of(rule.filters)]


def _virtual(budget: LocalBudget) -> list[str]:
    """Return the names of the virtual tags in a budget's filter."""
    names = [dimension_of(name).name for name in dimensions_of(read_filters(budget.filter))]
    return [name.removeprefix(VIRTUAL) for name in names if name.startswith(VIRTUAL)]


def _scope_condition(budget: LocalBudget) -> str:
    """Return the SQL condition that a charge lies in the budget's scope."""
    if budget.scope is None:
        return "true"
    kind, parts = kind_of(budget.scope), budget.scope.strip("/").split("/")
    if kind in (CostScope.SUBSCRIPTION, CostScope.RESOURCE_GROUP):
        subscription = f"charges.sub_account_id = {literal('/' + '/'.join(parts[:2]))}"
        return subscription + (f" and charges.x_resource_group_name = {literal(parts[3])}" if len(parts) > 2 else "")
    if kind is CostScope.MANAGEMENT_GROUP:
        return (
            "charges.sub_account_id in (select sub_account_id from staging.subscription_ancestors"
            f" where management_group_id = {literal(parts[-1])})"
        )
    return _billing_condition(kind, parts[-1])


def _billing_condition(kind: CostScope, name: str) -> str:
    """Return the condition of a billing scope, alike to what marts.budget_coverage does for Azure's budgets."""
    column, segment = _BILLING.get(kind, _SECTION)
    named = literal(f"{segment}/{name}/")
    own = f"regexp_extract(lower(charges.{column}), '([^/]+)$', 1) = {literal(name)}"
    within = f"contains(lower(charges.billing_account_id) || '/', {named})"
    asked = f"charges.{column} is null and contains(charges.x_scope_id || '/', {named})"
    return f"(coalesce({own}, false) or coalesce({within}, false) or ({asked}))"
