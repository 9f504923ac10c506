-- Virtual machines that are stopped in the guest but not deallocated are billed as if they ran.
-- title: Stopped virtual machines that are still billed
-- severity: high
-- category: usage
-- action: delete
-- population: staging.virtual_machines
-- fix: Deallocate the machine (stop it in the portal or by az vm deallocate), or delete it.
-- source: Azure: PowerState/stopped is billed, PowerState/deallocated is not (virtual machine states and billing)
select
    resource_id,
    'Stopped, but not deallocated: its compute is billed.' as finding,
    case when power_state is null then 'Azure did not tell the power state.' end as unknown,
    power_state_since as since_at,
    'power_state' as state_kind,
    to_json({'power_state': power_state, 'vm_size': vm_size, 'os_type': os_type}) as evidence,
from staging.virtual_machines
where power_state is null or power_state = 'stopped'
