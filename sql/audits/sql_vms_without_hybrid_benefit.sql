-- SQL Server on machines without Azure Hybrid Benefit pays for a licence by the hour.
-- title: SQL Server machines without hybrid benefit
-- severity: medium
-- category: rate
-- action: change
-- saving: given
-- confidence: low
-- population: staging.sql_virtual_machines
-- fix: Set the licence type to AHUB (or DR for a passive replica) where owned licences are free for it.
-- source: FinOps toolkit; joined by id, never by name
select
    servers.resource_id,
    'SQL Server is paid by the hour: eligible for hybrid benefit where licences are owned.' as finding,
    case
        when lower(servers.edition) in ('developer', 'express') then 'The edition ' || servers.edition || ' has no licence fee.'
        when machines.power_state = 'deallocated' then 'Deallocated: no licence is billed.'
    end as spared,
    licences.billed_cost as given_saving,
    licences.billing_currency as given_currency,
    servers.virtual_machine_id as saved_resource_id,
    'sql_licence' as saving_part,
    to_json({'edition': servers.edition, 'license_type': servers.license_type, 'machine': servers.virtual_machine_id})
        as evidence,
from staging.sql_virtual_machines as servers
left join staging.virtual_machines as machines on servers.virtual_machine_id = machines.resource_id
left join marts.licence_cost_last_30_days as licences
    on servers.virtual_machine_id = licences.resource_id and licences.licence = 'sql_licence'
where coalesce(lower(servers.license_type), 'payg') not in ('ahub', 'dr')
