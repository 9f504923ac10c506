-- Azure Firewalls are billed by the hour even if they have no rules.
-- title: Firewalls without rules
-- severity: high
-- category: usage
-- action: delete
-- population: staging.firewalls
-- fix: Delete or deallocate it.
-- source: FinOps toolkit; a deallocated firewall is not billed
select
    resource_id,
    'It has neither rules nor a policy.' as finding,
    case when not is_allocated then 'A deallocated firewall is not billed.' end as spared,
    to_json({'sku_name': sku_name, 'sku_tier': sku_tier, 'virtual_hub_id': virtual_hub_id}) as evidence,
from staging.firewalls
where firewall_policy_id is null and classic_rule_count = 0
