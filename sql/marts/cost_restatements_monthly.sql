-- How much each load changed of what was known: the sum of its restatements, exactly.
-- grain: one row per instant of learning, source, subscription, month of the charges and billing currency
-- columns:
--   learned_at: Instant of the load that brought the differences (UTC).
--   x_source: Where the charges came from: focus, cost_details, cost_export, usage_details or query.
--   sub_account_id: Subscription, /subscriptions/<guid>; another cloud's account as written.
--   billing_month: First day of the calendar month (UTC) of the charges.
--   billing_currency: Currency of the amounts; never add different ones.
--   first_date: First UTC day with a difference.
--   last_date: Last UTC day with a difference.
--   charges_changed: Charge keys with a difference.
--   billed_cost_change: What actual cost grew by; negative when it shrank. Null when not loaded.
--   effective_cost_change: What amortized cost grew by.
select
    learned_at,
    x_source,
    sub_account_id,
    billing_month,
    billing_currency,
    min(charge_date) as first_date,
    max(charge_date) as last_date,
    count(*) as charges_changed,
    sum(billed_cost_change) as billed_cost_change,
    sum(effective_cost_change) as effective_cost_change,
from marts.cost_restatements
group by all
