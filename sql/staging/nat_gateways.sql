-- NAT gateways with normalised ids.
-- grain: one row per NAT gateway
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: SKU.
--   subnet_count: Subnets it serves.
--   virtual_network_id: Whole network it serves, lower case.
--   public_ip_ids: JSON list of its addresses, lower case.
--   public_ip_prefix_ids: JSON list of its prefixes, lower case.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    sku_name,
    coalesce(json_array_length(subnets), 0)::int as subnet_count,
    lower(virtual_network_id) as virtual_network_id,
    lower(public_ip_ids) as public_ip_ids,
    lower(public_ip_prefix_ids) as public_ip_prefix_ids,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.nat_gateways as items
left join meta.last_success as listed on listed.table_name = 'nat_gateways' and listed.scope_id = items._scope_id
