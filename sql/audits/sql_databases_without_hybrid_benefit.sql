-- Single databases by vCore without Azure Hybrid Benefit pay for SQL Server licences by the hour.
-- title: SQL databases without hybrid benefit
-- severity: medium
-- category: rate
-- action: change
-- saving: given
-- confidence: low
-- population: staging.sql_databases
-- fix: Set the licence type to BasePrice where owned licences are free for it.
-- source: FinOps toolkit; eligible, not owed; serverless databases cannot use it
select
    items.resource_id,
    'SQL licence included in the price: eligible for hybrid benefit where licences are owned.' as finding,
    licences.billed_cost as given_saving,
    licences.billing_currency as given_currency,
    'sql_licence' as saving_part,
    to_json({'sku_name': items.sku_name, 'sku_tier': items.sku_tier, 'license_type': items.license_type}) as evidence,
from staging.sql_databases as items
left join marts.licence_cost_last_30_days as licences
    on items.resource_id = licences.resource_id and licences.licence = 'sql_licence'
where lower(items.license_type) = 'licenseincluded'
    and items.elastic_pool_id is null
    and not items.is_master
    and items.auto_pause_minutes is null
