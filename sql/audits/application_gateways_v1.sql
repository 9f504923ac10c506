-- Application gateways of the first generation are retired in April 2026.
-- title: Application gateways of the first generation
-- severity: medium
-- category: reliability
-- action: review
-- saving: free
-- population: staging.application_gateways
-- fix: Migrate to v2, which scales by itself.
-- source: Azure: Application Gateway v1 retirement
select
    resource_id,
    'It is of the first generation.' as finding,
    case when operational_state = 'stopped' then 'A stopped gateway is not billed.' end as spared,
    to_json({'sku_name': sku_name, 'sku_tier': sku_tier}) as evidence,
from staging.application_gateways
where lower(sku_tier) in ('standard', 'waf')
