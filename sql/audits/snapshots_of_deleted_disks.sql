-- Snapshots whose disk does not exist any more are often what a deletion left behind.
-- title: Snapshots of deleted disks
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- population: staging.snapshots
-- fix: Delete it, unless it is kept as the last copy or as a golden image.
-- source: Own rule: creationData.sourceResourceId is not in the inventory
with disks_known as (
    select scope_id as sub_account_id, bool_and(is_complete) as is_complete
    from meta.chunks
    where table_name = 'disks'
    group by scope_id
)

select
    snapshots.resource_id,
    'The disk it was taken of does not exist any more.' as finding,
    case when coalesce(disks_known.is_complete, false) then null else 'The disks of the subscription of its source could not all be listed.' end as unknown,
    case
        when regexp_matches(coalesce(snapshots.resource_group_name, ''), '^azurebackuprg_') or snapshots.tags ilike '%rsvaultbackup%'
            then 'A restore point that a backup vault keeps.'
        when snapshots.disk_state in ('activesas', 'activesasfrozen', 'activeupload')
            then 'A copy or upload is in progress (' || snapshots.disk_state || ').'
        when snapshots.managed_by is not null then 'Another resource manages it.'
    end as spared,
    snapshots.created_at as since_at,
    to_json({'source_resource_id': snapshots.source_resource_id, 'sku_name': snapshots.sku_name}) as evidence,
from staging.snapshots as snapshots
left join staging.disks as disks on snapshots.source_resource_id = disks.resource_id
left join disks_known
    on regexp_extract(snapshots.source_resource_id, '^/subscriptions/[^/]+') = disks_known.sub_account_id
where snapshots.source_resource_id like '%/providers/microsoft.compute/disks/%' and disks.resource_id is null
