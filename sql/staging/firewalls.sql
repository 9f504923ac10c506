-- Azure Firewalls with normalised ids.
-- grain: one row per firewall
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   sku_name: AZFW_VNet or AZFW_Hub.
--   sku_tier: basic, standard or premium.
--   firewall_policy_id: Policy that holds its rules, lower case.
--   virtual_hub_id: Virtual hub it lies in, lower case.
--   is_allocated: Whether it has an address or lies in a hub; a deallocated one costs nothing.
--   classic_rule_count: Classic rule collections.
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
    lower(sku_tier) as sku_tier,
    lower(firewall_policy_id) as firewall_policy_id,
    lower(virtual_hub_id) as virtual_hub_id,
    ip_configurations is not null or virtual_hub_id is not null as is_allocated,
    (network_rule_count + application_rule_count + nat_rule_count)::int as classic_rule_count,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.firewalls as items
left join meta.last_success as listed on listed.table_name = 'firewalls' and listed.scope_id = items._scope_id
