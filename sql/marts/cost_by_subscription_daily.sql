-- Cost by subscription and day.
-- grain: one row per UTC day, subscription and billing currency
-- columns:
--   charge_date: UTC day.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   sub_account_name: Its name.
--   billing_currency: Currency of the amounts; never add different ones.
--   billed_cost: Actual cost, before tax; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
select
    charges.charge_period_start as charge_date,
    charges.sub_account_id,
    subscriptions.sub_account_name,
    charges.billing_currency,
    sum(charges.billed_cost) as billed_cost,
    sum(charges.effective_cost) as effective_cost,
from marts.charges as charges
left join marts.subscriptions as subscriptions using (sub_account_id)
group by all
