-- Effects of a change by group, which add up exactly to the difference: the groups that changed most, the others, and the total.
-- grain: one row per level and group (total: billing currency; group: place and currency; other: the other groups of a currency)
-- base_of: marts.cost_changes
-- parameters:
--   items: Name of what marts.cost_change_items gave, such as that of a WITH.
--   groups := 100: How many groups to list; the others are summed as other.
-- example: (with compared as (from marts.compared_months(charges.service_name, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')), items as (from marts.cost_change_items('compared')) from marts.cost_change_groups('items'))
-- like: marts.cost_change_effects
-- columns:
--   level: total, group or other.
--   group_count: How many groups the row stands for.
--   place: The group, at level group; else null.
with leveled as (  -- each group counts for the total, and for itself or the others
    select
        *,
        unnest(['total', case when rank <= groups then 'group' else 'other' end]) as level,
    from (
        select *, row_number() over (order by abs(difference) desc, billing_currency, place) as rank,
        from marts.cost_change_effects(items)
    )
)

select
    level,
    count(*) as group_count,
    case when level = 'group' then any_value(place) end as place,
    billing_currency,
    sum(base_cost) as base_cost,
    sum(period_cost) as period_cost,
    sum(difference) as difference,
    sum(new_cost) as new_cost,
    sum(gone_cost) as gone_cost,
    sum(quantity_effect) as quantity_effect,
    sum(price_effect) as price_effect,
    sum(mix_effect) as mix_effect,
    sum(changed_cost) as changed_cost,
    sum(purchase_effect) as purchase_effect,
    sum(refund_effect) as refund_effect,
    sum(unused_effect) as unused_effect,
    sum(other_effect) as other_effect,
    case when level = 'group' then any_value(base_quantity) end as base_quantity,
    case when level = 'group' then any_value(period_quantity) end as period_quantity,
    case when level = 'group' then any_value(consumed_unit) end as consumed_unit,
from leveled
group by level, billing_currency, case when level = 'group' then rank end
