-- Cost by subscription, resource group and calendar month.
-- grain: one row per month, subscription, resource group and billing currency
-- example: pivot (select x_resource_group_name, billing_currency, strftime(billing_month, '%Y-%m') as month, billed_cost
--   from marts.cost_by_resource_group_monthly) on month in ('2026-09', '2026-10', '2026-11') using sum(billed_cost)
-- columns:
--   billing_month: First day of the calendar month (UTC).
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   sub_account_name: Its name.
--   x_resource_group_name: Resource group, lower case; null for charges without one.
--   billing_currency: Currency of the amounts; never add different ones.
--   billed_cost: Actual cost, before tax; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
select
    charges.billing_month,
    charges.sub_account_id,
    subscriptions.sub_account_name,
    charges.x_resource_group_name,
    charges.billing_currency,
    sum(charges.billed_cost) as billed_cost,
    sum(charges.effective_cost) as effective_cost,
from marts.charges as charges
left join marts.subscriptions as subscriptions using (sub_account_id)
group by all
