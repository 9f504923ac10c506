-- Application Insights components.
-- grain: one row per component
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   kind: Variant of the type, lower case.
--   workspace_id: Workspace its data lies in, lower case.
--   retention_days: Days data is kept.
--   ingestion_mode: loganalytics or applicationinsights (classic).
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(kind) as kind,
    lower(properties ->> '$.WorkspaceResourceId') as workspace_id,
    try_cast(properties ->> '$.RetentionInDays' as bigint) as retention_days,
    lower(properties ->> '$.IngestionMode') as ingestion_mode,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.graph_resources as items
left join meta.last_success as listed on listed.table_name = 'graph_resources' and listed.scope_id = items._scope_id
where lower(type) = 'microsoft.insights/components'
