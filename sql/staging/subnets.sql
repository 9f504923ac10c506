-- Subnets and what is in each.
-- grain: one row per subnet
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   virtual_network_id: Network it lies in, lower case.
--   address_prefixes: JSON list of its address ranges.
--   ip_configuration_count: Addresses in use.
--   delegation_count: Services it is delegated to.
--   service_link_count: Services that are injected into it.
--   application_gateway_count: Application gateway configurations in it.
--   private_endpoint_count: Private endpoints in it.
--   nat_gateway_id: NAT gateway that serves it, lower case.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
with unnested as (
    select
        lower(id) as network_id,
        _scope_id,
        _loaded_at,
        listed.last_success_at,
        location,
        unnest(subnets::json[]) as subnet,
    from raw.virtual_networks as items
    left join meta.last_success as listed on listed.table_name = 'virtual_networks' and listed.scope_id = items._scope_id
)

select
    lower(subnet ->> '$.id') as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(network_id, '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    subnet ->> '$.name' as resource_name,
    lower(location) as location,
    network_id as virtual_network_id,
    coalesce(
        subnet -> '$.properties.addressPrefixes', to_json([subnet ->> '$.properties.addressPrefix'])
    ) as address_prefixes,
    json_array_length(coalesce(subnet -> '$.properties.ipConfigurations', '[]'))::int as ip_configuration_count,
    json_array_length(coalesce(subnet -> '$.properties.delegations', '[]'))::int as delegation_count,
    json_array_length(coalesce(subnet -> '$.properties.serviceAssociationLinks', '[]'))::int as service_link_count,
    json_array_length(
        coalesce(subnet -> '$.properties.applicationGatewayIPConfigurations', '[]')
    )::int as application_gateway_count,
    json_array_length(coalesce(subnet -> '$.properties.privateEndpoints', '[]'))::int as private_endpoint_count,
    lower(subnet ->> '$.properties.natGateway.id') as nat_gateway_id,
    _loaded_at as valid_from,
    last_success_at as loaded_at,
from unnested
