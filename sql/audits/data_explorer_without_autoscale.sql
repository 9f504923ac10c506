-- Data Explorer clusters of a fixed size pay for their peak around the clock.
-- title: Data Explorer clusters that do not scale
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.capacity_units
-- fix: Switch on optimized automatic scaling.
-- source: Turbot: optimizedAutoscale is not set
select
    resource_id,
    'Running without optimized automatic scaling.' as finding,
    case when state is distinct from 'running' then 'Not running, so that only its storage is billed.' end as spared,
    to_json({'sku_name': sku_name, 'sku_capacity': sku_capacity, 'state': state}) as evidence,
from staging.capacity_units
where resource_type = 'microsoft.kusto/clusters' and not coalesce(has_optimized_autoscale, false)
