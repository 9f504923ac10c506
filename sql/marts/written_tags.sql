-- Cost by resource and by the tags that are written on its charges.
-- grain: one row per month, subscription, service, resource, set of tags on the charge, and billing currency
-- base_of: marts.tagged_cost
-- parameters:
--   first_day := null: First day (UTC); default: all that is held.
--   last_day := null: Last day (UTC), inclusive; default: all that is held.
--   source := 'marts.charges': What to read; 'marts.charges_now' is faster.
-- example: marts.written_tags(first_day := date '2026-10-01', last_day := date '2026-10-31')
-- columns:
--   billing_month: First day of the calendar month (UTC).
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   service_name: Service by the bill.
--   resource_type: Resource type, lower case; null without a resource.
--   resource_id: Resource; null for charges without one.
--   billing_currency: Currency of the amounts; never add different ones.
--   written: Tags as the charges have them, as JSON; null where they have none.
--   billed_cost: Actual cost, before tax; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
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
from query_table(source) as charges
where charges.charge_period_start between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
group by all
