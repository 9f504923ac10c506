-- The last 30 complete days of each scope of cost: the days that savings are taken from.
-- grain: one row per scope of cost
-- source: a day counts as complete when three more days have passed, because Azure adds usage for up to 72 hours
-- columns:
--   x_scope_id: Scope that was asked, or the export.
--   window_start_date: First of the 30 days (UTC).
--   window_end_date: Last of the 30 days (UTC).
select
    scope_id as x_scope_id,
    (max(last_success_at) at time zone 'UTC')::date - 33 as window_start_date,
    (max(last_success_at) at time zone 'UTC')::date - 4 as window_end_date,
from meta.chunks
where
    last_success_at is not null
    and table_name in ('cost_daily', 'cost_details', 'usage_details', 'cost_exports', 'focus_charges')
    and metric is distinct from 'AmortizedCost'
group by scope_id
