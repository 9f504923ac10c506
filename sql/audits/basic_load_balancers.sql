-- Basic load balancers were retired on 30 September 2025: they have no support and no guarantee.
-- title: Basic load balancers
-- severity: medium
-- category: reliability
-- action: review
-- saving: free
-- population: staging.load_balancers
-- fix: Move to Standard; note that Standard is billed.
-- source: Azure: Basic Load Balancer retirement
select
    resource_id,
    'Basic is retired.' as finding,
    to_json({'sku_name': sku_name, 'rule_count': rule_count}) as evidence,
from staging.load_balancers
where sku_name = 'basic'
