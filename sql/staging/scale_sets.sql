-- Virtual machine scale sets with normalised ids.
-- grain: one row per scale set
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: Size of its machines; null for a set of mixed ones.
--   capacity: Instances asked for.
--   orchestration_mode: uniform or flexible.
--   os_type: Windows or Linux, where its profile says so.
--   license_type: Hybrid benefit in use; null when none is.
--   priority: regular, low or spot.
--   image_publisher: Publisher of its image, lower case.
--   image_id: Own image or gallery version it starts, lower case.
--   network_profile: JSON of the pools its machines are put into, lower case.
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
    sku_name,
    capacity,
    lower(coalesce(orchestration_mode, 'Uniform')) as orchestration_mode,
    os_type,
    license_type,
    lower(coalesce(priority, 'Regular')) as priority,
    lower(image_publisher) as image_publisher,
    lower(image_id) as image_id,
    lower(network_profile) as network_profile,
    time_created as created_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.scale_sets as items
left join meta.last_success as listed on listed.table_name = 'scale_sets' and listed.scope_id = items._scope_id
