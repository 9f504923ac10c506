-- When the rows of each piece a refresh is made of were last read: meta.chunks without the rest.
-- Almost every view tells how old its rows are; planning all columns of meta.chunks for it would be half of a short answer.
-- grain: one row per raw table, scope, month and metric
-- base_of: meta.chunks
-- columns:
--   table_name: Raw table.
--   scope_id: Scope that was asked; / for the whole sign-in.
--   month: First day of the calendar month; null for tables that are loaded whole.
--   metric: ActualCost or AmortizedCost; null for tables with one reading.
--   last_success_at: Instant of the latest load whose rows are in the lake (UTC); null when there is none.
select
    table_name,
    scope_id,
    month,
    metric,
    coalesce(
        nullif(
            greatest(
                last_attempt_at,
                cast(getvariable('renewed_at') as map(varchar, timestamptz))[
                    concat_ws('|', table_name, scope_id, coalesce(month::varchar, ''), coalesce(metric, ''))
                ]
            ),
            last_attempt_at
        ),
        last_success_at
    ) as last_success_at, -- what was confirmed since the latest attempt counts as read then
from meta.latest_loads
