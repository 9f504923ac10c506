-- Managed disks with normalised ids.
-- grain: one row per managed disk
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: Storage SKU, such as Premium_LRS.
--   tier: Performance tier, such as P30.
--   disk_state: unattached, attached, reserved, activesas, ... (lower case).
--   managed_by: Machine that holds the disk, lower case; null when none does.
--   managed_by_extended: JSON list of the machines that hold a shared disk, lower case; null when none does.
--   disk_size_gb: Provisioned size in GiB.
--   max_shares: Machines that may hold the disk at once.
--   disk_iops: Operations per second it allows.
--   disk_mbps: Megabytes per second it allows.
--   is_bursting_enabled: Whether bursting on demand is paid for.
--   os_type: Windows or Linux for an operating system disk.
--   create_option: How it was made: Empty, FromImage, Copy, ...
--   source_resource_id: Snapshot, disk or image it was copied from, lower case.
--   created_at: Instant of creation (UTC).
--   ownership_changed_at: Instant of the last attach, detach, start or deallocation (UTC); null on old disks.
--   tags: JSON object of the disk's own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    sku_name,
    tier,
    lower(disk_state) as disk_state,
    lower(nullif(managed_by, '')) as managed_by,
    lower(managed_by_extended) as managed_by_extended,
    disk_size_gb,
    max_shares,
    disk_iops,
    disk_mbps,
    is_bursting_enabled,
    os_type,
    create_option,
    lower(source_resource_id) as source_resource_id,
    time_created as created_at,
    last_ownership_update_time as ownership_changed_at,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.disks as disks
left join meta.last_success as listed on listed.table_name = 'disks' and listed.scope_id = disks._scope_id
