-- Solutions on workspaces, Sentinel among them.
-- grain: one row per solution
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   workspace_id: Workspace it is on, lower case.
--   is_sentinel: Whether it is Sentinel.
--   tags: JSON object of its own tags.
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(properties ->> '$.workspaceResourceId') as workspace_id,
    lower(name) like 'securityinsights(%' as is_sentinel,
    tags,
    _loaded_at as loaded_at,
from raw.graph_resources
where lower(type) = 'microsoft.operationsmanagement/solutions'
