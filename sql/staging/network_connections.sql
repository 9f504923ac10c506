-- Connections of gateways.
-- grain: one row per connection
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   connection_type: ipsec, vnet2vnet or expressroute.
--   connection_status: connected, notconnected, connecting or unknown.
--   gateway1_id: Gateway it starts from, lower case.
--   gateway2_id: Gateway it leads to, lower case.
--   local_gateway_id: Local network gateway it leads to, lower case.
--   circuit_id: ExpressRoute circuit it leads to, lower case.
--   ingress_bytes: Bytes that came in.
--   egress_bytes: Bytes that went out.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(properties ->> '$.connectionType') as connection_type,
    lower(properties ->> '$.connectionStatus') as connection_status,
    lower(properties ->> '$.virtualNetworkGateway1.id') as gateway1_id,
    lower(properties ->> '$.virtualNetworkGateway2.id') as gateway2_id,
    lower(properties ->> '$.localNetworkGateway2.id') as local_gateway_id,
    lower(properties ->> '$.peer.id') as circuit_id,
    try_cast(properties ->> '$.ingressBytesTransferred' as bigint) as ingress_bytes,
    try_cast(properties ->> '$.egressBytesTransferred' as bigint) as egress_bytes,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.network/connections'
