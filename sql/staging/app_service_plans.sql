-- App Service plans.
-- grain: one row per plan
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
--   site_count: Apps on it, as Azure counts them (slots are not counted).
--   worker_count: Machines.
--   status: ready, creating or pending.
--   is_linux: Whether its machines run Linux.
--   is_zone_redundant: Whether its machines are spread over zones.
--   is_scaled_automatically: Whether the platform adds machines by itself, as the apps' traffic asks for (automatic scaling).
--   environment_id: App Service environment it lies in, lower case.
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
    try_cast(properties ->> '$.numberOfSites' as bigint) as site_count,
    try_cast(properties ->> '$.numberOfWorkers' as bigint) as worker_count,
    lower(properties ->> '$.status') as status,
    coalesce(try_cast(properties ->> '$.reserved' as boolean), lower(kind) like '%linux%', false) as is_linux,
    coalesce(try_cast(properties ->> '$.zoneRedundant' as boolean), false) as is_zone_redundant,
    coalesce(try_cast(properties ->> '$.elasticScaleEnabled' as boolean), false) as is_scaled_automatically,
    lower(properties ->> '$.hostingEnvironmentProfile.id') as environment_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.web/serverfarms'
