-- The last day of each subscription whose cost is complete: later days are still being added to.
-- grain: one row per subscription with cost in the lake
-- source: usage arrives for up to 72 hours, so the day of the load and the three before it are open
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   settled_date: Last settled day (UTC).
select
    sub_account_id,
    (max(loaded_at) at time zone 'UTC')::date - 4 as settled_date,
from marts.cost_months
where loaded_at is not null
group by sub_account_id
