-- Firewall policies.
-- grain: one row per policy
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   policy_tier: basic, standard or premium.
--   intrusion_detection: off, alert or deny; null when it is not set.
--   has_tls_inspection: Whether it looks into TLS.
--   rule_group_count: Rule collection groups.
--   firewall_count: Firewalls it is on.
--   base_policy_id: Policy it inherits from, lower case.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(properties ->> '$.sku.tier') as policy_tier,
    lower(properties ->> '$.intrusionDetection.mode') as intrusion_detection,
    (properties -> '$.transportSecurity') is not null as has_tls_inspection,
    coalesce(json_array_length(properties -> '$.ruleCollectionGroups'), 0)::int as rule_group_count,
    coalesce(json_array_length(properties -> '$.firewalls'), 0)::int as firewall_count,
    lower(properties ->> '$.basePolicy.id') as base_policy_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.network/firewallpolicies'
