-- Old versions of gallery images that nothing was made of cost storage in each region they are copied to.
-- title: Old gallery image versions
-- severity: low
-- category: usage
-- action: delete
-- confidence: low
-- population: staging.gallery_image_versions
-- fix: Delete the version, or give the definition an end of life.
-- source: Own rule: not referenced, not the newest of its definition
with versions as (
    select
        *,
        row_number() over (
            partition by regexp_extract(resource_id, '^(.*)/versions/', 1) order by published_at desc, resource_id
        ) as place,
    from staging.gallery_image_versions
),

used as (
    select image_id from staging.virtual_machines where image_id is not null
    union
    select image_id from staging.scale_sets where image_id is not null
),

unread as (
    select count(*) as listings from meta.chunks where table_name in ('virtual_machines', 'scale_sets') and not is_complete
)

select
    versions.resource_id,
    'Older than ' || coalesce(getvariable('image_version_days'), 180) || ' days, not the newest, and nothing was made of it.'
        as finding,
    case when unread.listings > 0 then 'Machines or scale sets could not be listed everywhere.' end as unknown,
    versions.published_at as since_at,
    to_json({'region_count': versions.region_count, 'replica_count': versions.replica_count}) as evidence,
from versions
cross join unread
anti join used on versions.resource_id = used.image_id
where
    versions.place > 1
    and versions.published_at < versions.loaded_at - to_days(coalesce(getvariable('image_version_days'), 180)::int)
