-- Managed disks that no virtual machine uses still cost their full provisioned size.
-- title: Unattached managed disks
-- severity: high
-- category: usage
-- action: delete
-- population: staging.disks
-- fix: Take a snapshot if in doubt, then delete the disk.
-- source: azure-orphan-resources and FinOps toolkit rules; guards from their issue threads (ASR replicas, AKS volumes, shared disks)
select
    resource_id,
    'No virtual machine uses this disk.' as finding,
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
    end as spared,
    ownership_changed_at as since_at,
    'disk_state' as state_kind,
    to_json({'disk_state': disk_state, 'sku_name': sku_name, 'disk_size_gb': disk_size_gb}) as evidence,
from staging.disks
where managed_by is null and managed_by_extended is null and disk_state is distinct from 'reserved'
