-- Virtual machines that are stopped in the guest but not deallocated are billed as if they ran.
-- title: Stopped virtual machines that are still billed
-- severity: high
-- category: usage
-- population: staging.virtual_machines
-- fix: Deallocate the machine (stop it in the portal or by az vm deallocate), or delete it.
-- source: Azure: PowerState/stopped is billed, PowerState/deallocated is not (virtual machine states and billing)
with listings as (
    select
        scope_id as sub_account_id,
        is_complete,
    from meta.scopes
    where table_name = 'virtual_machines'
),

candidates as (
    select
        machines.*,
        groups.managed_by as group_managed_by,
        coalesce(listings.is_complete, false) as is_complete,
    from staging.virtual_machines as machines
    left join staging.resource_groups as groups using (sub_account_id, resource_group_name)
    left join listings on machines.sub_account_id = listings.sub_account_id
    where machines.power_state is null or machines.power_state = 'stopped'
),

judged as (
    select
        *,
        case
            when power_state is null then 'Azure did not tell the power state.'
        end as unknown,
        case
            when group_managed_by is not null then 'Its resource group is managed by another resource.'
            when resource_group_name like 'mc\_%' escape '\' then 'Lies in the node group of an AKS cluster: the cluster manages it.'
            when created_at > loaded_at - to_days(coalesce(getvariable('minimum_age_days'), 3)::int)
                then 'Created less than ' || coalesce(getvariable('minimum_age_days'), 3) || ' days ago.'
        end as guard,
    from candidates
)

select
    judged.resource_id,
    judged.sub_account_id,
    judged.resource_group_name as x_resource_group_name,
    judged.resource_name,
    judged.location as region_id,
    case
        when not judged.is_complete or judged.unknown is not null then 'undetermined'
        when judged.guard is not null then 'not_applicable'
        else 'waste'
    end as verdict,
    case
        when not judged.is_complete then 'The listing of virtual machines is not complete.'
        else coalesce(judged.unknown, judged.guard, 'Stopped, but not deallocated: its compute is billed.')
    end as reason,
    judged.power_state_since as since_at,
    judged.power_state_since is null as is_since_lower_bound,
    savings.monthly_saving,
    savings.billing_currency,
    case when savings.monthly_saving is null then 'not_priced' else 'billed_cost_last_30_days' end as saving_source,
    case
        when savings.monthly_saving is null then null
        when judged.power_state_since <= savings.window_start_date::timestamp at time zone 'UTC' then 'high'
        else 'medium'
    end as saving_confidence,
    to_json({
        'power_state': judged.power_state,
        'vm_size': judged.vm_size,
        'os_type': judged.os_type,
        'created_at': judged.created_at,
        'window_start_date': savings.window_start_date,
        'window_end_date': savings.window_end_date,
        'currency_count': savings.currency_count
    })::varchar as evidence,
from judged
left join marts.resource_savings as savings using (resource_id)
