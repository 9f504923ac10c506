-- Cost by resource and by the tags that are written on its charges, as marts.written_tags has it, from running totals of months: a tenth of the rows.
-- grain: one row per month, subscription, service, resource, set of tags on the charge, and billing currency
-- base_of: marts.tagged_cost
-- parameters:
--   start_date: First day (UTC).
--   end_date: Last day (UTC), inclusive.
-- example: marts.written_tags_by_month(date '2026-10-01', date '2026-10-31')
-- like: marts.written_tags
select
    charges.billing_month,
    charges.sub_account_id,
    charges.service_name,
    charges.resource_type,
    charges.resource_id,
    charges.billing_currency,
    charges.tags::varchar as written,
    sum(charges.billed_cost) as billed_cost,
    sum(charges.effective_cost) as effective_cost,
from marts.charges_within(start_date, end_date) as charges
group by all
