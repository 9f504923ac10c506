-- SQL Server on virtual machines.
-- grain: one row per SQL virtual machine
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   virtual_machine_id: Machine it runs on, lower case; join on this, never on the name.
--   license_type: PAYG, AHUB or DR.
--   edition: Edition: Enterprise, Standard, Developer, Express, Web.
--   image_offer: Image, such as SQL2022-WS2022.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(properties ->> '$.virtualMachineResourceId') as virtual_machine_id,
    properties ->> '$.sqlServerLicenseType' as license_type,
    properties ->> '$.sqlImageSku' as edition,
    properties ->> '$.sqlImageOffer' as image_offer,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.sqlvirtualmachine/sqlvirtualmachines'
