-- Versions of images in compute galleries.
-- grain: one row per version
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   published_at: Instant of publication (UTC).
--   replica_count: Copies in each region.
--   region_count: Regions it is copied to.
--   source_id: What it was made of, lower case.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    try_cast(properties ->> '$.publishingProfile.publishedDate' as timestamptz) as published_at,
    try_cast(properties ->> '$.publishingProfile.replicaCount' as bigint) as replica_count,
    coalesce(json_array_length(properties -> '$.publishingProfile.targetRegions'), 0)::int as region_count,
    lower(properties ->> '$.storageProfile.source.id') as source_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.compute/galleries/images/versions'
