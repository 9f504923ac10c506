-- Traffic Manager profiles without endpoints lead nowhere.
-- title: Traffic Manager profiles without endpoints
-- severity: low
-- category: usage
-- action: delete
-- population: staging.traffic_manager_profiles
-- fix: Delete it.
-- source: azure-orphan-resources
select
    resource_id,
    'It has no endpoint.' as finding,
    to_json({'status': status}) as evidence,
from staging.traffic_manager_profiles
where endpoint_count = 0
