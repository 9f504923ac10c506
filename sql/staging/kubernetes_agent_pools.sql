-- Node pools of AKS clusters.
-- grain: one row per cluster and node pool
-- columns:
--   cluster_id: Cluster, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   agent_pool_name: Name of the pool.
--   vm_size: Size of its nodes.
--   node_count: Nodes it has now.
--   minimum_count: Fewest nodes of automatic scaling.
--   maximum_count: Most nodes of automatic scaling.
--   is_autoscaled: Whether it scales by itself.
--   mode: system or user.
--   priority: regular or spot.
--   os_type: Linux or Windows.
--   power_state: running or stopped.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
with unnested as (
    select
        lower(id) as cluster_id,
        _scope_id,
        _loaded_at,
        listed.last_success_at,
        unnest((properties -> '$.agentPoolProfiles')::json[]) as pool,
    from raw.graph_resources as items
    left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
    where lower(type) = 'microsoft.containerservice/managedclusters'
)

select
    cluster_id,
    _scope_id as sub_account_id,
    pool ->> '$.name' as agent_pool_name,
    pool ->> '$.vmSize' as vm_size,
    try_cast(pool ->> '$.count' as int) as node_count,
    try_cast(pool ->> '$.minCount' as int) as minimum_count,
    try_cast(pool ->> '$.maxCount' as int) as maximum_count,
    coalesce(try_cast(pool ->> '$.enableAutoScaling' as boolean), false) as is_autoscaled,
    lower(pool ->> '$.mode') as mode,
    lower(coalesce(pool ->> '$.scaleSetPriority', 'Regular')) as priority,
    pool ->> '$.osType' as os_type,
    lower(pool ->> '$.powerState.code') as power_state,
    _loaded_at as valid_from,
    last_success_at as loaded_at,
from unnested
