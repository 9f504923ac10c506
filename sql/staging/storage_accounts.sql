-- Storage accounts.
-- grain: one row per account
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   kind: Variant of the type, lower case.
--   sku_name: Redundancy, such as Standard_GRS.
--   sku_tier: Standard or Premium.
--   access_tier: hot, cool or cold; null for old kinds.
--   is_hierarchical: Whether it is a Data Lake.
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
    lower(kind) as kind,
    sku_name,
    sku_tier,
    lower(properties ->> '$.accessTier') as access_tier,
    try_cast(properties ->> '$.isHnsEnabled' as boolean) as is_hierarchical,
    try_cast(properties ->> '$.creationTime' as timestamptz) as created_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.storage/storageaccounts'
