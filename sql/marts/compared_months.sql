-- What each thing that is billed cost in two periods, as marts.compared_charges has it, from running totals of its months: a tenth of the rows.
-- grain: one row per group, subscription, resource, service, meter, unit, kind of charge and billing currency
-- base_of: marts.cost_changes
-- parameters:
--   dimension: What to group by, such as charges.service_name, or a struct of several; charges are marts.charge_months.
--   base_start: First day (UTC) of the period to compare with.
--   base_end: Last day of it, inclusive.
--   period_start: First day of the period to explain.
--   period_end: Last day of it, inclusive.
--   keep := true: Condition on charges, such as charges.region_id = 'westeurope'.
--   amortized := false: Whether to compare amortized (effective) instead of actual (billed) cost.
-- example: marts.compared_months(charges.service_name, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')
-- like: marts.compared_charges
with months as (
    select
        dimension as place,
        charges.sub_account_id,
        charges.resource_id,
        charges.service_name,
        coalesce(charges.x_meter_id, charges.sku_price_id) as meter,
        charges.consumed_unit,
        charges.billing_currency,
        charges.charge_kind,
        charges.commitment_discount_id is not null as is_committed,
        charges.first_day,
        charges.charged_days::bigint as days,
        charges.unmeasured_days,
        charges.billed_to,
        charges.amortized_to,
        charges.quantity_to,
        (1::bigint << least(greatest(base_start - charges.first_day, 0), 31)) - 1 as before_base,
        (1::bigint << least(greatest(base_end - charges.first_day + 1, 0), 31)) - 1 as through_base,
        (1::bigint << least(greatest(period_start - charges.first_day, 0), 31)) - 1 as before_period,
        (1::bigint << least(greatest(period_end - charges.first_day + 1, 0), 31)) - 1 as through_period,
    from marts.charge_months as charges
    where
        charges.first_day
            between date_trunc('month', least(base_start, period_start))::date and greatest(base_end, period_end)
        and keep
),

placed as (  -- the places in running totals before and at the end of both periods; 0 is no place
    select
        *,
        days & through_base & ~before_base as of_base,
        days & through_period & ~before_period as of_period,
        bit_count(days & before_base) as base_from,
        bit_count(days & through_base) as base_to,
        bit_count(days & before_period) as period_from,
        bit_count(days & through_period) as period_to,
    from months
),

summed as (
    select
        *,
        case when of_base > 0 then billed_to[base_to] - coalesce(billed_to[base_from], 0) end as billed_base,
        case when of_period > 0 then billed_to[period_to] - coalesce(billed_to[period_from], 0) end as billed_period,
        case when amortized and of_base > 0 then amortized_to[base_to] - coalesce(amortized_to[base_from], 0) end
            as more_base,
        case when amortized and of_period > 0 then amortized_to[period_to] - coalesce(amortized_to[period_from], 0) end
            as more_period,
        case when of_base > 0 then quantity_to[base_to] - coalesce(quantity_to[base_from], 0) end as base_quantity,
        case when of_period > 0 then quantity_to[period_to] - coalesce(quantity_to[period_from], 0) end
            as period_quantity,
        (of_base | of_period) & unmeasured_days = 0 as is_measured,
        case when of_period > 0 then first_day + bit_count(xor(of_period, of_period - 1)) - 1 end as first_date,
        case when of_base > 0 then first_day + floor(log2(of_base))::integer end as last_date,
        case
            when greatest(base_end - base_start, period_end - period_start) > 126 or of_base = 0 then null
            when first_day < base_start then of_base::hugeint >> (base_start - first_day)::hugeint
            else of_base::hugeint << (first_day - base_start)::hugeint
        end as base_days,
        case
            when greatest(base_end - base_start, period_end - period_start) > 126 or of_period = 0 then null
            when first_day < period_start then of_period::hugeint >> (period_start - first_day)::hugeint
            else of_period::hugeint << (first_day - period_start)::hugeint
        end as period_days,
    from placed
    where of_base | of_period > 0
)

select
    place,
    sub_account_id,
    resource_id,
    service_name,
    meter,
    consumed_unit,
    billing_currency,
    charge_kind,
    coalesce(sum(billed_base), 0) + coalesce(sum(more_base), 0) as base_cost,
    coalesce(sum(billed_period), 0) + coalesce(sum(more_period), 0) as period_cost,
    case when bool_and(is_measured) then coalesce(sum(base_quantity), 0) end as base_quantity,
    case when bool_and(is_measured) then coalesce(sum(period_quantity), 0) end as period_quantity,
    min(first_date) as first_date,
    max(last_date) as last_date,
    bit_or(base_days) as base_days,
    bit_or(period_days) as period_days,
    bit_or(case when is_committed then base_days end) as base_committed_days,
    bit_or(case when is_committed then period_days end) as period_committed_days,
from summed
group by all
