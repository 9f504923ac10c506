-- Web apps, function apps and their slots.
-- grain: one row per app or slot
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   resource_type: Resource type, lower case.
--   kind: Variant of the type, lower case.
--   state: running or stopped.
--   is_enabled: Whether it takes requests.
--   server_farm_id: Plan it runs on, lower case.
--   plan_tier: Tier of its plan, as the app tells it.
--   modified_at: Instant of its last change (UTC).
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
    lower(kind) as kind,
    lower(properties ->> '$.state') as state,
    try_cast(properties ->> '$.enabled' as boolean) as is_enabled,
    lower(properties ->> '$.serverFarmId') as server_farm_id,
    properties ->> '$.sku' as plan_tier,
    try_cast(properties ->> '$.lastModifiedTimeUtc' as timestamptz) as modified_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) in ('microsoft.web/sites', 'microsoft.web/sites/slots')
