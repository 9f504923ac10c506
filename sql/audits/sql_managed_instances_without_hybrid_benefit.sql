-- Managed instances without Azure Hybrid Benefit pay for SQL Server licences by the hour.
-- title: SQL managed instances without hybrid benefit
-- severity: medium
-- category: rate
-- action: change
-- saving: given
-- confidence: low
-- population: staging.sql_managed_instances
-- fix: Set the licence type to BasePrice where owned licences are free for it.
-- source: FinOps toolkit; eligible, not owed
select
    items.resource_id,
    'SQL licence included in the price: eligible for hybrid benefit where licences are owned.' as finding,
    licences.billed_cost as given_saving,
    licences.billing_currency as given_currency,
    'sql_licence' as saving_part,
    to_json({'sku_name': items.sku_name, 'vcores': items.vcores, 'license_type': items.license_type}) as evidence,
from staging.sql_managed_instances as items
left join marts.licence_cost_last_30_days as licences
    on items.resource_id = licences.resource_id and licences.licence = 'sql_licence'
where lower(items.license_type) = 'licenseincluded'
