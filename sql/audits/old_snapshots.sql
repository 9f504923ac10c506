-- Snapshots are billed for as long as they exist, and most are needed for days.
-- title: Old snapshots
-- severity: medium
-- category: usage
-- action: delete
-- population: staging.snapshots
-- fix: Delete it; what must be kept belongs into a backup vault with a retention.
-- source: FinOps toolkit best practices (30 days); guards: backup restore points, copies in progress (Cloud Custodian 6715, 8575)
select
    resource_id,
    'Older than ' || coalesce(getvariable('snapshot_days'), 30) || ' days.' as finding,
    case
        when regexp_matches(coalesce(resource_group_name, ''), '^azurebackuprg_') or tags ilike '%rsvaultbackup%'
            then 'A restore point that a backup vault keeps.'
        when disk_state in ('activesas', 'activesasfrozen', 'activeupload')
            then 'A copy or upload is in progress (' || disk_state || ').'
        when managed_by is not null then 'Another resource manages it.'
    end as spared,
    created_at as since_at,
    to_json({
        'sku_name': sku_name,
        'is_incremental': is_incremental,
        'disk_size_gb': disk_size_gb,
        'source_resource_id': source_resource_id
    }) as evidence,
from staging.snapshots
where created_at < loaded_at - to_days(coalesce(getvariable('snapshot_days'), 30)::int)
