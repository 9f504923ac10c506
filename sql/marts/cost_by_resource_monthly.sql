-- Cost by resource and calendar month.
-- grain: one row per month, resource and billing currency; charges without a resource together in one row per subscription
-- columns:
--   billing_month: First day of the calendar month (UTC).
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   x_resource_group_name: Resource group, lower case.
--   resource_id: Full ARM id, lower case; null for charges without a resource.
--   resource_type: Type by the resource id.
--   billing_currency: Currency of the amounts; never add different ones.
--   billed_cost: Actual cost, before tax; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
select
    billing_month,
    sub_account_id,
    x_resource_group_name,
    resource_id,
    resource_type,
    billing_currency,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
from marts.charges
group by all
