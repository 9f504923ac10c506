-- Windows machines without Azure Hybrid Benefit pay for a licence that the company may already own.
-- title: Windows machines without hybrid benefit
-- severity: medium
-- category: rate
-- action: change
-- saving: given
-- confidence: low
-- population: staging.virtual_machines
-- fix: Set the licence type to Windows_Server where owned licences are free for it.
-- source: FinOps toolkit; eligible, not owed: only valid with licences of your own
select
    machines.resource_id,
    'Windows without hybrid benefit: eligible where licences with Software Assurance are owned.' as finding,
    case
        when subscriptions.quota_id ilike 'MSDNDevTest%' then 'A dev/test subscription pays no Windows licence.'
        when machines.image_publisher in ('microsoftwindowsdesktop', 'microsoftvisualstudio')
            then 'A desktop image, licensed otherwise.'
        when machines.power_state = 'deallocated' then 'Deallocated: no licence is billed.'
    end as spared,
    licences.billed_cost as given_saving,
    licences.billing_currency as given_currency,
    'windows_licence' as saving_part,
    to_json({'vm_size': machines.vm_size, 'license_type': machines.license_type, 'power_state': machines.power_state}) as evidence,
from staging.virtual_machines as machines
left join staging.subscriptions as subscriptions on machines.sub_account_id = subscriptions.sub_account_id
left join marts.licence_cost_last_30_days as licences
    on machines.resource_id = licences.resource_id and licences.licence = 'windows_licence'
where machines.os_type ilike 'windows' and not coalesce(starts_with(lower(machines.license_type), 'windows'), false)
