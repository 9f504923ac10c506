-- Front Door and CDN profiles without an endpoint pay their base fee for nothing.
-- title: Front Door and CDN profiles without endpoints
-- severity: medium
-- category: usage
-- action: delete
-- population: staging.cdn_profiles
-- fix: Delete it.
-- source: azure-orphan-resources
select
    profiles.resource_id,
    'It has no endpoint.' as finding,
    case when profiles.frontend_count > 0 then 'A classic front door with front ends.' end as spared,
    to_json({'sku_name': profiles.sku_name, 'state': profiles.state}) as evidence,
from staging.cdn_profiles as profiles
anti join staging.cdn_endpoints as endpoints on profiles.resource_id = endpoints.profile_id
