-- Virtual machines that are stopped in the guest but not deallocated are billed as if they ran.
-- title: Stopped virtual machines that are still billed
-- severity: high
-- category: usage
-- population: staging.virtual_machines
-- fix: Deallocate the machine (stop it in the portal or by az vm deallocate), or delete it.
-- source: Azure: PowerState/stopped is billed, PowerState/deallocated is not (virtual machine states and billing)
with candidates as (
    select
        *,
        case when power_state is null then 'Azure did not tell the power state.' end as unknown,
    from staging.virtual_machines
    where power_state is null or power_state = 'stopped'
)

select
    audited.resource_id,
    audited.sub_account_id,
    audited.x_resource_group_name,
    audited.resource_name,
    audited.region_id,
    case
        when not audited.is_complete or candidates.unknown is not null then 'undetermined'
        when audited.spared_because is not null then 'not_applicable'
        else 'waste'
    end as verdict,
    case
        when not audited.is_complete then 'The listing of virtual machines is not complete.'
        else coalesce(candidates.unknown, audited.spared_because, 'Stopped, but not deallocated: its compute is billed.')
    end as reason,
    candidates.power_state_since as since_at,
    candidates.power_state_since is null as is_since_lower_bound,
    audited.monthly_saving,
    audited.billing_currency,
    audited.saving_source,
    case
        when audited.monthly_saving is null then null
        when candidates.power_state_since <= audited.window_start_date::timestamp at time zone 'UTC' then 'high'
        else 'medium'
    end as saving_confidence,
    to_json({
        'power_state': candidates.power_state,
        'vm_size': candidates.vm_size,
        'os_type': candidates.os_type,
        'created_at': audited.created_at,
        'window_start_date': audited.window_start_date,
        'window_end_date': audited.window_end_date,
        'currency_count': audited.currency_count
    })::varchar as evidence,
from candidates
inner join marts.audited_resources as audited using (resource_id)
