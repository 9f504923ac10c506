-- Private endpoints with normalised ids, their state and target.
-- grain: one row per private endpoint
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   connection_status: approved, pending, rejected or disconnected, of either list of connections.
--   target_id: What it leads to, lower case.
--   is_manual: Whether the owner of the target had to approve it.
--   subnet_id: Subnet it lies in, lower case.
--   network_interface_ids: JSON list of its interfaces, lower case.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(coalesce(
        connections ->> '$[0].properties.privateLinkServiceConnectionState.status',
        manual_connections ->> '$[0].properties.privateLinkServiceConnectionState.status'
    )) as connection_status,
    lower(coalesce(
        connections ->> '$[0].properties.privateLinkServiceId',
        manual_connections ->> '$[0].properties.privateLinkServiceId'
    )) as target_id,
    connections is null and manual_connections is not null as is_manual,
    lower(subnet_id) as subnet_id,
    lower(network_interface_ids) as network_interface_ids,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.private_endpoints as items
left join meta.last_success as listed on listed.table_name = 'private_endpoints' and listed.scope_id = items._scope_id
