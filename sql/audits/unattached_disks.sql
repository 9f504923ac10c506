-- Managed disks that no virtual machine uses still cost their full provisioned size.
-- title: Unattached managed disks
-- severity: high
-- category: usage
-- population: staging.disks
-- fix: Take a snapshot if in doubt, then delete the disk.
-- source: azure-orphan-resources and FinOps toolkit rules; guards from their issue threads (ASR replicas, AKS volumes, shared disks)
with listings as (
    select
        scope_id as sub_account_id,
        is_complete,
    from meta.scopes
    where table_name = 'disks'
),

candidates as (
    select
        disks.*,
        groups.managed_by as group_managed_by,
        coalesce(listings.is_complete, false) as is_complete,
        lower(coalesce(disks.tags, '')) as lower_tags,
    from staging.disks as disks
    left join staging.resource_groups as groups using (sub_account_id, resource_group_name)
    left join listings using (sub_account_id)
    where disks.managed_by is null and disks.managed_by_extended is null and disks.disk_state <> 'reserved'
),

judged as (
    select
        *,
        case
            when disk_state in ('activesas', 'activesasfrozen', 'activeupload', 'readytoupload', 'frozen')
                then 'A copy or upload is in progress (' || disk_state || ').'
            when
                lower(resource_name) like '%-asrreplica' or lower(resource_name) like 'ms-asr-%'
                or lower(resource_name) like 'asrseeddisk-%' or lower_tags like '%asr-replicadisk%' or lower_tags like '%asrseeddisk%'
                then 'Replica disk of Azure Site Recovery.'
            when lower_tags like '%rsvaultbackup%' then 'Disk of a Recovery Services vault restore.'
            when lower_tags like '%kubernetes.io-created-for-pvc%' or lower(resource_name) like 'pvc-%'
                then 'Persistent volume of Kubernetes: delete the claim in the cluster, not the disk.'
            when group_managed_by is not null then 'Its resource group is managed by another resource.'
            when resource_group_name like 'mc\_%' escape '\' then 'Lies in the node group of an AKS cluster: the cluster manages it.'
            when disk_state <> 'unattached' then 'State ' || coalesce(disk_state, 'not known') || ' is neither attached nor unattached.'
            when
                coalesce(ownership_changed_at, created_at)
                > loaded_at - to_days(coalesce(getvariable('minimum_age_days'), 3)::int)
                then 'Created or detached less than ' || coalesce(getvariable('minimum_age_days'), 3) || ' days ago.'
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
        when not judged.is_complete then 'undetermined'
        when judged.guard is not null then 'not_applicable'
        else 'waste'
    end as verdict,
    case
        when not judged.is_complete then 'The listing of disks is not complete.'
        else coalesce(judged.guard, 'No virtual machine uses this disk.')
    end as reason,
    judged.ownership_changed_at as since_at,
    judged.ownership_changed_at is null as is_since_lower_bound,
    savings.monthly_saving,
    savings.billing_currency,
    case when savings.monthly_saving is null then 'not_priced' else 'billed_cost_last_30_days' end as saving_source,
    case
        when savings.monthly_saving is null then null
        when judged.ownership_changed_at <= savings.window_start_date::timestamp at time zone 'UTC' then 'high'
        else 'medium'
    end as saving_confidence,
    to_json({
        'disk_state': judged.disk_state,
        'sku_name': judged.sku_name,
        'disk_size_gb': judged.disk_size_gb,
        'created_at': judged.created_at,
        'window_start_date': savings.window_start_date,
        'window_end_date': savings.window_end_date,
        'currency_count': savings.currency_count
    })::varchar as evidence,
from judged
left join marts.resource_savings as savings using (resource_id)
