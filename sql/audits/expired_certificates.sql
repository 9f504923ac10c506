-- Expired certificates serve nobody and hide those that matter.
-- title: Expired certificates
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.certificates
-- fix: Delete it.
-- source: azure-orphan-resources
select
    resource_id,
    'Expired.' as finding,
    expires_at as since_at,
    to_json({'subject_name': subject_name, 'expires_at': expires_at}) as evidence,
from staging.certificates
where expires_at <= loaded_at
