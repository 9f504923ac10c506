-- Why cost differs between two periods, level by level: the groups that changed most, the others, the total, and resources.
-- grain: one row per level and group, as in marts.cost_changes
-- base_of: marts.cost_changes
-- parameters:
--   items: Name of what marts.cost_change_items gave, such as that of a WITH.
--   groups := 100: How many groups to list; the others are summed as other.
-- example: (with compared as (from marts.compared_months(charges.service_name, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')), levels as (from marts.cost_change_levels('compared')), items as (from marts.cost_change_items('levels')) from marts.cost_changes_of('items'))
-- like: marts.cost_change_effects
-- columns:
--   level: total, group, other or resource.
--   group_count: How many groups the row stands for.
--   place: The group, at level group; else null.
--   sub_account_id: Subscription, at level resource; else null.
--   resource_id: Full ARM id, at level resource; null also for charges without a resource, which count by service.
--   service_name: At level resource: the service of charges without a resource; else null.
--   base_days: At level resource: days with a charge then; 0 where a period is longer than 127 days; null at other levels.
--   period_days: At level resource: days with a charge now; else null.
--   first_date: At level resource: first day with a charge in the period to explain.
--   last_date: At level resource: last day with a charge in the period to compare with.
--   base_committed_days: At level resource: days then on which a commitment covered it.
--   period_committed_days: At level resource: days now on which a commitment covers it.
with leveled as (  -- each group counts for the total, and for itself or the others
    select
        * exclude (level),
        unnest(
            case
                when level = 'resource' then ['resource']
                else ['total', case when rank <= groups then 'group' else 'other' end]
            end
        ) as level,
    from (
        select
            *,
            row_number() over (partition by level order by abs(difference) desc, billing_currency, place) as rank,
        from marts.cost_change_effects(items)
    )
)

select
    level,
    count(*) as group_count,
    case when level = 'group' then any_value(place) end as place,
    any_value(sub_account_id) as sub_account_id,
    any_value(resource_id) as resource_id,
    any_value(service_name) as service_name,
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
    case when level in ('group', 'resource') then any_value(base_quantity) end as base_quantity,
    case when level in ('group', 'resource') then any_value(period_quantity) end as period_quantity,
    case when level in ('group', 'resource') then any_value(consumed_unit) end as consumed_unit,
    case when level = 'resource' then any_value(base_days) end as base_days,
    case when level = 'resource' then any_value(period_days) end as period_days,
    case when level = 'resource' then any_value(first_date) end as first_date,
    case when level = 'resource' then any_value(last_date) end as last_date,
    case when level = 'resource' then any_value(base_committed_days) end as base_committed_days,
    case when level = 'resource' then any_value(period_committed_days) end as period_committed_days,
from leveled
group by level, billing_currency, case when level in ('group', 'resource') then rank end
