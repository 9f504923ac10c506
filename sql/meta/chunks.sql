-- What became of each piece a refresh is made of, the latest attempt and the latest success.
-- Pieces that were asked for again and had not changed count as of then for finops-lake's own readers, which give them in
-- the variable "confirmed" by table, scope, month and metric; another shell sees them with the next publication.
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
with known as (
    select
        *,
        cast(
            getvariable('confirmed') as map(
                varchar,
                struct(outcome varchar, is_complete boolean, row_count bigint, calls integer, finished_at timestamptz)
            )
        )[concat_ws('|', table_name, scope_id, coalesce(month::varchar, ''), coalesce(metric, ''))] as confirmed,
    from meta.latest_loads
),

renewed as (
    select
        *,
        coalesce(confirmed.finished_at > last_attempt_at and confirmed.outcome in ('loaded', 'partial'), false) as is_renewed,
    from known
)

select
    table_name,
    scope_id,
    month,
    metric,
    last_outcome, -- what was confirmed ended alike, for the same reason
    last_reason,
    last_next_step,
    greatest(last_attempt_at, confirmed.finished_at) as last_attempt_at,
    case when is_renewed then confirmed.finished_at else last_success_at end as last_success_at,
    case when is_renewed then confirmed.is_complete else is_complete end as is_complete,
    case when is_renewed then confirmed.row_count else row_count end as row_count,
    case when is_renewed then confirmed.calls else calls end as calls,
from renewed
