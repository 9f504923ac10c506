-- ExpressRoute circuits with normalised ids.
-- grain: one row per circuit
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: SKU.
--   sku_tier: Local, Standard or Premium.
--   sku_family: MeteredData or UnlimitedData.
--   circuit_state: Azure's side, lower case.
--   provider_state: The provider's side: notprovisioned, provisioning, provisioned or deprovisioning.
--   provider_name: Provider; null on a port of one's own.
--   bandwidth_mbps: Bandwidth in megabits per second.
--   port_id: ExpressRoute Direct port it runs on, lower case.
--   peering_count: Peerings.
--   connection_count: Connections of its peerings to other circuits and to gateways of a Virtual WAN; those to gateways of networks are in staging.network_connections.
--   has_microsoft_peering: Whether it leads to Microsoft's public services, for which no gateway is needed.
--   authorization_count: Keys given out for gateways of other subscriptions.
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
    sku_tier,
    sku_family,
    lower(circuit_state) as circuit_state,
    lower(provider_state) as provider_state,
    provider_name,
    bandwidth_mbps,
    lower(port_id) as port_id,
    coalesce(json_array_length(peerings), 0)::int as peering_count,
    coalesce(list_sum([
        coalesce(json_array_length(peering -> '$.properties.connections'), 0)
        + coalesce(json_array_length(peering -> '$.properties.peeredConnections'), 0)
        + case when peering ->> '$.properties.expressRouteConnection.id' is null then 0 else 1 end
        for peering in coalesce(peerings::json[], [])
    ]), 0)::int as connection_count,
    len([
        1 for peering in coalesce(peerings::json[], [])
        if lower(peering ->> '$.properties.peeringType') = 'microsoftpeering'
        and coalesce(lower(peering ->> '$.properties.state'), 'enabled') = 'enabled'
    ]) > 0 as has_microsoft_peering,
    authorization_count,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.express_route_circuits as items
left join meta.last_success as listed on listed.table_name = 'express_route_circuits' and listed.scope_id = items._scope_id
