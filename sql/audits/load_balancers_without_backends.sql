-- Standard load balancers are billed by rule and hour, whether or not anything stands behind them.
-- title: Load balancers without backends
-- severity: medium
-- category: usage
-- action: delete
-- population: staging.load_balancers
-- fix: Delete it with its addresses.
-- source: azure-orphan-resources 71: NAT rules count as use; Basic is free, and so is Standard without rules
select
    resource_id,
    'Nothing stands behind it.' as finding,
    case
        when sku_name = 'basic' then 'A Basic load balancer is free.'
        when resource_name ilike 'kubernetes%' then 'Kubernetes manages it.'
        when rule_count = 0 and outbound_rule_count = 0 and sku_name = 'standard' then 'A Standard load balancer without rules is not billed by the hour.'
    end as spared,
    to_json({'sku_name': sku_name, 'backend_pool_count': backend_pool_count, 'rule_count': rule_count, 'outbound_rule_count': outbound_rule_count}) as evidence,
from staging.load_balancers
where backend_member_count = 0 and nat_rule_count = 0
