-- The subscriptions whose resources can be judged by use: metrics are switched on (FINOPS_LAKE_METRICS), and were asked for.
-- Without a row here the checks that need metrics list nothing of a subscription, and only Advisor's verdict stands.
-- grain: one row per subscription
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   last_success_at: Instant of the latest load of metrics (UTC); null when there is none.
--   reason: Why the latest attempt did not bring everything; null when it did.
--   unknown: Why nothing can be judged by the figures there are, in one sentence; null when they will do.
with asked as (
    select scope_id, last_success_at, last_outcome, nullif(last_reason, '') as reason,
    from meta.chunks
    where table_name = 'resource_metrics'
),

listed as (
    select scope_id, max(last_success_at) as last_success_at,
    from meta.last_success
    where table_name in ('resources', 'virtual_machines', 'graph_resources')
    group by scope_id
)

select
    asked.scope_id as sub_account_id,
    asked.last_success_at,
    asked.reason,
    case
        when asked.last_success_at is null then 'Its metrics could not be read: ' || coalesce(asked.reason, asked.last_outcome)
        when asked.last_success_at < listed.last_success_at - interval 3 days
            then 'Its metrics were last read on ' || strftime(asked.last_success_at at time zone 'UTC', '%Y-%m-%d') || '.'
    end as unknown,
from asked
left join listed using (scope_id)
where not exists (select 1 from meta.lake where key = 'metrics' and value = 'off')
