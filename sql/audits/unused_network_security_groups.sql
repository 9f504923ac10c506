-- Network security groups on no subnet and no interface protect nothing.
-- title: Unused network security groups
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.network_security_groups
-- fix: Delete it.
-- source: azure-orphan-resources
select
    resource_id,
    'It is on no subnet and no interface.' as finding,
    to_json({'rule_count': rule_count}) as evidence,
from staging.network_security_groups
where network_interface_count = 0 and subnet_count = 0
