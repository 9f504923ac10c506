-- Private endpoints are billed by the hour even if their target has cut them off.
-- title: Dead private endpoints
-- severity: medium
-- category: usage
-- action: delete
-- population: staging.private_endpoints
-- fix: Delete it.
-- source: azure-orphan-resources; both lists of connections count, pending ones may still be approved
select
    resource_id,
    'Its connection is ' || connection_status || '.' as finding,
    case when connection_status = 'pending' then 'Its connection is not approved yet.' end as spared,
    to_json({'connection_status': connection_status, 'target_id': target_id, 'is_manual': is_manual}) as evidence,
from staging.private_endpoints
where connection_status in ('disconnected', 'rejected', 'pending')
