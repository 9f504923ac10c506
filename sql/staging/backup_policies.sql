-- Policies of Recovery Services vaults.
-- grain: one row per policy
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   backup_type: azureiaasvm, azureworkload, azurestorage, ...
--   protected_item_count: Items under it.
--   weekly_retention: Weeks a weekly backup is kept.
--   monthly_retention: Months a monthly backup is kept.
--   yearly_retention: Years a yearly backup is kept.
--   vault_id: Vault it is in, lower case.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(properties ->> '$.backupManagementType') as backup_type,
    try_cast(properties ->> '$.protectedItemsCount' as bigint) as protected_item_count,
    try_cast(properties ->> '$.retentionPolicy.weeklySchedule.retentionDuration.count' as bigint) as weekly_retention,
    try_cast(
        properties ->> '$.retentionPolicy.monthlySchedule.retentionDuration.count' as bigint
    ) as monthly_retention,
    try_cast(properties ->> '$.retentionPolicy.yearlySchedule.retentionDuration.count' as bigint) as yearly_retention,
    regexp_extract(lower(id), '^.*/vaults/[^/]+') as vault_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.recoveryservices/vaults/backuppolicies'
