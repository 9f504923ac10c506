-- When each source of cost was last loaded, or asked again without any change.
-- grain: one row per source, scope and month
-- base_of: charges.candidates
-- columns:
--   x_source: Source as in charges.candidates.
--   x_scope_id: Scope that was asked.
--   billing_month: First day of the calendar month.
--   load_at: Instant of the latest load of either reading (UTC); null when there is none.
select
    case table_name when 'focus_charges' then 'focus' when 'cost_exports' then 'cost_export' when 'cost_daily' then 'query' else table_name end as x_source,
    scope_id as x_scope_id,
    month as billing_month,
    max(last_success_at) as load_at,
from meta.chunks
where table_name in ('focus_charges', 'cost_details', 'cost_exports', 'usage_details', 'cost_daily')
group by all
