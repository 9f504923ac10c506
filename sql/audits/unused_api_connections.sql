-- API connections that no logic app uses keep credentials alive for nothing.
-- title: Unused API connections
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.api_connections
-- fix: Delete it, unless a Standard logic app names it in its files.
-- source: azure-orphan-resources 9; Standard logic apps keep their references in files
with flows as (
    select sub_account_id, string_agg(connections, ' ') as connections
    from staging.logic_apps
    group by sub_account_id
)

select
    connections.resource_id,
    'No logic app names it.' as finding,
    to_json({'display_name': connections.display_name, 'status': connections.status}) as evidence,
from staging.api_connections as connections
left join flows using (sub_account_id)
where not contains(coalesce(flows.connections, ''), '"' || connections.resource_id || '"')
