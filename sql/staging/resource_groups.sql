-- Resource groups with normalised ids.
-- grain: one row per resource group
-- columns:
--   resource_group_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Name, lower case.
--   location: Region that holds the group's own metadata, lower case.
--   managed_by: Resource that manages the group (Databricks, AKS, ...), lower case; null for a group of one's own.
--   tags: JSON object of the group's own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_group_id,
    _scope_id as sub_account_id,
    lower(name) as resource_group_name,
    lower(location) as location,
    lower(nullif(managed_by, '')) as managed_by,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.resource_groups as resource_groups
left join meta.last_success as listed on listed.table_name = 'resource_groups' and listed.scope_id = resource_groups._scope_id
