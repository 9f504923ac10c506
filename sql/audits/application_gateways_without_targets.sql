-- Application gateways are billed by the hour even if they lead nowhere.
-- title: Application gateways without targets
-- severity: high
-- category: usage
-- action: delete
-- population: staging.application_gateways
-- fix: Delete or stop it (a stopped gateway is not billed).
-- source: azure-orphan-resources; redirect-only gateways, those that AKS fills and stopped ones are spared
select
    resource_id,
    'None of its pools has a target.' as finding,
    case
        when operational_state = 'stopped' then 'A stopped gateway is not billed.'
        when redirect_rule_count > 0 and pool_rule_count = 0 then 'It only redirects, which needs no target.'
        when tags ilike '%managed-by-k8s-ingress%' then 'An ingress controller of AKS fills its pools.'
    end as spared,
    'operational_state' as state_kind,
    to_json({'sku_name': sku_name, 'operational_state': operational_state, 'pool_rule_count': pool_rule_count, 'redirect_rule_count': redirect_rule_count}) as evidence,
from staging.application_gateways
where target_count = 0
