-- Firewall policies for web applications are billed by the month, used or not.
-- title: Unused web application firewall policies
-- severity: low
-- category: usage
-- action: delete
-- population: staging.waf_policies
-- fix: Delete it.
-- source: azure-orphan-resources; azqr 999: classic front doors link by other lists
select
    resource_id,
    'Nothing uses it.' as finding,
    to_json({'sku_name': sku_name, 'resource_type': resource_type}) as evidence,
from staging.waf_policies
where link_count = 0
