-- Why cost differs between two periods: effects that add up exactly to the difference, in each currency.
-- grain: one row per level and group (total: billing currency; group: value of dimension and currency, those that changed
--   most; other: the other groups of a currency; resource: one of those whose cost changed most, and currency)
-- source: price, quantity and mix as in a price-volume-mix analysis: quantity at the old average price of a unit, price at
--   the new quantity of each meter, mix what shifts between dearer and cheaper meters and resources of one unit
-- parameters:
--   dimension: What to group by, such as charges.service_name, or a struct of several.
--   measure: charges.billed_cost or charges.effective_cost.
--   base_start: First day (UTC) of the period to compare with.
--   base_end: Last day of it, inclusive.
--   period_start: First day of the period to explain.
--   period_end: Last day of it, inclusive.
--   keep := true: Condition on charges, such as charges.region_id = 'westeurope'.
--   groups := 100: How many groups to list; the others are summed as other.
--   resources := 10: How many resources to list.
--   source := 'marts.charge_kinds': What to read; 'marts.charges_now' is faster, and has fewer columns.
-- example: marts.cost_changes(charges.service_name, charges.billed_cost, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')
-- columns:
--   level: total, group, other or resource.
--   group_count: How many groups the row stands for.
--   place: The group, at level group; else null.
--   sub_account_id: Subscription, at level resource; else null.
--   resource_id: Full ARM id, at level resource; null also for charges without a resource, which count by service.
--   service_name: At level resource: the service of charges without a resource; else null.
--   billing_currency: Currency of the amounts.
--   base_cost: Cost in the period to compare with.
--   period_cost: Cost in the period to explain.
--   difference: period_cost less base_cost; the sum of the effects below, exactly.
--   new_cost: Usage of resources (by service) that had no charge in the period to compare with.
--   gone_cost: Usage of resources that have no charge any more, negative.
--   quantity_effect: More or less was used, at the average price of then.
--   price_effect: The same quantity costs more or less.
--   mix_effect: Use shifted between dearer and cheaper meters or resources.
--   changed_cost: Usage in both periods whose quantity is not known, so quantity and price are not told apart.
--   purchase_effect: Purchases of the period less those of the one before, such as commitments and marketplace offers.
--   refund_effect: The same for refunds, credits and corrections of invoiced periods.
--   unused_effect: The same for commitments that nothing used.
--   other_effect: The same for rounding and tax.
--   base_quantity: Quantity then of usage in both periods; null unless all of it has one known unit.
--   period_quantity: Quantity now of the same.
--   consumed_unit: Its unit.
--   base_days: At level resource: days with a charge then; 0 where a period is longer than 127 days; null at other levels.
--   period_days: At level resource: days with a charge now; else null.
--   first_date: At level resource: first day with a charge in the period to explain.
--   last_date: At level resource: last day with a charge in the period to compare with.
--   base_committed_days: At level resource: days then on which a commitment covered it.
--   period_committed_days: At level resource: days now on which a commitment covers it.
with items as materialized (
    select *
    from marts.cost_change_items(
        dimension, measure, base_start, base_end, period_start, period_end, keep := keep, source := source
    )
),

things as materialized (
    select
        sub_account_id,
        resource_id,
        case when resource_id is null then service_name end as service_name,
        billing_currency,
        sum(period_cost) - sum(base_cost) as difference,
    from items
    group by all
    having sum(period_cost) <> sum(base_cost)
),

least as ( -- so that only the few largest are sorted by name
    select
        billing_currency,
        list_min(max(abs(difference), greatest(resources, 1))) as difference,
    from things
    group by billing_currency
),

ranked_things as (
    select
        things.*,
        row_number() over (
            partition by things.billing_currency
            order by abs(things.difference) desc, things.resource_id, things.service_name, things.sub_account_id
        ) as place_in_currency,
    from things
    inner join least on things.billing_currency = least.billing_currency
    where abs(things.difference) >= least.difference
),

chosen as (
    select *
    from ranked_things
    where place_in_currency <= resources
    qualify row_number() over (order by place_in_currency, billing_currency) <= resources
),

leveled as (
    select
        'group' as level,
        place,
        null as sub_account_id,
        null as resource_id,
        null as service_name,
        columns(* exclude (place, sub_account_id, resource_id, service_name)),
    from items
    union all
    select
        'resource' as level,
        null as place,
        items.sub_account_id,
        items.resource_id,
        chosen.service_name,
        columns(items.* exclude (place, sub_account_id, resource_id, service_name)),
    from items
    inner join chosen
        on items.billing_currency = chosen.billing_currency
        and items.sub_account_id is not distinct from chosen.sub_account_id
        and items.resource_id is not distinct from chosen.resource_id
        and (items.resource_id is not null or items.service_name is not distinct from chosen.service_name)
),

sums as (
    select
        level,
        place,
        sub_account_id,
        resource_id,
        service_name,
        billing_currency,
        consumed_unit,
        sum(base_cost) as base_cost,
        sum(period_cost) as period_cost,
        coalesce(sum(period_cost) filter (where cause = 'new'), 0) as new_cost,
        -coalesce(sum(base_cost) filter (where cause = 'gone'), 0) as gone_cost,
        coalesce(sum(base_cost) filter (where cause = 'metered'), 0) as metered_base,
        coalesce(sum(period_cost) filter (where cause = 'metered'), 0) as metered_now,
        coalesce(sum(expected_cost), 0) as expected_cost,
        coalesce(sum(period_cost - expected_cost), 0) as price_effect,
        sum(base_quantity) filter (where cause = 'metered') as base_quantity,
        sum(period_quantity) filter (where cause = 'metered') as period_quantity,
        coalesce(sum(period_cost - base_cost) filter (where cause = 'changed'), 0) as changed_cost,
        coalesce(sum(period_cost - base_cost) filter (where cause = 'purchase'), 0) as purchase_effect,
        coalesce(sum(period_cost - base_cost) filter (where cause = 'refund'), 0) as refund_effect,
        coalesce(sum(period_cost - base_cost) filter (where cause = 'unused_commitment'), 0) as unused_effect,
        coalesce(sum(period_cost - base_cost) filter (where cause in ('adjustment', 'tax')), 0) as other_effect,
        min(first_date) as first_date,
        max(last_date) as last_date,
        bit_or(base_days) as base_days,
        bit_or(period_days) as period_days,
        bit_or(base_committed_days) as base_committed_days,
        bit_or(period_committed_days) as period_committed_days,
    from leveled
    group by all
),

priced as (
    select
        *,
        case
            when base_quantity > 0
                then
                    try(
                        (
                            (metered_base::decimal(28, 8) * 100000000)::hugeint
                            * (period_quantity::decimal(28, 8) * 100000000)::hugeint
                            // (base_quantity::decimal(28, 8) * 100000000)::hugeint
                        )::decimal(30, 0)
                        * 0.00000001::decimal(8, 8)
                    )
        end as at_average_price,
    from sums
),

split as (
    select
        *,
        case
            when at_average_price is null then 0
            when abs(at_average_price - expected_cost) < 0.000001 then expected_cost - metered_base
            else at_average_price - metered_base
        end as quantity_effect,
    from priced
),

folded as materialized (
    select
        level,
        place,
        sub_account_id,
        resource_id,
        service_name,
        billing_currency,
        sum(base_cost) as base_cost,
        sum(period_cost) as period_cost,
        sum(period_cost) - sum(base_cost) as difference,
        sum(new_cost) as new_cost,
        sum(gone_cost) as gone_cost,
        sum(quantity_effect) as quantity_effect,
        sum(price_effect) as price_effect,
        sum(metered_now - metered_base - quantity_effect - price_effect) as mix_effect,
        sum(changed_cost) as changed_cost,
        sum(purchase_effect) as purchase_effect,
        sum(refund_effect) as refund_effect,
        sum(unused_effect) as unused_effect,
        sum(other_effect) as other_effect,
        case when count(period_quantity) = 1 and sum(abs(changed_cost)) = 0 then max(base_quantity) end as base_quantity,
        case when count(period_quantity) = 1 and sum(abs(changed_cost)) = 0 then max(period_quantity) end as period_quantity,
        case
            when count(period_quantity) = 1 and sum(abs(changed_cost)) = 0
                then max(consumed_unit) filter (where period_quantity is not null)
        end as consumed_unit,
        min(first_date) as first_date,
        max(last_date) as last_date,
        bit_count(coalesce(bit_or(base_days), 0))::bigint as base_days,
        bit_count(coalesce(bit_or(period_days), 0))::bigint as period_days,
        bit_count(coalesce(bit_or(base_committed_days), 0))::bigint as base_committed_days,
        bit_count(coalesce(bit_or(period_committed_days), 0))::bigint as period_committed_days,
    from split
    group by all
),

ranked as (
    select
        *,
        row_number() over (
            partition by level
            order by abs(difference) desc, billing_currency, place
        ) as place_in_level,
    from folded
),

listed as (
    select
        *,
        case when place_in_level <= groups then place_in_level end as listed_as,
    from ranked
    where level = 'group'
)

select
    *,
    1 as group_count,
from folded
where level = 'resource'
union all by name
select
    case when grouping(listed_as) = 1 then 'total' when listed_as is null then 'other' else 'group' end as level,
    count(*) as group_count,
    case when listed_as is not null then any_value(place) end as place,
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
    case when listed_as is not null then any_value(base_quantity) end as base_quantity,
    case when listed_as is not null then any_value(period_quantity) end as period_quantity,
    case when listed_as is not null then any_value(consumed_unit) end as consumed_unit,
from listed
group by grouping sets ((billing_currency), (billing_currency, listed_as))
