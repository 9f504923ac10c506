-- SQL managed instances.
-- grain: one row per instance
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: Name of the SKU.
--   sku_tier: Tier of the SKU.
--   sku_capacity: Units of the SKU.
--   state: ready, stopped, ...
--   vcores: Virtual cores.
--   storage_gb: Storage in GB.
--   license_type: LicenseIncluded or BasePrice (hybrid benefit).
--   instance_pool_id: Instance pool it lies in and is paid for with, lower case; null for most.
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
    lower(properties ->> '$.state') as state,
    try_cast(properties ->> '$.vCores' as bigint) as vcores,
    try_cast(properties ->> '$.storageSizeInGB' as bigint) as storage_gb,
    properties ->> '$.licenseType' as license_type,
    nullif(lower(properties ->> '$.instancePoolId'), '') as instance_pool_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.sql/managedinstances'
