-- Services that are billed by the hour while they run: analytics, machine learning, messaging, caches.
-- grain: one row per service
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   resource_type: Resource type, lower case.
--   sku_name: Name of the SKU.
--   sku_tier: Tier of the SKU.
--   sku_capacity: Units of the SKU.
--   state: online, running, active, paused, stopped, ... (lower case); null where the type has none.
--   has_optimized_autoscale: Whether a Data Explorer cluster scales by itself.
--   is_stopped_when_unused: Whether Azure stops a Data Explorer cluster by itself once nobody uses it.
--   cluster_id: Dedicated cluster that an Event Hubs namespace lies in, lower case; null for all else.
--   created_at: Instant of creation (UTC), where the type tells it.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(type) as resource_type,
    coalesce(sku_name, properties ->> '$.sku.name', properties ->> '$.properties.vmSize') as sku_name,
    sku_tier,
    sku_capacity,
    lower(coalesce(
        properties ->> '$.status', properties ->> '$.state', properties ->> '$.properties.state',
        properties ->> '$.clusterState', properties ->> '$.instanceView.state'
    )) as state,
    try_cast(properties ->> '$.optimizedAutoscale.isEnabled' as boolean) as has_optimized_autoscale,
    try_cast(properties ->> '$.enableAutoStop' as boolean) as is_stopped_when_unused,
    nullif(lower(properties ->> '$.clusterArmId'), '') as cluster_id,
    try_cast(coalesce(
        properties ->> '$.creationDate', properties ->> '$.createdDate', properties ->> '$.createdAt',
        properties ->> '$.createdAtUtc', properties ->> '$.createdOn'
    ) as timestamptz) as created_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) in (
    'microsoft.synapse/workspaces/sqlpools',
    'microsoft.kusto/clusters',
    'microsoft.fabric/capacities',
    'microsoft.powerbidedicated/capacities',
    'microsoft.hdinsight/clusters',
    'microsoft.machinelearningservices/workspaces/computes',
    'microsoft.eventhub/namespaces',
    'microsoft.servicebus/namespaces',
    'microsoft.apimanagement/service',
    'microsoft.cache/redis',
    'microsoft.cache/redisenterprise',
    'microsoft.containerregistry/registries',
    'microsoft.containerinstance/containergroups',
    'microsoft.cognitiveservices/accounts/deployments',
    'microsoft.search/searchservices',
    'microsoft.servicefabric/clusters'
)
