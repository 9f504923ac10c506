-- NAT gateways are billed by the hour even if they serve no subnet.
-- title: NAT gateways without subnets
-- severity: medium
-- category: usage
-- action: delete
-- population: staging.nat_gateways
-- fix: Delete it, and its addresses if nothing else uses them.
-- source: azure-orphan-resources
select
    resource_id,
    'It serves no subnet.' as finding,
    'use' as state_kind,
    to_json({'sku_name': sku_name, 'public_ip_ids': public_ip_ids}) as evidence,
from staging.nat_gateways
where subnet_count = 0 and virtual_network_id is null
