-- Availability sets without machines only clutter the inventory.
-- title: Empty availability sets
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.availability_sets
-- fix: Delete it.
-- source: azure-orphan-resources; names that end in -asr are spared
select
    resource_id,
    'No machine is in it.' as finding,
    case when lower(resource_name) like '%-asr' then 'Site Recovery keeps it for a failover.' end as spared,
    to_json({'virtual_machine_count': virtual_machine_count}) as evidence,
from staging.availability_sets
where virtual_machine_count = 0
