-- VPN and ExpressRoute gateways; an active-active one is one row, too.
-- grain: one row per gateway
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: SKU, such as VpnGw1AZ.
--   gateway_type: vpn or expressroute.
--   is_active_active: Whether it has two addresses at work.
--   has_clients: Whether people can dial in (point to site).
--   ip_configuration_count: Addresses.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    properties ->> '$.sku.name' as sku_name,
    lower(properties ->> '$.gatewayType') as gateway_type,
    try_cast(properties ->> '$.activeActive' as boolean) as is_active_active,
    (properties -> '$.vpnClientConfiguration') is not null as has_clients,
    coalesce(json_array_length(properties -> '$.ipConfigurations'), 0)::int as ip_configuration_count,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.network/virtualnetworkgateways'
