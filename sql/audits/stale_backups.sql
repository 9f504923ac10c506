-- Backups whose item has not been backed up for long are billed by instance and storage.
-- title: Stale backups
-- severity: medium
-- category: usage
-- action: delete
-- confidence: low
-- population: staging.protected_items
-- fix: Stop the protection and delete the data, unless it must be kept.
-- source: FinOps toolkit best practices; a legal hold may ask for it
select
    resource_id,
    'Not backed up for more than ' || coalesce(getvariable('stale_backup_days'), 90) || ' days.' as finding,
    last_backup_at as since_at,
    to_json({
        'source_resource_id': source_resource_id,
        'protection_state': protection_state,
        'last_backup_at': last_backup_at
    }) as evidence,
from staging.protected_items
where last_backup_at < loaded_at - to_days(coalesce(getvariable('stale_backup_days'), 90)::int)
