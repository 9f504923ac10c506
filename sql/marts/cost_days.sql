-- How settled each day of cost is.
-- grain: one row per subscription and UTC day with charges
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   charge_date: UTC day.
--   day_status: open while Azure still adds to it (the day of the load and the three before), settling until its month is closed (five days into the next month, UTC), then closed.
--   loaded_at: Instant of the load that the day's figures come from (UTC).
select
    days.sub_account_id,
    days.charge_date,
    case
        when days.charge_date > (chunks.loaded_at at time zone 'UTC')::date - 4 then 'open'
        when chunks.loaded_at < (date_trunc('month', days.charge_date) + interval 1 month + interval 5 day) at time zone 'UTC' then 'settling'
        else 'closed'
    end as day_status,
    chunks.loaded_at,
from (
    select distinct
        sub_account_id,
        x_scope_id,
        billing_month,
        charge_period_start as charge_date,
    from marts.charges
) as days
inner join (
    select
        scope_id,
        month,
        min(last_success_at) as loaded_at,
    from meta.cost_chunks
    where last_success_at is not null
    group by all
) as chunks
    on days.x_scope_id = chunks.scope_id and days.billing_month = chunks.month
