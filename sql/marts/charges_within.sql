-- What each thing that is billed cost in a period, from running totals of its months: a tenth of the rows of marts.charges, without their days.
-- grain: one row per row of marts.charge_months that has a charge in the period
-- base_of: marts.tagged_cost
-- parameters:
--   start_date: First day (UTC).
--   end_date: Last day (UTC), inclusive.
-- example: marts.charges_within(date '2026-10-01', date '2026-10-31')
-- like: marts.charge_months
-- columns:
--   billed_cost: Actual cost of the period, before tax; null when not loaded.
--   effective_cost: Amortized cost of the period; null when not loaded.
with months as (
    select
        *,
        charged_days::bigint as days,
        (1::bigint << least(greatest(start_date - first_day, 0), 31)) - 1 as before,
        (1::bigint << least(greatest(end_date - first_day + 1, 0), 31)) - 1 as through,
    from marts.charge_months
    where first_day between date_trunc('month', start_date)::date and end_date
),

placed as (  -- the places in running totals before and at the end of the period; 0 is no place
    select
        *,
        bit_count(days & before) as place_before,
        bit_count(days & through) as place_through,
        through & ~before as within,
    from months
    where days & through & ~before > 0
)

select
    * exclude (
        first_day, charge_count, charged_days, billed_days, effective_days, unmeasured_days, billed_to, amortized_to,
        quantity_to, days, before, through, place_before, place_through, within
    ),
    case when billed_days & within > 0 then billed_to[place_through] - coalesce(billed_to[place_before], 0) end
        as billed_cost,
    case
        when effective_days & within > 0
            then
                billed_to[place_through] - coalesce(billed_to[place_before], 0)
                + coalesce(amortized_to[place_through] - coalesce(amortized_to[place_before], 0), 0)
    end as effective_cost,
from placed
