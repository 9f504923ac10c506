-- Backed up machines, databases and shares.
-- grain: one row per protected item
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   source_resource_id: What is backed up, lower case.
--   last_backup_at: Instant of the latest backup (UTC).
--   protection_state: protected, protectionstopped, ...
--   workload_type: vm, sqldatabase, azurefileshare, ...
--   policy_name: Policy in force.
--   policy_id: Policy in force, lower case.
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
    lower(properties ->> '$.sourceResourceId') as source_resource_id,
    try_cast(properties ->> '$.lastBackupTime' as timestamptz) as last_backup_at,
    lower(properties ->> '$.protectionState') as protection_state,
    lower(properties ->> '$.workloadType') as workload_type,
    properties ->> '$.policyName' as policy_name,
    lower(properties ->> '$.policyId') as policy_id,
    regexp_extract(lower(id), '^.*/vaults/[^/]+') as vault_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems'
