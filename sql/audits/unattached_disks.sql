-- Managed disks that no virtual machine uses still cost their full provisioned size.
-- title: Unattached managed disks
-- severity: high
-- category: usage
-- population: staging.disks
-- fix: Take a snapshot if in doubt, then delete the disk.
-- source: azure-orphan-resources and FinOps toolkit rules; guards from their issue threads (ASR replicas, AKS volumes, shared disks)
with candidates as (
    select
        *,
        case
            when disk_state in ('activesas', 'activesasfrozen', 'activeupload', 'readytoupload', 'frozen')
                then 'A copy or upload is in progress (' || disk_state || ').'
            when
                lower(resource_name) like '%-asrreplica' or lower(resource_name) like 'ms-asr-%'
                or lower(resource_name) like 'asrseeddisk-%'
                or tags ilike '%asr-replicadisk%' or tags ilike '%asrseeddisk%'
                then 'Replica disk of Azure Site Recovery.'
            when tags ilike '%rsvaultbackup%' then 'Disk of a Recovery Services vault restore.'
            when tags ilike '%kubernetes.io-created-for-pvc%' or lower(resource_name) like 'pvc-%'
                then 'Persistent volume of Kubernetes: delete the claim in the cluster, not the disk.'
            when disk_state is distinct from 'unattached'
                then 'State ' || coalesce(disk_state, 'not known') || ' is neither attached nor unattached.'
            when ownership_changed_at > loaded_at - to_days(coalesce(getvariable('minimum_age_days'), 3)::int)
                then 'Detached less than ' || coalesce(getvariable('minimum_age_days'), 3) || ' days ago.'
        end as guard,
    from staging.disks
    where managed_by is null and managed_by_extended is null and disk_state is distinct from 'reserved'
)

select
    audited.resource_id,
    audited.sub_account_id,
    audited.x_resource_group_name,
    audited.resource_name,
    audited.region_id,
    case
        when not audited.is_complete then 'undetermined'
        when coalesce(candidates.guard, audited.spared_because) is not null then 'not_applicable'
        else 'waste'
    end as verdict,
    case
        when not audited.is_complete then 'The listing of disks is not complete.'
        else coalesce(candidates.guard, audited.spared_because, 'No virtual machine uses this disk.')
    end as reason,
    candidates.ownership_changed_at as since_at,
    candidates.ownership_changed_at is null as is_since_lower_bound,
    audited.monthly_saving,
    audited.billing_currency,
    audited.saving_source,
    case
        when audited.monthly_saving is null then null
        when candidates.ownership_changed_at <= audited.window_start_date::timestamp at time zone 'UTC' then 'high'
        else 'medium'
    end as saving_confidence,
    to_json({
        'disk_state': candidates.disk_state,
        'sku_name': candidates.sku_name,
        'disk_size_gb': candidates.disk_size_gb,
        'created_at': audited.created_at,
        'window_start_date': audited.window_start_date,
        'window_end_date': audited.window_end_date,
        'currency_count': audited.currency_count
    })::varchar as evidence,
from candidates
inner join marts.audited_resources as audited using (resource_id)
