-- Scale sets without an instance cost nothing themselves, but often their balancer, addresses and disks do.
-- title: Scale sets without instances
-- severity: low
-- category: usage
-- action: delete
-- confidence: low
-- population: staging.scale_sets
-- fix: Delete it with its balancer, or leave it where automatic scaling may need it.
-- source: Turbot: sku.capacity = 0
select
    resource_id,
    'It has no instance.' as finding,
    case when lower(orchestration_mode) = 'flexible' then 'A flexible scale set may hold machines that its capacity does not count.' end
        as spared,
    'capacity' as state_kind,
    to_json({'sku_name': sku_name, 'capacity': capacity, 'orchestration_mode': orchestration_mode}) as evidence,
from staging.scale_sets
where capacity = 0
