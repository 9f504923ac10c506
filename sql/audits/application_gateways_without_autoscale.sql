-- Application gateways with a fixed number of instances pay for their peak around the clock.
-- title: Application gateways that do not scale
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.application_gateways
-- fix: Set automatic scaling with a low minimum.
-- source: Turbot: autoscaleConfiguration is null and capacity above 1
select
    resource_id,
    'A fixed number of instances.' as finding,
    case when operational_state = 'stopped' then 'A stopped gateway is not billed.' end as spared,
    to_json({'sku_name': sku_name, 'sku_capacity': sku_capacity}) as evidence,
from staging.application_gateways
where minimum_capacity is null and sku_capacity > 1 and lower(sku_tier) like '%v2'
