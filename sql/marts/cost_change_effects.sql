-- Effects of a change by group, which add up exactly to its difference.
-- grain: one row per level, group or resource, and billing currency
-- base_of: marts.cost_changes
-- parameters:
--   items: Name of what marts.cost_change_items gave, such as that of a WITH.
-- example: (with compared as (from marts.compared_months(charges.service_name, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')), levels as (from marts.cost_change_levels('compared')), items as (from marts.cost_change_items('levels')) from marts.cost_change_effects('items'))
-- columns:
--   has_one_unit: Whether all usage in both periods has one known unit.
--   level: group or resource.
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
--   base_days: Days with a charge then; 0 where a period is longer than 127 days.
--   period_days: Days with a charge now.
--   first_date: First day with a charge in the period to explain.
--   last_date: Last day with a charge in the period to compare with.
--   base_committed_days: Days then on which a commitment covered it.
--   period_committed_days: Days now on which a commitment covers it.
with sums as (
    select
        level,
        place,
        case when level = 'resource' then sub_account_id end as sub_account_id,
        case when level = 'resource' then resource_id end as resource_id,
        case when level = 'resource' and resource_id is null then service_name end as service_name,
        billing_currency,
        cause,
        consumed_unit,
        sum(base_cost) as base_cost,
        sum(period_cost) as period_cost,
        coalesce(sum(expected_cost), 0) as expected_cost,
        coalesce(sum(period_cost - expected_cost), 0) as price_effect,
        sum(base_quantity) as base_quantity,
        sum(period_quantity) as period_quantity,
        min(first_date) as first_date,
        max(last_date) as last_date,
        bit_or(base_days) as base_days,
        bit_or(period_days) as period_days,
        bit_or(base_committed_days) as base_committed_days,
        bit_or(period_committed_days) as period_committed_days,
    from query_table(items)
    group by all
),

priced as (
    select
        *,
        period_cost - base_cost as difference,
        case
            when cause = 'metered' and base_quantity > 0
                then
                    try(
                        (
                            (base_cost::decimal(28, 8) * 100000000)::hugeint
                            * (period_quantity::decimal(28, 8) * 100000000)::hugeint
                            // (base_quantity::decimal(28, 8) * 100000000)::hugeint
                        )::decimal(30, 0)
                        * 0.00000001::decimal(8, 8)
                    )
        end as at_average_price,
        case when cause = 'metered' then period_quantity end as metered_quantity,
    from sums
),

split as (
    select
        *,
        case
            when at_average_price is null then 0
            when abs(at_average_price - expected_cost) < 0.000001 then expected_cost - base_cost
            else at_average_price - base_cost
        end as quantity_effect,
    from priced
)

select
    count(metered_quantity) = 1 and sum(case when cause = 'changed' then abs(difference) else 0 end) = 0
        as has_one_unit,
    level,
    place,
    sub_account_id,
    resource_id,
    service_name,
    billing_currency,
    sum(base_cost) as base_cost,
    sum(period_cost) as period_cost,
    sum(difference) as difference,
    sum(case when cause = 'new' then difference else 0 end) as new_cost,
    sum(case when cause = 'gone' then difference else 0 end) as gone_cost,
    sum(quantity_effect) as quantity_effect,
    sum(price_effect) as price_effect,
    sum(case when cause = 'metered' then difference - quantity_effect - price_effect else 0 end) as mix_effect,
    sum(case when cause = 'changed' then difference else 0 end) as changed_cost,
    sum(case when cause = 'purchase' then difference else 0 end) as purchase_effect,
    sum(case when cause = 'refund' then difference else 0 end) as refund_effect,
    sum(case when cause = 'unused_commitment' then difference else 0 end) as unused_effect,
    sum(case when cause in ('adjustment', 'tax') then difference else 0 end) as other_effect,
    case when has_one_unit then max(case when metered_quantity is not null then base_quantity end) end as base_quantity,
    case when has_one_unit then max(metered_quantity) end as period_quantity,
    case when has_one_unit then max(case when metered_quantity is not null then consumed_unit end) end as consumed_unit,
    min(first_date) as first_date,
    max(last_date) as last_date,
    bit_count(coalesce(bit_or(base_days), 0))::bigint as base_days,
    bit_count(coalesce(bit_or(period_days), 0))::bigint as period_days,
    bit_count(coalesce(bit_or(base_committed_days), 0))::bigint as base_committed_days,
    bit_count(coalesce(bit_or(period_committed_days), 0))::bigint as period_committed_days,
from split
group by all
