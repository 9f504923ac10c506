-- Virtual networks with normalised ids.
-- grain: one row per virtual network
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   address_prefixes: JSON list of its address ranges.
--   subnet_count: Subnets.
--   peering_count: Peerings.
--   ddos_plan_id: DDoS plan that protects it, lower case.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    address_prefixes -> '$.addressPrefixes' as address_prefixes,
    coalesce(json_array_length(subnets), 0)::int as subnet_count,
    coalesce(json_array_length(peerings), 0)::int as peering_count,
    lower(ddos_plan_id) as ddos_plan_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.virtual_networks as items
left join meta.last_success as listed on listed.table_name = 'virtual_networks' and listed.scope_id = items._scope_id
