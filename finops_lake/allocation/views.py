"""The rules as views of the lake, so that the shell, Parquet and the tools read the same; made anew with changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from finops_lake.allocation.budgets import budget_views
from finops_lake.allocation.rules import Allocation, Split, VirtualTag, load_allocation
from finops_lake.answers.filters import filter_conditions, within_charges
from finops_lake.answers.sqltext import literal
from finops_lake.errors import ConfigError
from finops_lake.lake.sqlfiles import SqlFile, parse
from finops_lake.local_budgets import LocalBudget


def rule_views(path: Path, budgets: Sequence[LocalBudget] = ()) -> tuple[tuple[SqlFile, ...], tuple[str, ...]]:
    """Return the views that the rules of a file and the local budgets make, and what to tell.

    Faulty rules make none, and are told; budgets that rest on them have no figure of ours then.
    """
    try:
        allocation, faults = load_allocation(path), tuple[str, ...]()
    except ConfigError as error:
        allocation, faults = Allocation(), (f"No virtual tags and no chargeback: {error}",)
    return (*_tag_views(allocation), *budget_views(budgets, allocation.tags, _value_sql)), faults


def _tag_views(allocation: Allocation) -> tuple[SqlFile, ...]:
    if not allocation.tags:
        return ()
    return (
        parse("marts", "charges_virtual.sql", charges_text(allocation)),
        parse("marts", "virtual_tag_rules.sql", rules_text(allocation)),
        parse("marts", "chargeback_monthly.sql", chargeback_text(allocation)),
    )


def charges_text(allocation: Allocation) -> str:
    """Return marts.charges with one column for each virtual tag."""
    columns = "".join(f"\n    {_value_sql(tag)} as x_virtual_{tag.name}," for tag in allocation.tags)
    described = "".join(f"\n--   x_virtual_{tag.name}: Virtual tag {tag.name}." for tag in allocation.tags)
    return (
        "-- Every charge with the virtual tags of allocation.toml.\n-- grain: one row per charge\n"
        "-- like: charges.from_focus\n"
        f"-- columns:{described}\n"
        f"select\n    charges.*,{columns}\nfrom marts.charges as charges\n"
        "left join marts.subscriptions as subscriptions on charges.sub_account_id = subscriptions.sub_account_id"
    )


def _value_sql(tag: VirtualTag) -> str:
    cases = "".join(
        f"\n        when {' and '.join(filter_conditions(rule.filters))} then {literal(rule.value)}"
        for rule in tag.rules
    )
    return f"case{cases}\n        else {literal(tag.default)}\n    end" if cases else literal(tag.default)


def rules_text(allocation: Allocation) -> str:
    """Return the rules as rows, so that anybody can see why a charge has a value."""
    rows = [
        f"({literal(tag.name)}, {place}::bigint, {literal(value)}, {literal(condition)})"
        for tag in allocation.tags
        for place, (value, condition) in enumerate(_conditions(tag), start=1)
    ]
    return (
        "-- The rules of allocation.toml: the first of a virtual tag whose condition holds gives a charge its value.\n"
        "-- grain: one row per virtual tag and rule, the default last\n-- columns:\n"
        "--   virtual_tag: Name of the virtual tag.\n--   place: Order in which the rules are tried, from 1.\n"
        "--   tag_value: The value it gives.\n"
        "--   condition: SQL over marts.charges named charges; true for the default.\n"
        "select * from (\n    values\n    "
        + ",\n    ".join(rows)
        + "\n) as t (virtual_tag, place, tag_value, condition)"
    )


def _conditions(tag: VirtualTag) -> list[tuple[str, str]]:
    rules = [(rule.value, " and ".join(filter_conditions(rule.filters, form=within_charges))) for rule in tag.rules]
    return [*rules, (tag.default, "true")]


def chargeback_text(allocation: Allocation) -> str:
    """Return cost by month and value of each virtual tag, shared cost split; it adds up to the whole."""
    costs = "\n    union all\n".join(
        f"    select {literal(tag.name)} as virtual_tag, x_virtual_{tag.name} as owner, billing_month,\n"
        "        billing_currency, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost,\n"
        "    from marts.charges_virtual\n    group by all"
        for tag in allocation.tags
    )
    splits = [_split_row(split) for split in allocation.splits]
    targets = [row for split in allocation.splits for row in _target_rows(split)]
    return _CHARGEBACK.format(
        costs=costs,
        splits=_values(splits, "null::varchar, null::varchar, null::varchar, null::varchar, false"),
        targets=_values(targets, "null::varchar, null::varchar, null::varchar, 0::bigint"),
    )


def _split_row(split: Split) -> str:
    of = literal(split.of) if split.of else "null::varchar"
    return (
        f"({literal(split.tag)}, {literal(split.value)}, {literal(split.by)}, {of}, {str(not split.targets).lower()})"
    )


def _target_rows(split: Split) -> list[str]:
    place = f"{literal(split.tag)}, {literal(split.value)}"
    shares = split.percent or {}
    return [f"({place}, {literal(one)}, {int(shares.get(one, 0) * 10_000)}::bigint)" for one in split.targets]


def _values(rows: list[str], nothing: str) -> str:
    return f"values {', '.join(rows)}" if rows else f"select {nothing} where false"


_UNIT = "1000000000000000000000000"
"""Units of the 24th decimal in one: amounts are split in whole numbers of them, without any rounding."""

_CHARGEBACK = (
    """\
