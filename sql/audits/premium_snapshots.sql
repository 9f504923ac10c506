-- Snapshots on premium storage cost more than twice as much as on standard, and are read no faster by a restore.
-- title: Snapshots on premium storage
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.snapshots
-- fix: Copy it to standard storage and delete this one; take new ones on standard storage.
-- source: FinOps toolkit (sku.name Premium_LRS); incremental snapshots always lie on standard storage
select
    resource_id,
    'Stored on premium storage.' as finding,
    case
        when regexp_matches(coalesce(resource_group_name, ''), '^azurebackuprg_') or tags ilike '%rsvaultbackup%'
            then 'A restore point that a backup vault keeps.'
        when disk_state in ('activesas', 'activesasfrozen', 'activeupload')
            then 'A copy or upload is in progress (' || disk_state || ').'
        when managed_by is not null then 'Another resource manages it.'
    end as spared,
    created_at as since_at,
    to_json({'sku_name': sku_name, 'disk_size_gb': disk_size_gb, 'is_incremental': is_incremental}) as evidence,
from staging.snapshots
where lower(sku_name) = 'premium_lrs' and not coalesce(is_incremental, false)
