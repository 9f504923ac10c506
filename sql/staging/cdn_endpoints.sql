-- Endpoints of CDN and Front Door profiles.
-- grain: one row per endpoint
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   resource_type: Resource type, lower case.
--   profile_id: Profile it is in, lower case.
--   tags: JSON object of its own tags.
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(type) as resource_type,
    regexp_extract(lower(id), '^.*/profiles/[^/]+') as profile_id,
    tags,
    _loaded_at as loaded_at,
from raw.graph_resources
where lower(type) in ('microsoft.cdn/profiles/endpoints', 'microsoft.cdn/profiles/afdendpoints')
