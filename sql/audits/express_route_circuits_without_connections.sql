-- A provisioned ExpressRoute circuit without a connection carries nothing.
-- title: ExpressRoute circuits without connections
-- severity: high
-- category: usage
-- action: delete
-- population: staging.express_route_circuits
-- fix: Connect it or have it deprovisioned.
-- source: Own rule; gateways of other subscriptions connect by authorizations
select
    resource_id,
    'No gateway is connected to it.' as finding,
    case when authorization_count > 0 then 'Keys were given out for gateways elsewhere, whose connections are not listed here.' end as unknown,
    to_json({'sku_name': sku_name, 'provider_name': provider_name, 'peering_count': peering_count, 'connection_count': connection_count}) as evidence,
from staging.express_route_circuits
where provider_state = 'provisioned' and connection_count = 0
