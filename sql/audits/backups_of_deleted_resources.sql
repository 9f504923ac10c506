-- Backups of what does not exist any more are billed until somebody deletes them.
-- title: Backups of deleted resources
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- population: staging.protected_items
-- fix: Stop the protection and delete the data, unless it is the last copy of something needed.
-- source: PointFive hub: the source is not in the inventory
with readable as (
    select scope_id as sub_account_id
    from meta.chunks
    where table_name = 'resources'
    group by scope_id
    having bool_and(is_complete)
)

select
    items.resource_id,
    'What it backs up does not exist any more.' as finding,
    items.last_backup_at as since_at,
    to_json({'source_resource_id': items.source_resource_id, 'protection_state': items.protection_state}) as evidence,
from staging.protected_items as items
inner join readable on regexp_extract(items.source_resource_id, '^/subscriptions/[^/]+') = readable.sub_account_id
anti join staging.resources as resources on items.source_resource_id = resources.resource_id
where regexp_matches(items.source_resource_id, '/providers/[^/]+/[^/]+/[^/]+$')
