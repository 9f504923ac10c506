-- Which months of cost are in the lake, how settled they are, and why one is missing.
-- grain: one row per subscription, calendar month and metric that was asked for
-- source: Azure closes a month by the fifth of the next one; usage arrives for up to 72 hours; exports run on the fifth for the last time; where another scope or a file counts, its months are told
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
with chunks_of_cost as materialized (  -- it is read twice
    select * from meta.cost_chunks
),

counted_elsewhere as (
    select
        candidates.account_id as sub_account_id,
        chunks.* exclude (scope_id),
        chunks.table_name in ('cost_exports', 'focus_charges') as is_file,
    from charges.candidates as candidates
    inner join chunks_of_cost as chunks
        on candidates.x_scope_id = chunks.scope_id
        and candidates.billing_month = chunks.month
        and candidates.x_source = case chunks.table_name when 'focus_charges' then 'focus' when 'cost_exports' then 'cost_export' when 'cost_daily' then 'query' else chunks.table_name end
    where
        candidates.is_counted
        and candidates.account_id like '/subscriptions/%'
        and candidates.x_scope_id <> candidates.account_id
        and candidates.x_scope_id not like '/subscriptions/%/resourcegroups/%'
    qualify row_number() over (partition by candidates.account_id, chunks.month, chunks.metric order by chunks.last_success_at desc nulls last) = 1
),

chosen as (
    from counted_elsewhere
    union all by name
    select
        chunks.scope_id as sub_account_id,
        chunks.* exclude (scope_id),
        false as is_file,
    from chunks_of_cost as chunks
    anti join counted_elsewhere
        on chunks.scope_id = counted_elsewhere.sub_account_id
        and chunks.month = counted_elsewhere.month
        and chunks.metric = counted_elsewhere.metric
    where chunks.scope_id like '/subscriptions/%' and chunks.scope_id not like '/subscriptions/%/%'
),

judged as (
    select
        *,
        (last_success_at at time zone 'UTC')
        < date_trunc('month', month + interval 1 month) + case when is_file then interval 4 day else interval 5 day end as is_open,
    from chosen
)

select
    chunks.sub_account_id,
    subscriptions.sub_account_name,
    chunks.month as billing_month,
    case chunks.metric when 'ActualCost' then 'billed_cost' else 'effective_cost' end as metric,
    chunks.last_success_at as loaded_at,
    case when chunks.last_success_at is null then 'missing' when chunks.is_open then 'open' else 'closed' end as month_status,
    case when chunks.is_open then least(last_day(chunks.month), (chunks.last_success_at at time zone 'UTC')::date) end as last_open_date,
    chunks.last_outcome as outcome,
    nullif(chunks.last_reason, '') as reason,
    nullif(chunks.last_next_step, '') as next_step,
from judged as chunks
left join marts.subscriptions as subscriptions using (sub_account_id)
