-- Cost by resource and by the tags that are written on its charges, as marts.written_tags has it, from running totals of months: a tenth of the rows.
-- grain: one row per month, subscription, service, resource, set of tags on the charge, and billing currency
-- base_of: marts.tagged_cost
-- parameters:
--   start_date: First day (UTC).
--   end_date: Last day (UTC), inclusive.
-- example: marts.written_tags_by_month(date '2026-10-01', date '2026-10-31')
-- like: marts.written_tags
with months as (
    select
        billing_month,
        sub_account_id,
        service_name,
        resource_type,
        resource_id,
        billing_currency,
        tags::varchar as written,
        charged_days::bigint as days,
        billed_days,
        effective_days,
        billed_to,
        amortized_to,
        (1::bigint << least(greatest(start_date - first_day, 0), 31)) - 1 as before,
        (1::bigint << least(greatest(end_date - first_day + 1, 0), 31)) - 1 as through,
    from marts.charge_months
    where first_day between date_trunc('month', start_date)::date and end_date
),

summed as (
    select
        *,
        billed_to[bit_count(days & through)] - coalesce(billed_to[bit_count(days & before)], 0) as billed,
        coalesce(amortized_to[bit_count(days & through)] - coalesce(amortized_to[bit_count(days & before)], 0), 0) as amortized,
        through & ~before as within,
    from months
    where days & through & ~before > 0
)

select
    billing_month,
    sub_account_id,
    service_name,
    resource_type,
    resource_id,
    billing_currency,
    written,
    sum(case when billed_days & within > 0 then billed end) as billed_cost,
    sum(case when effective_days & within > 0 then billed + amortized end) as effective_cost,
from summed
group by all
