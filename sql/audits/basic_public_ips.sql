-- Basic public IP addresses were retired on 30 September 2025: they have no support and no guarantee.
-- title: Basic public IP addresses
-- severity: medium
-- category: reliability
-- action: review
-- saving: free
-- population: staging.public_ips
-- fix: Move to Standard; note that every Standard address is billed.
-- source: Azure: Basic public IP retirement
select
    resource_id,
    'Basic is retired.' as finding,
    to_json({'sku_name': sku_name, 'allocation_method': allocation_method}) as evidence,
from staging.public_ips
where sku_name = 'basic'
