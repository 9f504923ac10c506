-- Public IP addresses with normalised ids.
-- grain: one row per public IP address
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: basic, standard or standardv2 (lower case).
--   sku_tier: regional or global (lower case).
--   ip_address: The address; null for a dynamic one that is not in use.
--   allocation_method: static or dynamic (lower case).
--   ip_version: IPv4 or IPv6.
--   ip_configuration_id: The configuration that uses it, lower case; null when none does.
--   nat_gateway_id: NAT gateway that uses it, lower case.
--   public_ip_prefix_id: Prefix it was taken from, lower case.
--   linked_public_ip_id: Other address of a migration, lower case.
--   service_public_ip_id: Service address of a migration, lower case.
--   dns_label: DNS label that is reserved with it.
--   tags: JSON object of the address's own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(sku_name) as sku_name,
    lower(sku_tier) as sku_tier,
    ip_address,
    lower(allocation_method) as allocation_method,
    ip_version,
    lower(nullif(ip_configuration_id, '')) as ip_configuration_id,
    lower(nullif(nat_gateway_id, '')) as nat_gateway_id,
    lower(nullif(public_ip_prefix_id, '')) as public_ip_prefix_id,
    lower(nullif(linked_public_ip_id, '')) as linked_public_ip_id,
    lower(nullif(service_public_ip_id, '')) as service_public_ip_id,
    dns_label,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.public_ips as public_ips
left join meta.last_success as listed on listed.table_name = 'public_ips' and listed.scope_id = public_ips._scope_id
