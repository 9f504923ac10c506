-- AKS clusters.
-- grain: one row per cluster
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: Name of the SKU.
--   sku_tier: Tier of the SKU.
--   sku_capacity: Units of the SKU.
--   power_state: running or stopped.
--   node_resource_group_name: Resource group of its nodes, lower case.
--   agent_pool_count: Node pools.
--   makes_nodes_itself: Whether the cluster chooses and makes its nodes itself (node auto-provisioning).
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    sku_name,
    sku_tier,
    sku_capacity,
    lower(properties ->> '$.powerState.code') as power_state,
    lower(properties ->> '$.nodeResourceGroup') as node_resource_group_name,
    coalesce(json_array_length(properties -> '$.agentPoolProfiles'), 0)::int as agent_pool_count,
    coalesce(lower(properties ->> '$.nodeProvisioningProfile.mode') = 'auto', false) as makes_nodes_itself,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.containerservice/managedclusters'
