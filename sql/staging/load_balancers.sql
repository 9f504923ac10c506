-- Load balancers with normalised ids, and how much is behind each.
-- grain: one row per load balancer
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: basic, standard or gateway.
--   sku_tier: Regional or Global.
--   backend_pool_count: Back-end pools.
--   backend_member_count: Machines and addresses in all of its pools.
--   rule_count: Load balancing rules.
--   outbound_rule_count: Outbound rules.
--   nat_rule_count: Inbound NAT rules and pools.
--   frontends: JSON of its front ends and their addresses, lower case.
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
    sku_tier,
    coalesce(json_array_length(backend_pools), 0)::int as backend_pool_count,
    coalesce(list_sum([
        coalesce(json_array_length(pool -> '$.properties.backendIPConfigurations'), 0)
        + coalesce(json_array_length(pool -> '$.properties.loadBalancerBackendAddresses'), 0)
        for pool in coalesce(backend_pools::json[], [])
    ]), 0)::int as backend_member_count,
    coalesce(json_array_length(load_balancing_rules), 0)::int as rule_count,
    coalesce(json_array_length(outbound_rules), 0)::int as outbound_rule_count,
    (coalesce(json_array_length(inbound_nat_rules), 0)
    + coalesce(json_array_length(inbound_nat_pools), 0))::int as nat_rule_count,
    lower(frontends) as frontends,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.load_balancers as items
left join meta.last_success as listed on listed.table_name = 'load_balancers' and listed.scope_id = items._scope_id
