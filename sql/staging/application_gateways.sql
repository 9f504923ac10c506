-- Application gateways with normalised ids, and where each leads.
-- grain: one row per application gateway
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: SKU, such as WAF_v2.
--   sku_tier: Standard, WAF, Standard_v2, WAF_v2 or Basic.
--   sku_capacity: Instances; null where it scales by itself.
--   minimum_capacity: Least capacity units of automatic scaling; null when it does not scale.
--   maximum_capacity: Most capacity units of automatic scaling.
--   operational_state: running, stopped, starting or stopping (a stopped one is free).
--   target_count: Targets in all of its back-end pools.
--   pool_rule_count: Rules and path maps that lead to a pool.
--   redirect_rule_count: Rules that only redirect.
--   firewall_policy_id: Web application firewall policy on it, lower case.
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
    sku_capacity,
    minimum_capacity,
    maximum_capacity,
    lower(operational_state) as operational_state,
    coalesce(list_sum([
        coalesce(json_array_length(pool -> '$.properties.backendIPConfigurations'), 0)
        + coalesce(json_array_length(pool -> '$.properties.backendAddresses'), 0)
        for pool in coalesce(backend_pools::json[], [])
    ]), 0)::int as target_count,
    coalesce(list_count(list_filter(
        coalesce(routing_rules::json[], []),
        lambda rule: (rule ->> '$.properties.backendAddressPool.id') is not null
            or (rule ->> '$.properties.urlPathMap.id') is not null
    )), 0)::int as pool_rule_count,
    coalesce(list_count(list_filter(
        coalesce(routing_rules::json[], []),
        lambda rule: (rule ->> '$.properties.redirectConfiguration.id') is not null
    )), 0)::int as redirect_rule_count,
    lower(firewall_policy_id) as firewall_policy_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.application_gateways as items
left join meta.last_success as listed on listed.table_name = 'application_gateways' and listed.scope_id = items._scope_id
