-- Cosmos DB keeps two backups for nothing and bills each further one.
-- title: Cosmos DB accounts with many backups
-- severity: low
-- category: usage
-- action: change
-- saving: at_stake
-- population: staging.cosmos_accounts
-- fix: Raise the interval or lower the retention, where two copies are enough.
-- source: Azure: two periodic backups are free, further ones are billed by size
select
    resource_id,
    'It keeps ' || (backup_retention_hours * 60 // backup_interval_minutes) || ' backups, of which two are free.' as finding,
    case when is_free_tier then 'An account of the free tier.' end as spared,
    to_json({
        'backup_interval_minutes': backup_interval_minutes,
        'backup_retention_hours': backup_retention_hours,
        'region_count': region_count
    }) as evidence,
from staging.cosmos_accounts
where
    backup_type = 'periodic'
    and backup_interval_minutes > 0
    and backup_retention_hours * 60 // backup_interval_minutes > 2
