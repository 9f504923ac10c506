-- Management locks, and what each one holds.
-- grain: one row per lock
-- columns:
--   lock_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   locked_id: Subscription, resource group or resource it lies on, lower case; all beneath is locked, too.
--   lock_name: Name of the lock.
--   level: cannotdelete or readonly.
--   notes: Why it was set, in its owner's words.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as lock_id,
    _scope_id as sub_account_id,
    regexp_replace(lower(id), '/providers/microsoft.authorization/locks/[^/]+$', '') as locked_id,
    name as lock_name,
    lower(level) as level,
    notes,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.locks as items
left join meta.last_success as listed on listed.table_name = 'locks' and listed.scope_id = items._scope_id
