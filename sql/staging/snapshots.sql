-- Snapshots with normalised ids.
-- grain: one row per snapshot
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: Standard_LRS, Standard_ZRS or Premium_LRS.
--   is_incremental: Whether it is billed by what changed.
--   disk_size_gb: Size of its source in GiB; it is billed by used size, which no listing tells.
--   disk_state: unattached, activesas, ... (lower case).
--   create_option: How it was made: Copy, Import, Restore, ...
--   source_resource_id: Disk or snapshot it was taken of, lower case.
--   managed_by: Resource that manages it, lower case.
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
    is_incremental,
    disk_size_gb,
    lower(disk_state) as disk_state,
    create_option,
    lower(source_resource_id) as source_resource_id,
    lower(managed_by) as managed_by,
    time_created as created_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.snapshots as items
left join meta.last_success as listed on listed.table_name = 'snapshots' and listed.scope_id = items._scope_id
