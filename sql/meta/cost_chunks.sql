-- What became of each month of cost of each scope, by the source its figures come from.
-- grain: one row per scope, month and metric; for files of bills per export or place, raw table, month and metric
-- source: of several sources one that is loaded comes first, then the one that is chosen for the scope, then the newest
-- columns:
--   table_name: Raw table of the source.
--   scope_id: Scope that was asked.
--   month: First day of the calendar month.
--   metric: ActualCost or AmortizedCost.
--   last_outcome: Outcome of the latest attempt.
--   last_reason: Why the latest attempt did not load everything.
--   last_next_step: What to do about it.
--   last_attempt_at: Instant the latest attempt ended (UTC).
--   last_success_at: Instant of the latest load whose rows are in the lake (UTC); null when there is none.
select
    chunks.table_name,
    chunks.scope_id,
    chunks.month,
    coalesce(chunks.metric, readings.metric) as metric,
    chunks.last_outcome,
    chunks.last_reason,
    chunks.last_next_step,
    chunks.last_attempt_at,
    chunks.last_success_at,
from meta.chunks as chunks
left join meta.cost_sources as choices using (scope_id)
left join (values ('focus_charges', 'ActualCost'), ('focus_charges', 'AmortizedCost')) as readings (table_name, metric)
    on chunks.table_name = readings.table_name
where
    chunks.month is not null
    and chunks.table_name in ('cost_daily', 'cost_details', 'usage_details', 'cost_exports', 'focus_charges')
qualify row_number() over (
    partition by chunks.scope_id, chunks.month, coalesce(chunks.metric, readings.metric), case when chunks.table_name in ('cost_exports', 'focus_charges') then chunks.table_name end
    order by
        chunks.last_success_at is not null desc,
        coalesce(list_contains(choices.tables, chunks.table_name), false) desc,
        chunks.last_attempt_at desc,
        chunks.table_name
) = 1
