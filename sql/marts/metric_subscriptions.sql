-- The subscriptions whose resources can be judged by use: metrics are switched on (FINOPS_LAKE_METRICS), and were asked for.
-- Without a row here the checks that need metrics list nothing of a subscription, and only Advisor's verdict stands.
-- grain: one row per subscription
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   last_success_at: Instant of the latest load of metrics (UTC); null when there is none.
--   reason: Why the latest attempt did not bring everything; null when it did.
--   unknown: Why nothing can be judged by the figures there are, in one sentence; null when they will do.
with told as (
    select
        scope_id,
        max(last_success_at) filter (where table_name = 'resource_metrics') as last_success_at,
        max(last_outcome) filter (where table_name = 'resource_metrics') as last_outcome,
        nullif(max(last_reason) filter (where table_name = 'resource_metrics'), '') as reason,
        max(last_success_at) filter (where table_name <> 'resource_metrics') as listed_at,
    from meta.chunks
    where table_name in ('resource_metrics', 'resources', 'virtual_machines', 'graph_resources')
    group by scope_id
    having count(*) filter (where table_name = 'resource_metrics') > 0
)

select
    scope_id as sub_account_id,
    last_success_at,
    reason,
    case
        when last_success_at is null then 'Its metrics could not be read: ' || coalesce(reason, last_outcome)
        when last_success_at < listed_at - interval 3 days
            then 'Its metrics were last read on ' || strftime(last_success_at at time zone 'UTC', '%Y-%m-%d') || '.'
    end as unknown,
from told
where not exists (select 1 from meta.lake where key = 'metrics' and value = 'off')
