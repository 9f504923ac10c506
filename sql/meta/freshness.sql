-- How old each raw table is, over all scopes that could be read.
-- grain: one row per raw table
-- columns:
--   table_name: Raw table.
--   comment: What it holds.
--   max_age_seconds: Age at which it counts as stale.
--   oldest_success_at: Instant of the oldest of its scopes' latest loads (UTC): what an answer is as of; null when nothing is loaded.
--   newest_success_at: Instant of the newest of them (UTC).
--   scopes_loaded: Scopes with rows or a complete empty listing.
--   scopes_missing: Scopes that were asked and could not be read.
--   row_count: Rows in the lake.
select
    tables.table_name,
    tables.comment,
    tables.max_age_seconds,
    min(scopes.last_success_at) as oldest_success_at,
    max(scopes.last_success_at) as newest_success_at,
    count(scopes.last_success_at) as scopes_loaded,
    count(scopes.scope_id) - count(scopes.last_success_at) as scopes_missing,
    coalesce(sum(scopes.row_count), 0)::bigint as row_count,
from meta.tables as tables
left join meta.scopes as scopes using (table_name)
group by all