-- Cost by month and value of each virtual tag, with shared cost split as allocation.toml says. Each month, currency and
--   tag add up exactly to the whole: what a division leaves goes, a last digit each, to the largest remainders.
-- grain: one row per virtual tag, month, billing currency and value
-- columns:
--   virtual_tag: Name of the virtual tag.
--   owner: Its value: who pays.
--   billing_month: First day of the calendar month (UTC).
--   billing_currency: Currency of the amounts; never add different ones.
--   direct_billed_cost: Actual cost of the value's own charges; null when not loaded.
--   shared_billed_cost: What it takes of shared cost; negative for cost that others take.
--   billed_cost: Both together: what is charged back.
--   direct_effective_cost: Amortized cost of the value's own charges; null when not loaded.
--   shared_effective_cost: What it takes of shared amortized cost; negative for cost that others take.
--   effective_cost: Both together.
with costs as (
{costs}
),

splits as (
    select * from ({splits}) as t (virtual_tag, shared, way, basis, is_for_all)
),

targets as (
    select * from ({targets}) as t (virtual_tag, shared, owner, percent)
),

units as (
    select virtual_tag, owner, billing_month, billing_currency, 'billed_cost' as metric,
        replace(billed_cost::varchar, '.', '')::hugeint as units,
    from costs
    union all
    select virtual_tag, owner, billing_month, billing_currency, 'effective_cost',
        replace(effective_cost::varchar, '.', '')::hugeint,
    from costs
),

pools as (
    select units.* exclude (owner), splits.shared, splits.way, splits.is_for_all,
        coalesce(splits.basis, units.metric) as basis,
    from units
    inner join splits on units.virtual_tag = splits.virtual_tag and units.owner = splits.shared
    where units.units is not null
),

sharers as (
    select pools.*, targets.owner, targets.percent,
    from pools
    inner join targets using (virtual_tag, shared)
    union all
    select pools.*, costs.owner, 0,
    from pools
    inner join costs using (virtual_tag, billing_month, billing_currency)
    where
        pools.is_for_all
        and (pools.virtual_tag, costs.owner) not in (select (virtual_tag, shared) from splits)
),

based as (
    select sharers.*, greatest(coalesce(basis.units, 0), 0) // 1000000000000000000::hugeint as cost,
    from sharers
    left join units as basis
        on sharers.virtual_tag = basis.virtual_tag
        and sharers.owner = basis.owner
        and sharers.billing_month = basis.billing_month
        and sharers.billing_currency = basis.billing_currency
        and sharers.basis = basis.metric
),

proportioned as (
    select *,
        case way
            when 'even' then 1::hugeint
            when 'fixed' then percent::hugeint
            else cost * 1000000000000000::hugeint // nullif(sum(cost) over pool, 0)
        end as part,
    from based
    window pool as (partition by virtual_tag, shared, billing_month, billing_currency, metric)
),

weighed as (
    select *, coalesce(part, 1::hugeint) as weight, sum(coalesce(part, 1::hugeint)) over pool as weights,
    from proportioned
    window pool as (partition by virtual_tag, shared, billing_month, billing_currency, metric)
),

rounded as (
    select *,
        (abs(units) // weights) * weight + ((abs(units) % weights) * weight) // weights as whole,
        ((abs(units) % weights) * weight) % weights as remainder,
    from weighed
),

shares as (
    select *,
        sign(units) * (whole + case
            when row_number() over (pool order by remainder desc, owner) <= abs(units) - sum(whole) over pool then 1
            else 0
        end) as share,
    from rounded
    window pool as (partition by virtual_tag, shared, billing_month, billing_currency, metric)
),

moved as (
    select virtual_tag, owner, billing_month, billing_currency, metric, share from shares
    union all
    select virtual_tag, shared, billing_month, billing_currency, metric, -sum(share) from shares group by all
),

amounts as (
    select virtual_tag, owner, billing_month, billing_currency, metric,
        (
            case when sum(share) < 0 then '-' else '' end || (abs(sum(share)) // UNIT::hugeint)::varchar
            || '.' || lpad((abs(sum(share)) % UNIT::hugeint)::varchar, 24, '0')
        )::decimal(38, 24) as amount,
    from moved
    group by all
),

shared_costs as (
    select virtual_tag, owner, billing_month, billing_currency,
        sum(amount) filter (where metric = 'billed_cost') as billed_cost,
        sum(amount) filter (where metric = 'effective_cost') as effective_cost,
    from amounts
    group by all
),

owners as (
    select virtual_tag, owner, billing_month, billing_currency from costs
    union
    select virtual_tag, owner, billing_month, billing_currency from shared_costs
),

loaded as (
    select virtual_tag, billing_month, billing_currency,
        count(billed_cost) > 0 as has_billed, count(effective_cost) > 0 as has_effective,
    from costs
    group by all
),

parts as (
    select
        owners.*,
        case when loaded.has_billed then coalesce(costs.billed_cost, 0) end as direct_billed_cost,
        case when loaded.has_billed then coalesce(shared_costs.billed_cost, 0) end as shared_billed_cost,
        case when loaded.has_effective then coalesce(costs.effective_cost, 0) end as direct_effective_cost,
        case when loaded.has_effective then coalesce(shared_costs.effective_cost, 0) end as shared_effective_cost,
    from owners
    left join costs using (virtual_tag, owner, billing_month, billing_currency)
    left join shared_costs using (virtual_tag, owner, billing_month, billing_currency)
    left join loaded using (virtual_tag, billing_month, billing_currency)
)

select
    virtual_tag,
    owner,
    billing_month,
    billing_currency,
    direct_billed_cost,
    shared_billed_cost,
    (direct_billed_cost + shared_billed_cost)::decimal(38, 24) as billed_cost,
    direct_effective_cost,
    shared_effective_cost,
    (direct_effective_cost + shared_effective_cost)::decimal(38, 24) as effective_cost,
from parts
"""
).replace("UNIT", _UNIT)
