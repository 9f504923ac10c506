-- What became of each piece a refresh is made of, the latest attempt and the latest success.
-- Pieces that were asked for again and had not changed count as of then for finops-lake's own readers, which give them in
-- the variable "confirmed"; another shell sees them with the next publication.
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
with confirmed as (
    select unnest(
        cast(
            getvariable('confirmed') as struct(
                table_name varchar, scope_id varchar, "month" date, metric varchar, outcome varchar, reason varchar,
                next_step varchar, complete boolean, row_count bigint, calls integer, finished_at timestamptz
            )[]
        ),
        recursive := true
    )
),

attempts as (
    select
        table_name, scope_id, month, metric, outcome, reason, next_step, complete, row_count, calls, finished_at, load_id,
    from meta.loads
    union all
    select
        confirmed.table_name, confirmed.scope_id, confirmed.month, confirmed.metric, confirmed.outcome,
        confirmed.reason, confirmed.next_step, confirmed.complete, confirmed.row_count, confirmed.calls,
        confirmed.finished_at, 9223372036854775807 as load_id,
    from confirmed
    where not exists (
        select 1
        from meta.loads as loads
        where
            loads.table_name = confirmed.table_name
            and loads.scope_id = confirmed.scope_id
            and loads.month is not distinct from confirmed.month
            and loads.metric is not distinct from confirmed.metric
            and loads.finished_at >= confirmed.finished_at
    )
)

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
from attempts
group by all
