-- SQL databases, master included.
-- grain: one row per database
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   kind: Variant of the type, lower case.
--   sku_name: Name of the SKU.
--   sku_tier: Tier of the SKU.
--   sku_capacity: Units of the SKU.
--   status: online, paused, ...
--   elastic_pool_id: Pool it is in, lower case.
--   service_objective: Performance level, such as S3.
--   max_size_bytes: Size it may grow to.
--   license_type: LicenseIncluded or BasePrice (hybrid benefit).
--   secondary_type: geo, named or standby; null for a primary.
--   failover_group_id: Failover group it is in, lower case.
--   auto_pause_minutes: Minutes until a serverless one pauses; -1 never; null when it is not serverless.
--   backup_redundancy: Geo, GeoZone, Zone or Local.
--   created_at: Instant of creation (UTC).
--   server_id: Server it is on, lower case.
--   is_master: Whether it is the system database.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(kind) as kind,
    sku_name,
    sku_tier,
    sku_capacity,
    lower(properties ->> '$.status') as status,
    lower(properties ->> '$.elasticPoolId') as elastic_pool_id,
    properties ->> '$.currentServiceObjectiveName' as service_objective,
    try_cast(properties ->> '$.maxSizeBytes' as bigint) as max_size_bytes,
    properties ->> '$.licenseType' as license_type,
    lower(properties ->> '$.secondaryType') as secondary_type,
    lower(properties ->> '$.failoverGroupId') as failover_group_id,
    try_cast(properties ->> '$.autoPauseDelay' as bigint) as auto_pause_minutes,
    properties ->> '$.currentBackupStorageRedundancy' as backup_redundancy,
    try_cast(properties ->> '$.creationDate' as timestamptz) as created_at,
    regexp_replace(lower(id), '/databases/[^/]+$', '') as server_id,
    lower(name) = 'master' as is_master,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.sql/servers/databases'
