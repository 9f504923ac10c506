-- Which months of cost are in the lake, how settled they are, and why one is missing.
-- grain: one row per subscription, calendar month and metric that was asked for
-- source: Azure closes a month by the fifth of the next one; usage arrives for up to 72 hours
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   sub_account_name: Its name.
--   billing_month: First day of the calendar month (UTC).
--   metric: billed_cost (Azure's ActualCost) or effective_cost (AmortizedCost).
--   loaded_at: Instant of the load in the lake (UTC); null when the month is missing.
--   month_status: missing; open (its days still change); closed (loaded after the fifth of the next month).
--   last_open_date: Last day of the month that the load could know of (UTC); null for closed and missing months.
--   outcome: Outcome of the latest attempt.
--   reason: Why the latest attempt did not load everything; null when it did.
--   next_step: What to do about it.
select
    chunks.scope_id as sub_account_id,
    subscriptions.sub_account_name,
    chunks.month as billing_month,
    case chunks.metric when 'ActualCost' then 'billed_cost' else 'effective_cost' end as metric,
    chunks.last_success_at as loaded_at,
    case
        when chunks.last_success_at is null then 'missing'
        when
            (chunks.last_success_at at time zone 'UTC')
            < date_trunc('month', chunks.month + interval 1 month) + interval 5 day
            then 'open'
        else 'closed'
    end as month_status,
    case
        when
            (chunks.last_success_at at time zone 'UTC')
            < date_trunc('month', chunks.month + interval 1 month) + interval 5 day
            then least(last_day(chunks.month), (chunks.last_success_at at time zone 'UTC')::date)
    end as last_open_date,
    chunks.last_outcome as outcome,
    nullif(chunks.last_reason, '') as reason,
    nullif(chunks.last_next_step, '') as next_step,
from meta.cost_chunks as chunks
left join marts.subscriptions as subscriptions on chunks.scope_id = subscriptions.sub_account_id
where chunks.scope_id like '/subscriptions/%' and chunks.scope_id not like '/subscriptions/%/%'
