-- Machines that have been deallocated for a long time cost no compute, but their disks, addresses and reservations go on.
-- title: Machines deallocated and forgotten
-- severity: low
-- category: usage
-- action: review
-- saving: free
-- population: staging.virtual_machines
-- fix: Delete the machine if nobody will start it; the money is that of its disks and addresses.
-- source: Cloud Custodian and AzGovViz; no compute is billed while deallocated (azure-orphan-resources 32, 36)
with dated as (
    select
        machines.*,
        coalesce(machines.power_state_since, disks.ownership_changed_at) as deallocated_at,
        states.valid_from as known_since,
    from staging.virtual_machines as machines
    left join staging.disks as disks on machines.os_disk_id = disks.resource_id
    left join marts.resource_since as states on machines.resource_id = states.resource_id and states.state_kind = 'power_state'
    where machines.power_state = 'deallocated'
)

select
    resource_id,
    'Deallocated for more than ' || coalesce(getvariable('deallocated_days'), 30) || ' days.' as finding,
    case
        when tags ilike '%"dr"%' or tags ilike '%standby%' or tags ilike '%failover%' then 'A tag says that it stands by.'
    end as spared,
    deallocated_at as since_at,
    'power_state' as state_kind,
    to_json({'power_state': power_state, 'vm_size': vm_size, 'os_disk_id': os_disk_id}) as evidence,
from dated
where coalesce(deallocated_at, known_since) < loaded_at - to_days(coalesce(getvariable('deallocated_days'), 30)::int)
