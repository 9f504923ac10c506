-- Cost by resource and by the tags that are written on its charges.
-- grain: one row per month, subscription, service, resource, set of tags on the charge, and billing currency
-- base_of: marts.tagged_cost
-- parameters:
--   charges_of: Name of the charges, such as that of a WITH: marts.charges, or marts.charges_within a period.
-- example: (with within as (from marts.charges_within(date '2026-10-01', date '2026-10-31')) from marts.written_tags('within'))
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
from query_table(charges_of) as charges
group by all
