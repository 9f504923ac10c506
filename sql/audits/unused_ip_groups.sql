-- IP groups that no firewall uses are leftovers.
-- title: Unused IP groups
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.ip_groups
-- fix: Delete it.
-- source: azure-orphan-resources
select
    resource_id,
    'No firewall uses it.' as finding,
    to_json({'firewall_count': firewall_count}) as evidence,
from staging.ip_groups
where firewall_count = 0 and firewall_policy_count = 0
