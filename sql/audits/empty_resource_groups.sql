-- Resource groups without a resource clutter the inventory.
-- title: Empty resource groups
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.resource_groups
-- fix: Delete it; hidden types of resources may still lie in it.
-- source: azure-orphan-resources
select
    groups.resource_group_id as resource_id,
    'No resource lies in it.' as finding,
    case when coalesce(listings.is_complete, false) then null else 'The resources of its subscription could not all be listed.' end as unknown,
    to_json({'tags': groups.tags}) as evidence,
from staging.resource_groups as groups
left join meta.chunks as listings on listings.table_name = 'resources' and groups.sub_account_id = listings.scope_id
anti join (
    select sub_account_id, resource_group_name from staging.resources
    union all
    select sub_account_id, resource_group_name from staging.graph_resources
) as held using (sub_account_id, resource_group_name)
