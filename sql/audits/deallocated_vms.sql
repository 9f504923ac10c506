-- Machines that have been deallocated for a long time cost no compute, but their disks, addresses and reservations go on.
-- title: Machines deallocated and forgotten
-- severity: low
-- category: usage
-- action: review
-- saving: free
-- population: staging.virtual_machines
-- fix: Delete the machine if nobody will start it; the money is that of its disks and addresses.
-- source: Cloud Custodian and AzGovViz; no compute is billed while deallocated (azure-orphan-resources 32, 36)
select
    resource_id,
    'Deallocated for more than ' || coalesce(getvariable('deallocated_days'), 30) || ' days.' as finding,
    case
        when tags ilike '%"dr"%' or tags ilike '%standby%' or tags ilike '%failover%' then 'A tag says that it stands by.'
    end as spared,
    power_state_since as since_at,
    'power_state' as state_kind,
    to_json({'power_state': power_state, 'vm_size': vm_size, 'os_disk_id': os_disk_id}) as evidence,
from staging.virtual_machines
where
    power_state = 'deallocated'
    and power_state_since < loaded_at - to_days(coalesce(getvariable('deallocated_days'), 30)::int)
