-- Route tables on no subnet lead nowhere.
-- title: Unused route tables
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.route_tables
-- fix: Delete it.
-- source: azure-orphan-resources
select
    resource_id,
    'It is on no subnet.' as finding,
    to_json({'route_count': route_count}) as evidence,
from staging.route_tables
where subnet_count = 0
