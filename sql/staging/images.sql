-- Images of machines with normalised ids.
-- grain: one row per image
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   source_virtual_machine_id: Machine it was taken of, lower case.
--   os_type: Windows or Linux.
--   os_disk_size_gb: Size of its system disk in GiB.
--   os_disk_source_id: Disk it was taken of, lower case.
--   created_at: Instant of creation (UTC); mostly not told.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(source_virtual_machine_id) as source_virtual_machine_id,
    os_type,
    os_disk_size_gb,
    lower(os_disk_source_id) as os_disk_source_id,
    created_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.images as items
left join meta.last_success as listed on listed.table_name = 'images' and listed.scope_id = items._scope_id
