-- The last complete day of each subscription, and of charges without one: that on which every subscription is complete.
-- grain: one row per subscription with cost in the lake, and one for charges without a subscription
-- base_of: marts.cost_anomaly_days, marts.cost_first_seen
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   settled_date: Last settled day (UTC); of charges without a subscription the earliest of all.
select
    sub_account_id,
    min(settled_date) as settled_date,
from marts.cost_settled
group by grouping sets ((sub_account_id), ())
