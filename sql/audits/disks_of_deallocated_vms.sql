-- Disks of machines that have been deallocated for a long time are billed at full size.
-- title: Disks of machines deallocated for long
-- severity: medium
-- category: usage
-- action: delete
-- population: staging.disks
-- fix: Delete machine and disks, after a snapshot of what may still be needed.
-- source: Azure: a deallocated machine costs nothing, its disks do; azure-orphan-resources issues 32 and 36
select
    disks.resource_id,
    'Its machine ' || machines.resource_name || ' has been deallocated for more than '
    || coalesce(getvariable('deallocated_days'), 30) || ' days.' as finding,
    case
        when machines.tags ilike '%"dr"%' or machines.tags ilike '%standby%' or machines.tags ilike '%failover%'
            then 'A tag of its machine says that it stands by.'
        when disks.max_shares > 1 and disks.managed_by_extended is not null then 'A shared disk: other machines may hold it.'
    end as spared,
    coalesce(machines.power_state_since, disks.ownership_changed_at, states.valid_from) as since_at,
    to_json({'machine': disks.managed_by, 'sku_name': disks.sku_name, 'disk_size_gb': disks.disk_size_gb}) as evidence,
from staging.disks as disks
inner join staging.virtual_machines as machines on disks.managed_by = machines.resource_id
left join marts.resource_since as states on machines.resource_id = states.resource_id and states.state_kind = 'power_state'
where
    machines.power_state = 'deallocated'
    and coalesce(machines.power_state_since, disks.ownership_changed_at, states.valid_from)
    < disks.loaded_at - to_days(coalesce(getvariable('deallocated_days'), 30)::int)
