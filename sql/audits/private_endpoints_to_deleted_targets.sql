-- Private endpoints whose target does not exist any more lead nowhere, and are billed.
-- title: Private endpoints to deleted targets
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- population: staging.private_endpoints
-- fix: Delete it.
-- source: azure-orphan-resources 64 and 87: a target that lies in a subscription not read here is not judged
with readable as (
    select scope_id as sub_account_id
    from meta.chunks
    where table_name = 'resources'
    group by scope_id
    having bool_and(is_complete)
)

select
    endpoints.resource_id,
    'Its target does not exist any more.' as finding,
    to_json({'target_id': endpoints.target_id, 'connection_status': endpoints.connection_status}) as evidence,
from staging.private_endpoints as endpoints
inner join readable on regexp_extract(endpoints.target_id, '^/subscriptions/[^/]+') = readable.sub_account_id
anti join staging.resources as resources on endpoints.target_id = resources.resource_id
where
    endpoints.connection_status is distinct from 'disconnected'
    and regexp_matches(endpoints.target_id, '/providers/[^/]+/[^/]+/[^/]+$')
