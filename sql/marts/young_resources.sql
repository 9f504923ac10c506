-- The resources that were created lately and had no time to be used.
-- grain: one row per resource created in the 60 days before the newest one
-- base_of: marts.resource_activity, marts.resource_load, marts.disk_load
-- stored: whole
-- columns:
--   resource_id: Full ARM id, lower case.
--   created_at: Instant of creation (UTC).
select resource_id, created_at,
from marts.audited_resources
where created_at > (select max(created_at) from marts.audited_resources) - interval 60 days
