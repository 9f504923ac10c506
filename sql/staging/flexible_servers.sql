-- PostgreSQL and MySQL flexible servers.
-- grain: one row per server
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
--   state: ready, stopped, ...; a stopped one still pays for its storage.
--   storage_gb: Storage in GB.
--   storage_type: Kind of its disk, such as Premium_LRS or PremiumV2_LRS; null where Azure does not tell.
--   high_availability: disabled, samezone or zoneredundant.
--   replication_role: none, primary, replica, ...
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
    sku_name,
    sku_tier,
    sku_capacity,
    lower(properties ->> '$.state') as state,
    try_cast(properties ->> '$.storage.storageSizeGB' as bigint) as storage_gb,
    properties ->> '$.storage.type' as storage_type,
    lower(properties ->> '$.highAvailability.mode') as high_availability,
    lower(properties ->> '$.replicationRole') as replication_role,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) in ('microsoft.dbforpostgresql/flexibleservers', 'microsoft.dbformysql/flexibleservers')
