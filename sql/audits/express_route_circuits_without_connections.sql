-- A provisioned ExpressRoute circuit without a connection carries nothing.
-- title: ExpressRoute circuits without connections
-- severity: high
-- category: usage
-- action: delete
-- population: staging.express_route_circuits
-- fix: Connect it or have it deprovisioned.
-- source: Own rule; gateways refer to it by connections of their own, in any subscription; Microsoft peering needs none
with used as (
    select circuit_id from staging.network_connections where circuit_id is not null
),

unread as (
    select count(*) as listings from meta.chunks where table_name = 'graph_resources' and not is_complete
)

select
    circuits.resource_id,
    'No gateway is connected to it.' as finding,
    case
        when unread.listings > 0 or own.table_name is null
            then 'Connections could not be listed in every subscription, and one elsewhere may refer to it.'
        when circuits.authorization_count > 0
            then 'Keys were given out for gateways elsewhere, whose connections are not listed here.'
    end as unknown,
    case when circuits.has_microsoft_peering then 'It leads to Microsoft''s public services, which needs no gateway.' end
        as spared,
    to_json({
        'sku_name': circuits.sku_name,
        'provider_name': circuits.provider_name,
        'peering_count': circuits.peering_count,
        'connection_count': circuits.connection_count
    }) as evidence,
from staging.express_route_circuits as circuits
cross join unread
left join meta.chunks as own on own.table_name = 'graph_resources' and circuits.sub_account_id = own.scope_id
anti join used on circuits.resource_id = used.circuit_id
where circuits.provider_state = 'provisioned' and circuits.connection_count = 0
