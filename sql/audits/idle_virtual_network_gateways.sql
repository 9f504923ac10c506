-- Gateways to other networks are billed by the hour even if nothing is connected.
-- title: Idle virtual network gateways
-- severity: high
-- category: usage
-- action: delete
-- population: staging.virtual_network_gateways
-- fix: Delete the gateway and its addresses.
-- source: azure-orphan-resources; gateways that people dial in to are in use, and connections count in any subscription
with ends as (
    select gateway1_id as gateway_id from staging.network_connections
    union
    select gateway2_id as gateway_id from staging.network_connections
),

unread as (
    select count(*) as listings from meta.chunks where table_name = 'graph_resources' and not is_complete
)

select
    gateways.resource_id,
    'No connection refers to it, and nobody can dial in.' as finding,
    case when unread.listings > 0 then 'Connections could not be listed in every subscription, and one elsewhere may refer to it.' end as unknown,
    to_json({'sku_name': gateways.sku_name, 'gateway_type': gateways.gateway_type}) as evidence,
from staging.virtual_network_gateways as gateways
cross join unread
anti join ends on gateways.resource_id = ends.gateway_id
where not coalesce(gateways.has_clients, false)
