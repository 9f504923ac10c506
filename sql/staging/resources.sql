-- Every resource that exists now, of any type, with normalised ids.
-- grain: one row per resource
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   resource_type: Resource type, lower case.
--   kind: Variant of the type, where it has one.
--   location: Region, lower case.
--   sku_name: Name of the SKU, where the listing gives one.
--   managed_by: Resource that manages this one, lower case.
--   created_at: Instant of creation (UTC), where Azure tells it.
--   tags: JSON object of the resource's own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(type) as resource_type,
    kind,
    lower(location) as location,
    sku_name,
    lower(nullif(managed_by, '')) as managed_by,
    created_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.resources as resources
left join meta.last_success as listed on listed.table_name = 'resources' and listed.scope_id = resources._scope_id
