-- What became of each piece a refresh is made of, the latest attempt and the latest success.
-- grain: one row per raw table, scope, month and metric
-- columns:
--   table_name: Raw table.
--   scope_id: Scope that was asked; / for the whole sign-in.
--   month: First day of the calendar month; null for tables that are loaded whole.
--   metric: ActualCost or AmortizedCost; null for tables with one reading.
--   last_outcome: Outcome of the latest attempt: loaded, partial, denied, unsupported, throttled or failed.
--   last_reason: Why the latest attempt did not load everything.
--   last_next_step: What to do about it.
--   last_attempt_at: Instant the latest attempt ended (UTC).
--   last_success_at: Instant of the latest load whose rows are in the lake (UTC); null when there is none.
--   is_complete: Whether those rows are all there was.
--   row_count: Rows of that load.
--   calls: HTTP requests that load took; null when there is none.
select
    table_name,
    scope_id,
    month,
    metric,
    arg_max(outcome, load_id) as last_outcome,
    arg_max(coalesce(reason, ''), load_id) as last_reason,
    arg_max(coalesce(next_step, ''), load_id) as last_next_step,
    max(finished_at) as last_attempt_at,
    max(finished_at) filter (where outcome in ('loaded', 'partial')) as last_success_at,
    coalesce(arg_max(complete, load_id) filter (where outcome in ('loaded', 'partial')), false) as is_complete,
    arg_max(row_count, load_id) filter (where outcome in ('loaded', 'partial')) as row_count,
    arg_max(calls, load_id) filter (where outcome in ('loaded', 'partial')) as calls,
from meta.loads
group by all
