-- Images that no machine and no scale set was made of cost their storage.
-- title: Unused images
-- severity: low
-- category: usage
-- action: delete
-- confidence: low
-- population: staging.images
-- fix: Delete it, unless a pipeline or a template outside Azure names it.
-- source: Own rule: not referenced by imageReference.id of any machine or scale set
with used as (
    select image_id from staging.virtual_machines where image_id is not null
    union
    select image_id from staging.scale_sets where image_id is not null
),

unread as (
    select count(*) as listings from meta.chunks where table_name in ('virtual_machines', 'scale_sets') and not is_complete
)

select
    images.resource_id,
    'No machine and no scale set in the lake was made of it.' as finding,
    case when unread.listings > 0 then 'Machines or scale sets could not be listed everywhere.' end as unknown,
    to_json({'os_type': images.os_type, 'os_disk_size_gb': images.os_disk_size_gb}) as evidence,
from staging.images as images
cross join unread
anti join used on images.resource_id = used.image_id
