-- Virtual networks without a subnet hold nothing.
-- title: Virtual networks without subnets
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.virtual_networks
-- fix: Delete it.
-- source: azure-orphan-resources
select
    resource_id,
    'It has no subnet.' as finding,
    to_json({'address_prefixes': address_prefixes, 'peering_count': peering_count}) as evidence,
from staging.virtual_networks
where subnet_count = 0
