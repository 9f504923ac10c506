-- The audit that an audit is compared with: the last one of a day, or of the last day before that of the newest.
-- grain: one row
-- parameters:
--   since := null: Day (UTC) whose last audit, or the last one before it, is meant; null: before the day of the newest.
-- columns:
--   since_at: Its instant (UTC); null where there was none.
-- example: marts.audit_before(since := date '2026-11-01')
select
    case
        when since is null then max(audited_at) filter (where audited_at < date_trunc('day', newest))
        else max(audited_at) filter (where audited_at < (since::date + 1)::timestamp at time zone 'UTC')
    end as since_at,
from (select audited_at, max(audited_at) over () as newest from meta.audit_runs)
