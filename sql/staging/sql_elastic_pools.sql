-- SQL elastic pools.
-- grain: one row per pool
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: Name of the SKU.
--   sku_tier: Tier of the SKU.
--   sku_capacity: Units of the SKU.
--   state: ready, disabled, ...
--   max_size_bytes: Size that its databases may grow to together.
--   license_type: LicenseIncluded or BasePrice (hybrid benefit).
--   created_at: Instant of creation (UTC).
--   server_id: Server it is on, lower case.
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
    try_cast(properties ->> '$.maxSizeBytes' as bigint) as max_size_bytes,
    properties ->> '$.licenseType' as license_type,
    try_cast(properties ->> '$.creationDate' as timestamptz) as created_at,
    regexp_replace(lower(id), '/elasticpools/[^/]+$', '') as server_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.sql/servers/elasticpools'
