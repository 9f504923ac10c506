-- Log Analytics workspaces.
-- grain: one row per workspace
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   plan: pergb2018, pernode, standalone, capacityreservation, ...
--   commitment_gb: GB a day committed to.
--   retention_days: Days data is kept.
--   daily_quota_gb: Cap in GB a day; -1 for none.
--   created_at: Instant of creation (UTC).
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(properties ->> '$.sku.name') as plan,
    try_cast(properties ->> '$.sku.capacityReservationLevel' as bigint) as commitment_gb,
    try_cast(properties ->> '$.retentionInDays' as bigint) as retention_days,
    try_cast(properties ->> '$.workspaceCapping.dailyQuotaGb' as decimal(18, 3)) as daily_quota_gb,
    try_cast(properties ->> '$.createdDate' as timestamptz) as created_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.operationalinsights/workspaces'
