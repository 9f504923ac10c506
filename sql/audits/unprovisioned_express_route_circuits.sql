-- ExpressRoute circuits are billed from their creation, whether or not the provider has provisioned them.
-- title: ExpressRoute circuits not provisioned
-- severity: high
-- category: usage
-- action: delete
-- population: staging.express_route_circuits
-- fix: Delete the circuit, or have the provider provision it.
-- source: FinOps toolkit: serviceProviderProvisioningState; new orders are in progress for weeks
select
    resource_id,
    'The provider has not provisioned it.' as finding,
    case when provider_state in ('provisioning', 'deprovisioning') then 'The provider is at work on it.' end as spared,
    to_json({'sku_name': sku_name, 'provider_name': provider_name, 'provider_state': provider_state, 'bandwidth_mbps': bandwidth_mbps}) as evidence,
from staging.express_route_circuits
where provider_state is distinct from 'provisioned' and port_id is null
