-- Stopped database servers still pay for their storage, and Azure starts them again after seven days.
-- title: Stopped database servers
-- severity: low
-- category: usage
-- action: delete
-- confidence: medium
-- population: staging.flexible_servers
-- fix: Export the data and delete the server if nobody needs it.
-- source: Azure: stop and start of flexible servers for PostgreSQL and MySQL
select
    resource_id,
    'Stopped: storage and backups are billed, and it starts again by itself.' as finding,
    'state' as state_kind,
    to_json({'sku_name': sku_name, 'storage_gb': storage_gb, 'high_availability': high_availability}) as evidence,
from staging.flexible_servers
where state = 'stopped'
