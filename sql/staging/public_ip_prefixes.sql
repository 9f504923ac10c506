-- Public IP prefixes with normalised ids.
-- grain: one row per prefix
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: SKU.
--   sku_tier: Regional or Global.
--   prefix_length: Length, such as 30.
--   public_ip_count: Addresses taken from it.
--   nat_gateway_id: NAT gateway that uses it, lower case.
--   frontend_id: Front end that uses it whole, lower case.
--   custom_prefix_id: Own range it was taken from, lower case.
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
    sku_tier,
    prefix_length,
    coalesce(json_array_length(public_ip_ids), 0)::int as public_ip_count,
    lower(nat_gateway_id) as nat_gateway_id,
    lower(frontend_id) as frontend_id,
    lower(custom_prefix_id) as custom_prefix_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.public_ip_prefixes as items
left join meta.last_success as listed on listed.table_name = 'public_ip_prefixes' and listed.scope_id = items._scope_id
