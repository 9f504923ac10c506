-- Resources of many types as Resource Graph knows them, with normalised ids.
-- grain: one row per resource
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   resource_type: Resource type, lower case.
--   kind: Variant of the type, lower case.
--   sku_name: Name of the SKU.
--   sku_tier: Tier of the SKU.
--   sku_capacity: Units of the SKU.
--   managed_by: Resource that manages it, lower case.
--   zones: JSON list of availability zones.
--   properties: JSON of those of its properties that views need.
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
    sku_name,
    sku_tier,
    sku_capacity,
    lower(managed_by) as managed_by,
    zones,
    properties,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
