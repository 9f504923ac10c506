-- Firewall policies on no firewall are leftovers.
-- title: Unused firewall policies
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.firewall_policies
-- fix: Delete it, unless other policies inherit from it.
-- source: Own rule; policies that others inherit from are in use
select
    resource_id,
    'It is on no firewall.' as finding,
    case when resource_id in (select base_policy_id from staging.firewall_policies) then 'Another policy inherits from it.' end as spared,
    to_json({'policy_tier': policy_tier, 'rule_group_count': rule_group_count}) as evidence,
from staging.firewall_policies
where firewall_count = 0
