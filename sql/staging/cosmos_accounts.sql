-- Cosmos DB accounts.
-- grain: one row per account
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   kind: Variant of the type, lower case.
--   is_free_tier: Whether the free tier is applied.
--   backup_type: periodic or continuous.
--   backup_interval_minutes: Minutes between periodic backups.
--   backup_retention_hours: Hours periodic backups are kept.
--   region_count: Regions it is in.
--   is_multi_write: Whether every region takes writes.
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
    try_cast(properties ->> '$.enableFreeTier' as boolean) as is_free_tier,
    lower(properties ->> '$.backupPolicy.type') as backup_type,
    try_cast(
        properties ->> '$.backupPolicy.periodicModeProperties.backupIntervalInMinutes' as bigint
    ) as backup_interval_minutes,
    try_cast(
        properties ->> '$.backupPolicy.periodicModeProperties.backupRetentionIntervalInHours' as bigint
    ) as backup_retention_hours,
    coalesce(json_array_length(properties -> '$.locations'), 0)::int as region_count,
    try_cast(properties ->> '$.enableMultipleWriteLocations' as boolean) as is_multi_write,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.documentdb/databaseaccounts'
