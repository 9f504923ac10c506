-- Availability sets.
-- grain: one row per availability set
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   virtual_machine_count: Machines in it.
--   tags: JSON object of its own tags.
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    coalesce(json_array_length(properties -> '$.virtualMachines'), 0)::int as virtual_machine_count,
    tags,
    _loaded_at as loaded_at,
from raw.graph_resources
where lower(type) = 'microsoft.compute/availabilitysets'
