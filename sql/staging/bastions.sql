-- Bastion hosts with normalised ids.
-- grain: one row per bastion
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: developer, basic, standard or premium.
--   scale_units: Instances.
--   virtual_network_id: Network it serves (developer), lower case.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(sku_name) as sku_name,
    scale_units,
    lower(virtual_network_id) as virtual_network_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.bastions as items
left join meta.last_success as listed on listed.table_name = 'bastions' and listed.scope_id = items._scope_id
