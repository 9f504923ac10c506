-- The tags of marts.resource_tags as one value for each resource, kept ready for what looks at many resources.
-- grain: one row per resource, also those without tags
-- base_of: marts.tagged_cost
-- stored: whole
-- columns:
--   resource_id: Full ARM id, lower case.
--   tags: Key (lower case) to value, by key; empty where there are none.
with tags as (
    select
        resource_id,
        tag_key,
        min(tag_value) as tag_value, -- a map refuses a key twice; the same resource in two listings must not break it
    from marts.resource_tags
    group by resource_id, tag_key
),

resources as (
    select distinct resource_id
    from staging.resources
)

select
    resources.resource_id,
    coalesce(
        map_from_entries(
            list({'k': tags.tag_key, 'v': tags.tag_value} order by tags.tag_key) filter (where tags.tag_key is not null)
        ),
        map([]::varchar[], []::varchar[])
    ) as tags,
from resources
left join tags on resources.resource_id = tags.resource_id
group by resources.resource_id
