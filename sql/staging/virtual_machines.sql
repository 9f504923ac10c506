-- Virtual machines with their power state and normalised ids.
-- grain: one row per virtual machine
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   vm_size: Size, such as Standard_D4s_v5.
--   os_type: Windows or Linux.
--   license_type: Hybrid benefit in use, such as Windows_Server.
--   priority: Regular, Low or Spot.
--   power_state: running, deallocated, stopped, starting, ... (lower case); null when Azure did not say.
--   power_state_since: Instant of the status that gives the power state (UTC), where Azure tells it.
--   created_at: Instant of creation (UTC).
--   os_disk_id: Managed disk of the operating system, lower case.
--   data_disk_ids: JSON list of the managed data disks, lower case.
--   is_disk_unmanaged: Whether its system disk is a blob in a storage account.
--   is_disk_ephemeral: Whether its system disk lies on the host.
--   image_publisher: Publisher of its image, lower case.
--   image_offer: Offer of its image, lower case.
--   image_sku: SKU of its image, lower case.
--   image_id: Own image or gallery version it was made of, lower case.
--   network_interface_ids: JSON list of its network interfaces, lower case.
--   availability_set_id: Availability set it belongs to, lower case.
--   host_id: Dedicated host it runs on, lower case.
--   capacity_reservation_group_id: Capacity reservation group it draws on, lower case.
--   scale_set_id: Scale set it belongs to, lower case.
--   tags: JSON object of the machine's own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    vm_size,
    os_type,
    license_type,
    priority,
    lower(power_state) as power_state,
    power_state_since,
    time_created as created_at,
    lower(os_disk_id) as os_disk_id,
    lower(data_disk_ids) as data_disk_ids,
    os_disk_vhd_uri is not null as is_disk_unmanaged,
    ephemeral_placement is not null as is_disk_ephemeral,
    lower(image_publisher) as image_publisher,
    lower(image_offer) as image_offer,
    lower(image_sku) as image_sku,
    lower(image_id) as image_id,
    lower(network_interface_ids) as network_interface_ids,
    lower(availability_set_id) as availability_set_id,
    lower(host_id) as host_id,
    lower(capacity_reservation_group_id) as capacity_reservation_group_id,
    lower(scale_set_id) as scale_set_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.virtual_machines as virtual_machines
left join meta.last_success as listed on listed.table_name = 'virtual_machines' and listed.scope_id = virtual_machines._scope_id
